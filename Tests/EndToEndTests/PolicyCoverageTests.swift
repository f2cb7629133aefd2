// SPDX-License-Identifier: Apache-2.0

import AWSTestKit
import Foundation
import Onboard
import Respond
import Testing

/// The printed policies against the calls that the whole test run made: `make test` runs this last, by itself, with
/// TRAILHOUND_POLICY_COVERAGE set. Calls that the tests make to set their stages are made by no role, and don't count.
@Suite(
    .enabled(
        if: ProcessInfo.processInfo.environment["TRAILHOUND_POLICY_COVERAGE"] != nil && MotoServer.isInstalled,
        "needs the calls of a whole test run: make test"))
struct PolicyCoverageTests {
    private static func policies() -> AccountPolicies {
        var facts = AccountFacts(
            accountID: "123456789012", externalID: "x", trusted: "arn:aws:iam::123456789012:role/trailhound")
        facts.bucket = "trail"
        facts.queueARN = "arn:aws:sqs:us-east-1:123456789012:trail"
        facts.keyARN = "arn:aws:kms:us-east-1:123456789012:key/k"
        return AccountPolicies(facts)
    }

    /// What every identity may call, whatever its policies say.
    private static let always: Set = ["sts:GetCallerIdentity"]

    /// The permission that a call asks for, where it has another name.
    private static let permissions = ["sqs:DeleteMessageBatch": "sqs:DeleteMessage"]

    /// The permissions that calls with a role asked for.
    private static func used(by role: String) -> Set<String> {
        Set(
            CallRecorder.calls().filter { $0.isMade(byRole: role) }.map { permissions[$0.action] ?? $0.action }
        ).subtracting(always)
    }

    private static func allowed(_ role: AccountRole) -> Set<String> {
        Set(role.policies.flatMap(\.document.actions))
    }

    @Test func readingNeedsWhatItIsGiven() {
        let role = Self.policies().read
        // S3 asks KMS itself, with the caller's permission: there is no call of it.
        let expected = Self.allowed(role).subtracting(["kms:Decrypt"])
        #expect(Self.used(by: role.name).subtracting(expected) == [], "calls that the policy does not allow")
        #expect(expected.subtracting(Self.used(by: role.name)) == [], "permissions that no call needs")
    }

    @Test func remediationsNeedWhatTheyAreGiven() {
        let role = Self.policies().respond
        #expect(Self.used(by: role.name).subtracting(Self.allowed(role)) == [], "calls that no policy allows")
        // Paths and tags are asked for only where a never-list or always-list names some.
        let forLists = Set(
            RemediationAction.allCases.flatMap(\.permissions).filter(\.isForLists).map(\.action))
        let unused = Self.allowed(role).subtracting(Self.used(by: role.name)).subtracting(forLists)
        #expect(unused == [], "permissions that no call needs")
    }

    @Test func listingAnOrganisationNeedsWhatItIsGiven() {
        let role = Self.policies().organization
        #expect(Self.used(by: role.name) == Self.allowed(role))
    }

    @Test func theServiceItselfOnlyTakesRolesOn() {
        #expect(AccountPolicies.service().actions == ["sts:AssumeRole"])
        let taken = CallRecorder.calls().contains { $0.action == "sts:AssumeRole" && $0.status == 200 }
        #expect(taken)
    }
}
