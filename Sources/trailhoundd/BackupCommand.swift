// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Journal

/// `trailhoundd backup`.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the store into one file, while the service runs or not.",
        discussion: """
            The file holds everything that the service knows: records, alerts, accounts, remediations, tuning and the audit \
            log, as of one commit. It appears under its name only once it is whole and verified. It does not hold the \
            certificates (DATA-DIR/pki), the rules folder and the configuration file: keep copies of those beside it.

              trailhoundd backup --data-dir /var/lib/trailhound --to /backup/trailhound-2026-11-22.sqlite
            """)

    @Option(help: "The service's data directory.", completion: .directory)
    var dataDir: String

    @Option(help: "The file to write.", completion: .file())
    var to: String

    @Flag(help: "Replace the file if it is there.")
    var force = false

    func run() throws {
        do {
            let copy = try Journal.backUp(dataDir, to: to, replacing: force)
            print("\(copy.path): \(StoreText.contents(copy))")
            print("Verified. Not in it: the certificates (\(dataDir)/pki), the rules and the configuration file.")
        } catch let error as JournalError {
            throw StoreText.failure(error, "--force replaces it")
        }
    }
}

/// `trailhoundd restore`.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put the store back to a backup.",
        discussion: """
            The backup is verified first. The service must not run. With --force a store that is there is replaced, and kept \
            beside under another name. Cursors of alerts that came after the backup are refused afterwards, and collectors \
            have to bring what came after it again.

              trailhoundd restore --from /backup/trailhound-2026-11-22.sqlite --data-dir /var/lib/trailhound
            """)

    @Option(help: "The backup.", completion: .file())
    var from: String

    @Option(help: "The data directory to restore into.", completion: .directory)
    var dataDir: String

    @Flag(help: "Replace the store that is there.")
    var force = false

    func run() throws {
        do {
            let time = Int64(Date().timeIntervalSince1970 * 1_000)
            let restored = try Journal.restore(from, to: dataDir, replacing: force, time: time)
            print("\(dataDir): restored \(StoreText.contents(restored.copy))")
            if let replaced = restored.replaced { print("The store that was there is now \(replaced)") }
            print("The alert log ends at entry \(restored.copy.alertLogHead): cursors beyond it are refused.")
        } catch let error as JournalError {
            throw StoreText.failure(error, "--force replaces it, and keeps it beside")
        }
    }
}

/// The words of both commands.
private enum StoreText {
    static func contents(_ copy: JournalCopy) -> String {
        "\(copy.bytes) bytes, \(copy.records) records, \(copy.alerts) alerts, alert log up to entry \(copy.alertLogHead), "
            + "audit log head \(copy.auditHead)"
    }

    static func failure(_ error: JournalError, _ hint: String) -> any Error {
        let text = error.code == .alreadyThere ? "\(error.message); \(hint)" : error.message
        FileHandle.standardError.write(Data("trailhoundd: \(text)\n".utf8))
        return ExitCode(1)
    }
}
