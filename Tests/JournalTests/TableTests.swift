// SPDX-License-Identifier: Apache-2.0

import Journal
import Testing

@Suite struct TableTests {
    let directory = TemporaryDirectory()

    @Test func accountsKeepTheirCountersWhenTheyChange() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        var account = AccountRow(
            accountID: "111122223333", name: "prod", owner: "ops@example.com", state: 1, onboardedAt: 5,
            extra: #"{"role":"arn"}"#)
        try writer.commit { transaction in
            try transaction.putAccount(account)
            #expect(try transaction.recordActivity(accountID: "111122223333", events: 10, lastEventAt: 70))
            #expect(try transaction.recordActivity(accountID: "111122223333", events: 5, lastEventAt: 60))
            #expect(try !transaction.recordActivity(accountID: "999999999999", events: 5, lastEventAt: 60))
        }
        account.name = "production"
        account.offboardedAt = 9
        try writer.commit { try $0.putAccount(account) }
        account.eventCount = 15
        account.lastEventAt = 70
        #expect(try journal.reader.account("111122223333") == account)
        #expect(try writer.commit { try $0.account("111122223333") } == account)
        #expect(try journal.reader.account("") == nil)
    }

    @Test func accountsAreListedInPages() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { transaction in
            for number in (0..<25).reversed() {
                try transaction.putAccount(
                    AccountRow(accountID: "\(1_000 + number)", name: "", owner: "", state: 0, onboardedAt: 0))
            }
        }
        var listed: [String] = []
        while true {
            let page = try journal.reader.accounts(after: listed.last ?? "", limit: 10)
            if page.isEmpty { break }
            listed += page.map(\.accountID)
        }
        #expect(listed == (1_000..<1_025).map(String.init))
    }

    @Test func stateIsSetReadListedAndRemoved() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { transaction in
            for name in ["window/1", "window/2", "window/10", "windows", "other", "win%"] {
                try transaction.putState(name, Array(name.utf8))
            }
            #expect(try transaction.state("other") == Array("other".utf8))
        }
        let names = try journal.reader.states(prefix: "window/", limit: 10).map(\.name)
        #expect(names == ["window/1", "window/10", "window/2"])
        let next = try journal.reader.states(prefix: "window/", after: "window/1", limit: 1)
        #expect(next.map(\.value) == [Array("window/10".utf8)])
        #expect(try journal.reader.states(prefix: "win%", limit: 10).map(\.name) == ["win%"])
        #expect(try journal.reader.states(prefix: "", limit: 10).count == 6)
        try writer.commit { transaction in
            try transaction.putState("other", nil)
            try transaction.putState("windows", [])
        }
        #expect(try journal.reader.state("other") == nil)
        #expect(try journal.reader.state("windows") == [])
    }

    @Test func detectionStatesAreReplaced() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { transaction in
            try transaction.putDetectionState(DetectionStateRow(detectionID: "b", enabled: false, changedAt: 1))
            try transaction.putDetectionState(DetectionStateRow(detectionID: "a", enabled: true, changedAt: 2))
            try transaction.putDetectionState(DetectionStateRow(detectionID: "b", enabled: true, changedAt: 3))
        }
        #expect(
            try journal.reader.detectionStates() == [
                DetectionStateRow(detectionID: "a", enabled: true, changedAt: 2),
                DetectionStateRow(detectionID: "b", enabled: true, changedAt: 3),
            ])
    }
}
