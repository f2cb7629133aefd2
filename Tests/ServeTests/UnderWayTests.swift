// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Respond
import Serve
import Testing

/// How many remediations are at work, and that no account's flood takes the others' room.
@Suite struct UnderWayTests {
    private func alert(_ number: Int, _ account: AccountID) throws -> Detect.Alert {
        var merger = AlertMerger()
        let event = MatchedEvent(
            reference: EventReference(time: 0, text: "event \(number)"), accountID: account,
            actor: Actor(principal: "arn:aws:iam::\(account):user/u\(number)", type: "IAMUser", sourceIP: "192.0.2.1"),
            region: "us-east-1", eventSource: "iam.amazonaws.com", eventName: "CreateAccessKey", errorCode: "")
        merger.add(
            Match(detection: Detection(id: "d", title: "t", severity: .high), event: event, evidence: []),
            historical: false, now: 0)
        return try #require(merger.takeChanges().first)
    }

    private func key(_ number: Int, _ account: AccountID) -> RemediationsUnderWay.Key {
        RemediationsUnderWay.Key(
            .denyUser, RemediationTarget(accountID: account.description, subject: .user("u\(number)")))
    }

    @Test func anAccountTakesItsShareAndNoMore() throws {
        let underWay = RemediationsUnderWay()
        let accounts = try (0...40).map { try #require(AccountID(number: 111_122_223_333 + UInt64($0))) }
        for account in accounts.dropLast() {
            for number in 0..<Limits.remediationsUnderWayOfAccount where underWay.hasRoom(account.description) {
                _ = underWay.claim(key(number, account), id: "\(account) \(number)", for: try alert(number, account))
            }
            #expect(!underWay.hasRoom(account.description), "\(account) has its share")
        }
        // 40 accounts of 32 each are more than may be at work in all, and yet one that has none may begin.
        let last = accounts[40]
        #expect(underWay.hasRoom(last.description))
        _ = underWay.claim(key(0, last), id: "last", for: try alert(0, last))
        #expect(!underWay.hasRoom(last.description))
        underWay.drop(key(0, last), id: "last")
        #expect(underWay.hasRoom(last.description))
    }
}
