// SPDX-License-Identifier: Apache-2.0

import AWSTestKit
import Foundation
import Onboard
import Respond
import Testing

/// The printed policies against every call that the whole test run made: `make test` runs this last, by itself, with
/// TRAILHOUND_POLICY_COVERAGE set.
///
/// Keys and roles tell whose call it is: the tests' own, which set the stage and look at what came of it; or one of
/// Trailhound's, which is held against the policy that whoever makes it has. A key or role that is neither fails.
@Suite(
    .enabled(
        if: ProcessInfo.processInfo.environment["TRAILHOUND_POLICY_COVERAGE"] != nil && MotoServer.isInstalled,
        "needs the calls of a whole test run: make test"))
struct PolicyCoverageTests {
    /// Whose policy a call is held against.
    enum Side: Hashable, CaseIterable {
        /// The service's own identity, and any other that only takes roles on.
        case service
        /// Reading: by the role, or by a collector whose own identity has the policy.
        case read
        /// Remediations: by the role, or by an executor whose own identity has the policies.
        case respond
        /// The role of an organisation's management account.
        case organization

        var permissions: Set<String> {
            switch self {
            case .service: Set(AccountPolicies.service().actions)
            case .read: Self.of(PolicyCoverageTests.policies.read)
            case .respond: Self.of(PolicyCoverageTests.policies.respond)
            case .organization: Self.of(PolicyCoverageTests.policies.organization)
            }
        }

        private static func of(_ role: AccountRole) -> Set<String> { Set(role.policies.flatMap(\.document.actions)) }
    }

    /// Whose call it was.
    enum Caller: Hashable {
        case test
        case trailhound(Side)

        /// By the key or the ARN that `CallRecorder` has; nil for nobody who is known.
        init?(_ text: String) {
            switch TestCaller(rawValue: text) {
            case .stage?: self = .test
            case .service?: self = .trailhound(.service)
            case .collector?: self = .trailhound(.read)
            case nil:
                guard let name = text.split(separator: ":").last else { return nil }
                switch name {
                case "role/Stage": self = .test
                case "user/\(GuardedAccount.user)": self = .trailhound(.service)
                case "role/\(RoleNames.read)": self = .trailhound(.read)
                case "role/\(RoleNames.respond)", "role/\(ExecutorTests.role)": self = .trailhound(.respond)
                case "role/\(RoleNames.organization)": self = .trailhound(.organization)
                default: return nil
                }
            }
        }
    }

    static let policies: AccountPolicies = {
        var facts = AccountFacts(
            accountID: "123456789012", externalID: "x", trusted: "arn:aws:iam::123456789012:role/trailhound")
        facts.bucket = "trail"
        facts.queueARN = "arn:aws:sqs:us-east-1:123456789012:trail"
        facts.keyARN = "arn:aws:kms:us-east-1:123456789012:key/k"
        return AccountPolicies(facts)
    }()

    /// All calls but unsigned ones, which ask for no permission, and the one that every identity may make.
    private static let calls = CallRecorder.calls().filter {
        !$0.caller.isEmpty && $0.action != "sts:GetCallerIdentity"
    }

    @Test func everyCallIsAllowedByThePrintedPolicies() {
        var refused: Set<String> = []
        for call in Set(Self.calls) {
            switch Caller(call.caller) {
            case .test?: break
            case .trailhound(let side)? where side.permissions.contains(call.action): break
            default: refused.insert("\(call.caller) \(call.action)")
            }
        }
        #expect(refused.sorted() == [])
    }

    @Test(arguments: Side.allCases)
    func noPermissionIsUnused(side: Side) {
        let used = Self.calls.filter { Caller($0.caller) == .trailhound(side) && $0.status < 400 }.map(\.action)
        #expect(side.permissions.subtracting(used).sorted() == [])
    }
}
