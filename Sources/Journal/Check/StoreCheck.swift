// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import GRDB

/// Reads all of a store and says what of it is damaged and what is lost. It writes nothing; where a page can't be read it
/// goes on behind it.
package final class StoreCheck {
    private let queue: DatabaseQueue
    private let payloads: PayloadChecks
    private var report = StoreReport()

    /// Opens the store of a data directory, or a database's file, for reading.
    ///
    /// Throws where there is none, or none of this program and version: then nothing can be said.
    package init(path: String, payloads: PayloadChecks = PayloadChecks()) throws {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let file = isFolder.boolValue ? Journal.database(in: path) : path
        guard exists, FileManager.default.isReadableFile(atPath: file) else {
            throw JournalError(.inputOutput, "can't read \(file)")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cell_size_check = ON") }
        self.payloads = payloads
        queue = try JournalError.converting {
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            try queue.read { try Schema.check($0) }
            return queue
        }
    }

    /// Checks everything.
    package func run() -> StoreReport {
        report = StoreReport()
        // One reading transaction: a service that runs beside goes on, and nothing of the store changes for this.
        do {
            try queue.read { database in
                checkPages(database)
                checkArchive(database)
                checkIndex(database)
                checkAlerts(database)
                checkDeadLetters(database)
                checkRegistry(database)
                checkAudit(database)
            }
        } catch { report.add(error, at: "the database") }
        return report
    }

    /// Runs a part; an error that it does not handle itself is a finding.
    private func part(_ place: String, _ body: () throws -> Void) {
        do { try body() } catch { report.add(error, at: place) }
    }

    private func checkPages(_ database: Database) {
        part("the database") {
            let problems = try String.fetchAll(
                database, sql: "PRAGMA integrity_check(\(JournalLimits.checkFindings))")
            for problem in problems where problem != "ok" { report.add("the database", problem) }
        }
    }

    // MARK: Walking tables

    /// The row numbers of a table, ascending. Behind a page that can't be read it goes on with the next row that can.
    private func rows(_ database: Database, _ table: String, from start: Int64 = .min) -> [Int64] {
        var found: [Int64] = []
        var next = start
        var isTold = false
        var step: Int64 = 1
        let sql = "SELECT rowid FROM \(table) WHERE rowid >= ? ORDER BY rowid LIMIT \(JournalLimits.pageRows)"
        while true {
            do {
                let page = try Int64.fetchAll(database, sql: sql, arguments: [next])
                guard let last = page.last else { return found }
                found += page
                (next, step) = (last + 1, 1)
            } catch {
                if !isTold { report.add(error, at: "table \(table)") }
                isTold = true
                // What a cursor read before the page is asked for row by row.
                if step == 1 {
                    let single = "SELECT min(rowid) FROM \(table) WHERE rowid >= ?"
                    while let row = try? Int64.fetchOne(database, sql: single, arguments: [next]) {
                        found.append(row)
                        next = row + 1
                    }
                }
                let (beyond, isOver) = max(next, 0).addingReportingOverflow(step)
                guard !isOver, beyond < StoredBounds.number.upperBound else { return found }
                (next, step) = (beyond, step * 2)
            }
        }
    }

    // MARK: Records

    private func checkArchive(_ database: Database) {
        var perDay: [Int64: Int64] = [:]
        var perAccount: [AccountID: Int64] = [:]
        var accountsOfDay: [Int64: Set<String>] = [:]
        var isWhole = false
        part("table mark") {
            let first = try Mark.firstBlock.read(database, default: 1)
            isWhole = first <= 1
            let identities = try EventIdentities(database)
            let events = try EventReader()
            for number in rows(database, "block", from: first) {
                do {
                    guard let block = try BlockTable.fetch(database, number) else { continue }
                    let accounts = try Self.accounts(of: block, identities, events)
                    for (account, count) in accounts {
                        perAccount[account, default: 0] += count
                        accountsOfDay[block.day.number, default: []].insert(account.description)
                    }
                    perDay[block.day.number, default: 0] += Int64(block.records.count)
                    report.count("blocks")
                } catch {
                    report.count("blocks", isDamaged: true)
                    report.add(error, at: "block \(number)")
                    if let loss = Self.loss(database, number) {
                        perDay[loss.day.number, default: 0] += loss.records
                        report.losses.append(loss)
                    }
                }
            }
        }
        part("table day") { try compareDays(database, perDay) }
        for index in report.losses.indices {
            report.losses[index].accounts = accountsOfDay[report.losses[index].day.number, default: []].sorted()
        }
        if isWhole { part("table account") { try compareAccounts(database, perAccount) } }
    }

    /// The accounts of a block's records. Throws where an identity is not that of its record: a new copy of the record would
    /// be taken for new, or another one for known.
    private static func accounts(
        of block: StoredBlock, _ identities: EventIdentities, _ events: EventReader
    ) throws -> [AccountID: Int64] {
        var found: [AccountID: Int64] = [:]
        for index in 0..<block.records.count {
            // Rules of what a record is have grown stricter: one that an earlier version took is no damage.
            guard let event = block.records.withRecord(index, { try? events.read($0) }) else { continue }
            let expected =
                block.block <= identities.plainThrough
                ? event.reference.id : identities.key.identity(of: event.reference.id, in: event.account)
            guard block.ids[index] == expected else {
                throw JournalError.damaged("block \(block.block)", "record \(index) has another event's identity")
            }
            found[event.account, default: 0] += 1
        }
        return found
    }

    /// What the first columns of a damaged block's row still tell.
    private static func loss(_ database: Database, _ block: BlockID) -> StoreReport.Loss? {
        let row = try? Row.fetchOne(
            database, sql: "SELECT day, records, first_time, last_time FROM block WHERE block = ?", arguments: [block])
        guard let row = row.map({ StoredRow($0, "block") }),
            let day: Int64 = try? row.number(0, in: StoredBounds.number),
            let records = try? row.number(1, in: 1...Int64(JournalLimits.recordsPerBlock))
        else { return nil }
        let first: Int64? = try? row.number(2, in: StoredBounds.time)
        let last: Int64? = try? row.number(3, in: StoredBounds.time)
        let times = first.flatMap { first in last.flatMap { first <= $0 ? first...$0 : nil } }
        return StoreReport.Loss(day: Day(number: day), block: block, records: records, times: times)
    }

    /// Days have the number of their records: what neither a readable nor a damaged block accounts for is lost with its rows.
    private func compareDays(_ database: Database, _ found: [Int64: Int64]) throws {
        for row in try Row.fetchAll(database, sql: "SELECT day, records FROM day ORDER BY day") {
            let row = StoredRow(row, "day")
            let day: Int64 = try row.number(0, in: StoredBounds.number)
            let records: Int64 = try row.number(1, in: StoredBounds.number)
            let missing = records - found[day, default: 0]
            guard missing != 0 else { continue }
            let place = "day \(Self.name(day))"
            report.add(place, "\(records) records were stored, and \(found[day, default: 0]) are accounted for")
            guard missing > 0 else { continue }
            report.losses.append(StoreReport.Loss(day: Day(number: day), block: nil, records: missing, times: nil))
        }
    }

    static func name(_ day: Int64) -> String { String(EventTime.format(day * 86_400_000).prefix(10)) }

    private func compareAccounts(_ database: Database, _ found: [AccountID: Int64]) throws {
        for row in try allAccounts(database) {
            guard let account = AccountID(row.accountID) else { continue }
            let stored = found[account, default: 0]
            guard stored < row.eventCount, StoredBounds.number.contains(row.eventCount) else { continue }
            report.shortfalls.append(
                StoreReport.Shortfall(account: row.accountID, missing: row.eventCount - stored, stored: row.eventCount))
        }
    }

    private func checkIndex(_ database: Database) {
        part("table event_run") {
            for run in try RunStore.rows(database, phase: .live) {
                do {
                    try RunCheck.check(database, run)
                    report.count("runs of the index of events")
                } catch {
                    report.count("runs of the index of events", isDamaged: true)
                    report.add(error, at: "run \(run.number) of the index of events")
                }
            }
        }
    }

    // MARK: Alerts

    private func checkAlerts(_ database: Database) {
        for row in rows(database, "alert") {
            check(database, "alerts", "a row of alerts", "SELECT \(AlertTable.columns) FROM alert WHERE rowid = ?", row)
            {
                let alert = try AlertTable.decode($0)
                if let damage = alert.damage { throw damage }
                if let problem = payloads.alert(alert.payload) {
                    throw JournalError.damaged("alert \(alert.alertID)", problem)
                }
            }
        }
        for position in rows(database, "alert_log") {
            do {
                let page = try AlertLogTable.page(database, after: position - 1, AlertFilter(), limit: 1)
                guard let entry = page.entries.first, entry.position == position else { continue }
                if let damage = entry.damage { throw damage }
                if let problem = payloads.alert(entry.payload) {
                    throw JournalError.damaged("entry \(position) of the alert log", problem)
                }
                report.count("revisions of alerts")
            } catch {
                report.count("revisions of alerts", isDamaged: true)
                report.add(error, at: "entry \(position) of the alert log")
            }
        }
    }

    private func check(
        _ database: Database, _ kind: String, _ place: String, _ sql: String, _ row: Int64, _ body: (Row) throws -> Void
    ) {
        do {
            guard let found = try Row.fetchOne(database, sql: sql, arguments: [row]) else { return }
            try body(found)
            report.count(kind)
        } catch {
            report.count(kind, isDamaged: true)
            report.add(error, at: place)
        }
    }

    private func checkDeadLetters(_ database: Database) {
        for id in rows(database, "dead_letter") {
            do {
                let found = try DeadLetterTable.list(
                    database, DeadLetterQuery(), before: id + 1, after: id - 1, newestFirst: true, limit: 1)
                guard let letter = found.first else { continue }
                _ = try DeadLetterTable.content(database, letter)
                report.count("dead letters")
            } catch {
                report.count("dead letters", isDamaged: true)
                report.add(error, at: "dead letter \(id)")
            }
        }
    }

    // MARK: The registry

    private func allAccounts(_ database: Database) throws -> [AccountRow] {
        var accounts: [AccountRow] = []
        while true {
            let page = try AccountTable.list(
                database, after: accounts.last?.accountID ?? "", limit: JournalLimits.pageRows)
            if page.isEmpty { return accounts }
            accounts += page
        }
    }

    private func checkRegistry(_ database: Database) {
        part("table account") {
            for row in try allAccounts(database) {
                let isDamaged = AccountID(row.accountID) == nil || row.hasDamagedSettings
                report.count("accounts", isDamaged: isDamaged)
                if isDamaged { report.add("account \(row.accountID)", "its settings can't be read") }
            }
        }
        for row in rows(database, "remediation") {
            let sql = "SELECT \(RemediationTable.columns) FROM remediation WHERE rowid = ?"
            check(database, "remediations", "a row of remediations", sql, row) {
                let remediation = try RemediationTable.decode($0)
                if let problem = payloads.remediation(remediation) {
                    throw JournalError.damaged("remediation \(remediation.remediationID)", problem)
                }
            }
        }
        part("table remediation_policy") {
            for row in try RemediationTable.policies(database) {
                let problem = payloads.policy(row)
                report.count("policies", isDamaged: problem != nil)
                if let problem { report.add("policy \(row.name) of account \(row.accountID)", problem) }
            }
        }
        for row in rows(database, "state") {
            check(
                database, "settings and states", "a row of states", "SELECT name, value FROM state WHERE rowid = ?", row
            ) {
                let stored = StoredRow($0, "state")
                let name: String = try stored[0]
                if let problem = payloads.state(name, try stored.bytes(1)) {
                    throw JournalError.damaged("state \(name)", problem)
                }
            }
        }
        for row in rows(database, "stream_log") {
            check(
                database, "rows of the stream's log", "a row of the stream's log",
                "SELECT bytes FROM stream_log WHERE position = ?", row
            ) { _ = try StoredRow($0, "stream_log").bytes(0) }
        }
    }

    private func checkAudit(_ database: Database) {
        part("table audit") {
            var verifier = AuditVerifier()
            if let anchor = try AuditTable.anchor(database) { try verifier.begin(after: anchor) }
            do {
                while true {
                    let page = try AuditTable.list(
                        database, after: verifier.head.sequence, limit: JournalLimits.pageRows)
                    if page.isEmpty { break }
                    for record in page {
                        try verifier.check(record)
                        report.count("entries of the audit log")
                    }
                }
                try verifier.finish()
            } catch let broken as AuditBreak {
                report.count("entries of the audit log", isDamaged: true)
                report.add("the audit log", broken.description)
            }
        }
    }
}

/// Checks a run of the index of events: its pages are there, their entries ascend, and their number is the run's.
private enum RunCheck {
    static func check(_ database: Database, _ run: RunStore.Row) throws {
        let statement = try RawStatement(database, "SELECT entries FROM event_page WHERE page = ?")
        let place = "run \(run.number) of the index of events"
        var entries = 0
        var last: EventID?
        for page in 0..<run.pages {
            statement.bind(1, RunStore.key(run: run.number, page: page))
            guard try statement.step() else { throw JournalError.damaged(place, "page \(page) is missing") }
            defer { statement.reset() }
            let bytes = statement.blob(0)
            let count = try JournalError.at(place) { try EntryPage.count(bytes) }
            for position in 0..<count {
                let entry = EntryPage.entry(bytes, position)
                if let last, !(last < entry.id) { throw JournalError.damaged(place, "page \(page) is not in order") }
                guard run.firstBlock...run.lastBlock ~= entry.block else {
                    throw JournalError.damaged(place, "page \(page) names a block that is not the run's")
                }
                last = entry.id
            }
            entries += count
        }
        guard entries == run.entries else {
            throw JournalError.damaged(place, "it has \(entries) entries, and \(run.entries) were written")
        }
    }
}
