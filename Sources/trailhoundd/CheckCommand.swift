// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CloudTrail
import Foundation
import Journal
import Serve

/// `trailhoundd check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read all of a store, and say what is damaged and what is lost.",
        discussion: """
            Runs SQLite's integrity check, decodes every block, alert, revision, dead letter and setting, and verifies the \
            audit log's chain. It writes nothing, and may run on a backup, or on a data directory with or without its service. \
            Of a data directory it also looks at certificates, modes of keys and room on the disk.

            Exits with 0 where nothing is damaged, 1 where something is, and 2 where the store could not be checked.

              trailhoundd check --data-dir /var/lib/trailhound
            """)

    @Option(help: "The data directory, or the database's file of a backup.", completion: .directory)
    var dataDir: String

    func run() throws {
        let report: StoreReport
        do { report = try StoreCheck(path: dataDir, payloads: ServiceCheck.payloads).run() } catch {
            let message = (error as? JournalError)?.message ?? "\(error)"
            FileHandle.standardError.write(Data("trailhoundd: \(dataDir) can't be checked: \(message)\n".utf8))
            throw ExitCode(2)
        }
        for line in CheckText.lines(report) { print(line) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: dataDir, isDirectory: &isFolder), isFolder.boolValue {
            for remark in ServiceCheck.remarks(dataDir) {
                print("\(remark.isError ? "error" : "warning"): \(remark.text)")
            }
        }
        print(report.isClean ? "Nothing is damaged." : "\(report.findingCount) findings.")
        if !report.isClean { throw ExitCode(1) }
    }
}

/// A report as lines for a person.
enum CheckText {
    static func lines(_ report: StoreReport) -> [String] {
        var lines = report.counts.map { count in
            "\(count.kind): \(count.read) read" + (count.damaged > 0 ? ", \(count.damaged) DAMAGED" : "")
        }
        lines += report.findings.map { "damaged: \($0.place): \($0.problem)" }
        if report.findingCount > report.findings.count {
            lines.append("… and \(report.findingCount - report.findings.count) more findings")
        }
        lines += report.losses.map(loss)
        if !report.isClean {
            lines += report.shortfalls.map {
                "lost: account \($0.account): \($0.missing) of \($0.stored) records in all"
            }
        }
        return lines
    }

    private static func loss(_ loss: StoreReport.Loss) -> String {
        let day = EventTime.format(loss.day.number * 86_400_000).prefix(10)
        var line = "lost: received \(day): \(loss.records) records"
        if let block = loss.block { line += " of block \(block)" }
        if let times = loss.times {
            line += ", events of \(EventTime.format(times.lowerBound)) to \(EventTime.format(times.upperBound))"
        }
        if !loss.accounts.isEmpty { line += "; accounts of that day: \(loss.accounts.joined(separator: ", "))" }
        return line
    }
}
