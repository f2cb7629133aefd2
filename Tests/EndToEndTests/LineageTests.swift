// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// Who stands behind what, asked of the running service.
@Suite(.serialized) struct LineageTests {
    private static let account = "111122223333"

    private func record(_ number: Int, _ name: String, _ source: String, _ identity: String, _ more: String = "")
        -> Bytes
    {
        Bytes(
            Array(
                """
                {"eventID":"00000000-0000-4000-8000-00000000000\(number)","eventTime":"2026-03-01T10:0\(number):00Z",\
                "eventName":"\(name)","eventSource":"\(source).amazonaws.com","awsRegion":"us-east-1",\
                "sourceIPAddress":"203.0.113.9","recipientAccountId":"\(Self.account)","userIdentity":\(identity)\(more)}
                """.utf8))
    }

    private let user = """
        {"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333",\
        "accessKeyId":"AKIAANN","userName":"ann"}
        """

    private func role(_ role: String, key: String) -> String {
        """
        {"type":"AssumedRole","principalId":"AROA\(role):s","arn":"arn:aws:sts::\(Self.account):assumed-role/\(role)/s",\
        "accountId":"\(Self.account)","accessKeyId":"\(key)","sessionContext":{"sessionIssuer":{"type":"Role",\
        "arn":"arn:aws:iam::\(Self.account):role/\(role)"}}}
        """
    }

    private func issued(_ role: String, key: String) -> String {
        """
        ,"responseElements":{"credentials":{"accessKeyId":"\(key)"},"assumedRoleUser":{"assumedRoleId":"AROA\(role):s",\
        "arn":"arn:aws:sts::\(Self.account):assumed-role/\(role)/s"}}
        """
    }

    @Test(.timeLimit(.minutes(5)))
    func anAlertFollowsToWhoStandsBehindIt() async throws {
        let service = try await Service(accounts: [Self.account])
        let ann = "arn:aws:iam::\(Self.account):user/ann"
        let deed = record(5, "StopLogging", "cloudtrail", role("b", key: "ASIAB"))
        _ = try await service.submit([.records(RecordBatch(records: [deed]))])
        let before = AlertOutcome.of(try await service.alertLog())
        #expect(before.map(\.principal) == ["arn:aws:iam::\(Self.account):role/b"])
        // What made the session comes later, the last call first, with a kill in between.
        let second = record(3, "AssumeRole", "sts", role("a", key: "ASIAA"), issued("b", key: "ASIAB"))
        _ = try await service.submit([.records(RecordBatch(records: [second]))])
        try await service.killNow()
        try await service.start()
        let first = record(1, "AssumeRole", "sts", user, issued("a", key: "ASIAA"))
        _ = try await service.submit([.records(RecordBatch(records: [first]))])
        let log = try await service.alertLog()
        let after = AlertOutcome.of(log)
        #expect(after.map(\.principal) == [ann])
        #expect(Set(log.compactMap(\.alert).map(\.alertID)).count == 1, "it is the same alert")
        #expect(log.compactMap(\.alert).map(\.revision) == [1, 2, 3])

        let event = "00000000-0000-4000-8000-000000000005"
        for value in [
            "ASIAB", "AROAb:s", "arn:aws:sts::\(Self.account):assumed-role/b/s", event,
        ] {
            let outcome = try await service.client("lineage", value, "-o", "json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let chain = try #require(JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
            #expect(chain["actor"] as? String == ann, "\(value)")
            #expect(chain["is_complete"] as? Bool == true)
            let steps = try #require(chain["steps"] as? [[String: Any]])
            #expect(steps.map { $0["event_name"] as? String } == ["AssumeRole", "AssumeRole"])
            #expect(steps.map { $0["caller"] as? String } == [ann, "arn:aws:iam::\(Self.account):role/a"])
            #expect(steps.map { $0["session_access_key_id"] as? String } == ["ASIAA", "ASIAB"])
        }
        let table = try await service.client("lineage", "ASIAB")
        #expect(table.text.contains("Actor: \(ann)\n"))
        let ownKey = try await service.client("lineage", "AKIAANN")
        // No chain leads to a key of the user's own: no table without rows.
        #expect(ownKey.text == "Actor: \(ann) (itself: no session is in between)\n")
        let unknown = try await service.client("lineage", "ASIANOBODY")
        #expect(unknown.status == 1 && unknown.errors.contains("ASIANOBODY"))
        try await service.stop()
    }
}
