// SPDX-License-Identifier: Apache-2.0

import Journal
import Testing

@Suite struct RemediationTests {
    private let directory = TemporaryDirectory()

    private func row(
        _ id: String, _ account: String = "1", at time: Int64 = 0, automatic: Int64? = nil, finished: Bool = false,
        settled: Bool = false, payload: String = ""
    ) -> RemediationRow {
        RemediationRow(
            remediationID: id, accountID: account, action: "deny_user", alertID: "alert", createdAt: time,
            updatedAt: time, automaticAt: automatic, isFinished: finished, isSettled: settled,
            payload: Array(payload.utf8))
    }

    @Test func aRemediationIsReplacedWhole() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { try $0.putRemediation(row("a", at: 5, payload: "first")) }
        var changed = row("a", at: 5, automatic: 7, finished: true, settled: true, payload: "second")
        changed.updatedAt = 9
        try writer.commit { transaction in
            try transaction.putRemediation(changed)
            #expect(try transaction.remediation("a") == changed)
        }
        #expect(try journal.reader.remediation("a") == changed)
        #expect(try journal.reader.remediation("b") == nil)
    }

    @Test func listsArePagedAndFiltered() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { transaction in
            for number in 0..<10 {
                try transaction.putRemediation(
                    row("r\(number)", number % 2 == 0 ? "even" : "odd", at: Int64(number / 3), finished: number < 4))
            }
        }
        var found: [String] = []
        var token: String?
        repeat {
            let page = try journal.reader.remediations(pageToken: token, limit: 3)
            found += page.remediations.map(\.remediationID)
            token = page.nextPageToken
        } while token != nil
        #expect(found == (0..<10).reversed().map { "r\($0)" })
        let odd = RemediationFilter(accountIDs: ["odd"], action: "deny_user", unfinished: true)
        #expect(
            try journal.reader.remediations(odd, limit: 10).remediations.map(\.remediationID) == ["r9", "r7", "r5"])
        let other = RemediationFilter(action: "other")
        #expect(try journal.reader.remediations(other, limit: 10).remediations.isEmpty)
        let error = #expect(throws: JournalError.self) { try journal.reader.remediations(pageToken: "x", limit: 1) }
        #expect(error?.code == .badPageToken)
    }

    @Test func whatIsNotSettledAndWhatActedByItselfIsFound() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { transaction in
            try transaction.putRemediation(row("late", at: 2, automatic: 30))
            try transaction.putRemediation(row("early", at: 1, automatic: 20, finished: true))
            try transaction.putRemediation(row("done", at: 0, automatic: 10, finished: true, settled: true))
            try transaction.putRemediation(row("other", "2", at: 3, automatic: 40))
        }
        #expect(try journal.reader.unsettledRemediations().map(\.remediationID) == ["early", "late", "other"])
        #expect(try journal.reader.automaticRemediations(accountID: "1", since: 20) == [20, 30])
        #expect(try journal.reader.automaticRemediations(accountID: "1", action: "deny_user", since: 0).count == 3)
        #expect(try journal.reader.automaticRemediations(accountID: "1", action: "other", since: 0).isEmpty)
    }

    @Test func policiesAreKeptByAccountAndName() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let rows = [("1", "a", "x"), ("1", "b", "y"), ("2", "a", "z")].map {
            RemediationPolicyRow(accountID: $0.0, name: $0.1, payload: Array($0.2.utf8))
        }
        try writer.commit { transaction in for row in rows { try transaction.putRemediationPolicy(row) } }
        var changed = rows[1]
        changed.payload = [1]
        try writer.commit { try $0.putRemediationPolicy(changed) }
        #expect(try journal.reader.remediationPolicies() == [rows[0], changed, rows[2]])
    }
}
