// SPDX-License-Identifier: Apache-2.0

import Journal
import Testing

@Suite struct AlertTests {
    let directory = TemporaryDirectory()

    private func alert(_ number: Int, revision: Int64 = 1) -> AlertRow {
        AlertRow(
            alertID: "alert-\(number)", detectionID: "detection-\(number % 4)", accountID: "account-\(number % 3)",
            actor: "actor", severity: number % 5, audience: number % 2, status: number % 3, firstSeen: 1, lastSeen: 2,
            createdAt: Int64(number / 10), revision: revision, payload: [UInt8(truncatingIfNeeded: number), 0, 255])
    }

    private func filled(_ count: Int) throws -> (Journal, Writer) {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { transaction in
            for number in 0..<count { try transaction.putAlert(alert(number)) }
        }
        return (journal, writer)
    }

    @Test func everyRevisionIsInTheLogAndTheLatestInTheTable() throws {
        let (journal, writer) = try filled(3)
        var changed = alert(1, revision: 2)
        changed.severity = 4
        changed.payload = [9]
        let position = try writer.commit { try $0.putAlert(changed) }
        #expect(position == 4)
        #expect(try journal.reader.alert("alert-1") == changed)
        #expect(try writer.commit { try $0.alert("alert-1") } == changed)
        #expect(try journal.reader.alert("alert-9") == nil)
        let page = try journal.reader.alertLog(after: 0, limit: 100)
        #expect(page.entries.map(\.position) == [1, 2, 3, 4])
        #expect(page.entries.map(\.alertID) == ["alert-0", "alert-1", "alert-2", "alert-1"])
        #expect(page.entries.map(\.revision) == [1, 1, 1, 2])
        #expect(page.entries[1].payload == [1, 0, 255])
        #expect(page.entries[3].payload == [9])
        #expect(page.next == 4)
        #expect(page.isCaughtUp)
    }

    @Test func positionsHaveNoGapAfterAFailure() throws {
        struct Interruption: Error {}
        let (journal, writer) = try filled(5)
        for _ in 0..<3 {
            #expect(throws: Interruption.self) {
                try writer.commit { transaction in
                    try transaction.putAlert(alert(7))
                    throw Interruption()
                }
            }
        }
        #expect(try writer.commit { try $0.putAlert(alert(8)) } == 6)
        #expect(try journal.reader.alertLogHead() == 6)
    }

    @Test func aSubscriberWithACursorSeesEachRevisionOnce() throws {
        let (journal, _) = try filled(997)
        var seen: [Int64] = []
        var cursor: Int64 = 0
        while true {
            let page = try journal.reader.alertLog(after: cursor, limit: 100)
            seen += page.entries.map(\.position)
            cursor = page.next
            if page.isCaughtUp { break }
        }
        #expect(seen == Array(1...997))
        let page = try journal.reader.alertLog(after: cursor, limit: 100)
        #expect(page.entries.isEmpty)
        #expect(page.next == 997)
        #expect(page.isCaughtUp)
    }

    @Test(arguments: [
        AlertFilter(accountIDs: ["account-1"]), AlertFilter(accountIDs: ["account-0", "account-2", "none"]),
        AlertFilter(detectionIDs: ["detection-3"]), AlertFilter(minimumSeverity: 3), AlertFilter(audience: 1),
        AlertFilter(accountIDs: ["account-1"], detectionIDs: ["detection-2"], minimumSeverity: 2, audience: 0),
        AlertFilter(accountIDs: ["' OR 1 --"]),
    ])
    func filtersHoldForTheLogAndTheList(filter: AlertFilter) throws {
        let (journal, _) = try filled(300)
        func passes(_ alert: AlertRow) -> Bool {
            (filter.accountIDs.isEmpty || filter.accountIDs.contains(alert.accountID))
                && (filter.detectionIDs.isEmpty || filter.detectionIDs.contains(alert.detectionID))
                && alert.severity >= filter.minimumSeverity ?? 0 && alert.audience == filter.audience ?? alert.audience
        }
        let expected = (0..<300).map { alert($0) }.filter(passes)
        var log: [String] = []
        var cursor: Int64 = 0
        repeat {
            let page = try journal.reader.alertLog(after: cursor, filter, limit: 7)
            log += page.entries.map(\.alertID)
            cursor = page.next
        } while cursor < 300
        #expect(log == expected.map(\.alertID))
        var list: [AlertRow] = []
        var token: String?
        repeat {
            let page = try journal.reader.alerts(filter, pageToken: token, limit: 7)
            list += page.alerts
            token = page.nextPageToken
        } while token != nil
        #expect(Set(list) == Set(expected))
        #expect(list.count == expected.count)
        #expect(list.map(\.createdAt) == list.map(\.createdAt).sorted(by: >))
    }

    @Test func theListFiltersByStatus() throws {
        let (journal, _) = try filled(30)
        let page = try journal.reader.alerts(AlertFilter(statuses: [1, 2]), limit: 100)
        #expect(page.alerts.count == 20)
        #expect(page.alerts.allSatisfy { $0.status != 0 })
        #expect(page.nextPageToken == nil)
    }

    @Test func aFilterThatLetsNothingThroughStillMovesTheCursor() throws {
        let (journal, writer) = try filled(10)
        let database = RawDatabase(directory.database)
        // A log of 120,000 revisions, made faster than by as many calls.
        database.text(
            """
            INSERT INTO alert_log (alert_id, revision, account_id, detection_id, severity, audience, payload)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 119990)
            SELECT 'a', i, 'account-7', 'd', 1, 0, x'00' FROM n
            """)
        database.close()
        var pages = 0
        var cursor: Int64 = 0
        while true {
            let page = try journal.reader.alertLog(after: cursor, AlertFilter(accountIDs: ["none"]), limit: 10)
            #expect(page.entries.isEmpty)
            #expect(page.next > cursor)
            cursor = page.next
            pages += 1
            if page.isCaughtUp { break }
        }
        #expect(cursor == 120_000)
        #expect(pages == 3)
        #expect(try writer.commit { try $0.putAlert(alert(1, revision: 2)) } == 120_001)
    }

    @Test func hostileArgumentsAreRefused() throws {
        let (journal, _) = try filled(10)
        for token in ["", "x", ":", "1", "1.5:a", "99999999999999999999:a", "é:é"] {
            let error = #expect(throws: JournalError.self) { try journal.reader.alerts(pageToken: token, limit: 5) }
            #expect(error?.code == .badPageToken)
        }
        let many = AlertFilter(accountIDs: (0...JournalLimits.pageRows).map { "\($0)" })
        #expect(throws: JournalError.self) { try journal.reader.alerts(many, limit: 5) }
        #expect(throws: JournalError.self) { try journal.reader.alertLog(after: 0, many, limit: 5) }
        #expect(try journal.reader.alerts(limit: .max).alerts.count == 10)
        #expect(try journal.reader.alerts(limit: .min).alerts.count == 1)
        #expect(try journal.reader.alertLog(after: .min, limit: .max).entries.count == 10)
        // A cursor from beyond the end (of another data directory) stays where it is: nothing is delivered twice.
        let beyond = try journal.reader.alertLog(after: .max, limit: 5)
        #expect(beyond.entries.isEmpty)
        #expect(beyond.next == .max)
    }
}
