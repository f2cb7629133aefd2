// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Respond
import Serve
import Testing

/// Which target an action has in an alert.
@Suite struct TargetFinderTests {
    private static let account = "111122223333"

    private static func alert(
        _ principal: String, type: String, arn: String = "", key: String = "", owner: String = account,
        event: (source: String, name: String) = ("iam.amazonaws.com", "CreateUser"), evidence: [Evidence] = []
    ) -> Alert? {
        var merger = AlertMerger()
        let matched = MatchedEvent(
            reference: EventReference(time: 1, text: "event"), accountID: AccountID(account) ?? .zero,
            actor: Actor(principal: principal, type: type, arn: arn, accessKeyID: key, accountID: owner),
            region: "eu-west-1",
            eventSource: event.source, eventName: event.name)
        merger.add(
            Match(
                detection: Detection(id: "d", title: "t", severity: .high), event: matched, evidence: evidence),
            historical: false, now: 1)
        return merger.takeChanges().first
    }

    private static let user = alert(
        "arn:aws:iam::\(account):user/staff/alice", type: "IAMUser", key: "AKIAIOSFODNN7EXAMPLE")
    private static let role = alert(
        "arn:aws:iam::\(account):role/ci/Deploy", type: "AssumedRole", key: "ASIAIOSFODNN7EXAMPLE")
    /// A session of a role, and the person known to have taken it on.
    private static let lent = alert(
        "arn:aws:iam::\(account):user/alice", type: "AssumedRole",
        arn: "arn:aws:sts::\(account):assumed-role/Deploy/alice", key: "ASIAIOSFODNN7EXAMPLE")
    private static let root = alert(
        "arn:aws:iam::\(account):root", type: "Root", key: "AKIAIOSFODNN7EXAMPLE")
    private static let federated = alert(
        "arn:aws:iam::\(account):user/bob", type: "FederatedUser", key: "ASIAIOSFODNN7EXAMPLE")
    private static let foreign = alert(
        "arn:aws:iam::444455556666:user/eve", type: "IAMUser", key: "AKIAIOSFODNN7EXAMPLE", owner: "444455556666")
    private static let service = alert("ec2.amazonaws.com", type: "AWSService", owner: "")
    private static let stopped = alert(
        "arn:aws:iam::\(account):user/alice", type: "IAMUser", key: "AKIAIOSFODNN7EXAMPLE",
        event: ("cloudtrail.amazonaws.com", "StopLogging"),
        evidence: [Evidence(name: "requestParameters.name", value: "main")])
    private static let deleted = alert(
        "arn:aws:iam::\(account):user/alice", type: "IAMUser",
        event: ("cloudtrail.amazonaws.com", "DeleteTrail"),
        evidence: [Evidence(name: "requestParameters.name", value: "main")])

    @Test(
        arguments: [
            (user, RemediationAction.deactivateAccessKey, "111122223333 key/AKIAIOSFODNN7EXAMPLE user"),
            (user, .denyUser, "111122223333 user/alice user"),
            (user, .disableConsoleLogin, "111122223333 user/alice user"),
            (user, .revokeRoleSessions, ""), (user, .restoreLogging, ""),
            (role, .revokeRoleSessions, "111122223333 role/Deploy role"),
            (role, .deactivateAccessKey, "111122223333 key/ASIAIOSFODNN7EXAMPLE role"), (role, .denyUser, ""),
            (lent, .revokeRoleSessions, "111122223333 role/Deploy role"), (lent, .denyUser, ""),
            (root, .deactivateAccessKey, "111122223333 key/AKIAIOSFODNN7EXAMPLE root"), (root, .denyUser, ""),
            (federated, .denyUser, "111122223333 user/bob federatedUser"),
            // Whose key it is decides where it is switched off.
            (foreign, .deactivateAccessKey, "444455556666 key/AKIAIOSFODNN7EXAMPLE user"),
            (service, .deactivateAccessKey, ""), (service, .revokeRoleSessions, ""),
            (stopped, .restoreLogging, "111122223333 trail/main user"), (deleted, .restoreLogging, ""),
            (deleted, .deactivateAccessKey, ""),
        ] as [(Alert?, RemediationAction, String)])
    func ofEachActor(alert: Alert?, action: RemediationAction, expected: String) throws {
        let target = TargetFinder.target(action, of: try #require(alert))
        #expect((target.map { "\($0.accountID) \($0.text) \($0.principal.rawValue)" } ?? "") == expected)
    }

    @Test func anAlertOfAnotherAccountSaysSo() throws {
        func other(_ alert: Alert?) throws -> String? {
            let alert = try #require(alert)
            let target = try #require(TargetFinder.target(.deactivateAccessKey, of: alert))
            let trigger = RemediationTrigger(alert, for: target, by: .deactivateAccessKey, now: 1)
            guard case .alert(alert.id, "d", .high, false, let account, let basis) = trigger, basis == AlertBasis()
            else {
                return "another trigger"
            }
            return account
        }
        #expect(try other(Self.foreign) == "111122223333")
        #expect(try other(Self.user) == nil)
    }
}
