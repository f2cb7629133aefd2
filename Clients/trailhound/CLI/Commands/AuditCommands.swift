// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Glibc
import Journal
import Messages

struct AuditCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Read and verify the log of who changed what.",
        discussion: """
            Every change to the service's state and every refused call is in the audit log: who, what, when, from where. \
            Each entry carries a hash over itself and the entry before.
            """,
        subcommands: [Tail.self, Verify.self])

    struct Tail: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow the audit log.",
            discussion: """
                Prints the newest entries, then what comes, until Ctrl-C. A lost connection is made again and nothing is \
                missed or repeated.

                  trailhound audit tail
                  trailhound audit tail --from-start --until-caught-up -o jsonl
                """)

        @Option(name: .customShort("n"), help: .init("Begin with so many of the newest entries.", valueName: "count"))
        var newest: UInt32 = 20

        @Option(help: .init("Begin after the entry of this number.", valueName: "sequence"))
        var after: UInt64?

        @Flag(help: "Begin with the first entry.")
        var fromStart = false

        @Flag(help: "End once everything that is in the log has been printed.")
        var untilCaughtUp = false

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if fromStart, after != nil { throw ValidationError("--from-start and --after exclude each other") }
        }

        func run(_ session: Session, _ output: Output) async throws {
            var request = TailAuditRequest(untilCaughtUp: untilCaughtUp)
            if let after { request.after = after } else if !fromStart { request.newest = newest }
            let format = output.format
            let first = request
            try await Interruption.guarding {
                var tail = AuditTail(request: first, reconnection: Reconnection(patience: nil))
                try await tail.run(session, Output(format))
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify the chain of the audit log and name the first entry that is broken.",
            discussion: """
                Computes every hash here, from the entries that the service sends or, with --data-dir, from a database \
                that needs no service: a copy (of journal.sqlite and, where there is one, journal.sqlite-wal), or a data \
                directory as it lies there.

                The chain shows entries that were altered or taken out. That the end was cut off, or that all of it was \
                written anew, shows only against a head that was noted before where the writer of the database can't \
                reach it: --head compares with one, --head-file with the one of the last verification, and keeps it up \
                to date. The service's own log tells the head too. Where the retention cut the beginning off, the chain is \
                verified from there on, and an entry behind it has to tell of the cut.

                  trailhound audit verify --head-file ~/.trailhound-audit-head
                  trailhound audit verify --data-dir /backup/trailhound --head 1234:5f0c…
                """)

        @Option(
            help: .init("Verify the database of this folder, or this database, without a service.", valueName: "path"),
            completion: .directory)
        var dataDir: String?

        @Option(
            name: .customLong("head"),
            help: .init("A head that the log had before, SEQUENCE:HASH; may be given again.", valueName: "head"))
        var heads: [String] = []

        @Option(
            help: .init("Compare with the head in this file, and write the new one into it.", valueName: "file"),
            completion: .file())
        var headFile: String?

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            var noted = try heads.map { text in
                guard let head = AuditHead(text) else {
                    throw Failure("--head: '\(text)' is not SEQUENCE:HASH", code: Failure.Code.usage)
                }
                return head
            }
            if let headFile, access(headFile, F_OK) == 0 { noted.append(try AuditHeadFile(path: headFile).read()) }
            let output = Output(global.output.format)
            var verifier = AuditVerifier(noted: noted)
            do {
                if let dataDir {
                    try verify(file: dataDir, &verifier)
                } else {
                    try await verifyService(&verifier)
                }
                try verifier.finish()
            } catch let broken as AuditBreak {
                output.show(
                    json: AuditPresentation.json(verifier, broken: broken),
                    fields: AuditPresentation.fields(verifier, broken: broken))
                output.flush()
                throw Failure("the audit log is broken: \(broken)")
            }
            if let headFile { try AuditHeadFile(path: headFile).write(verifier.head) }
            output.show(
                json: AuditPresentation.json(verifier, broken: nil),
                fields: AuditPresentation.fields(verifier, broken: nil))
        }

        private func verify(file path: String, _ verifier: inout AuditVerifier) throws {
            do {
                let file = try AuditFile(path: path)
                if let anchor = try file.anchor() { try verifier.begin(after: anchor) }
                while true {
                    let page = try file.records(after: verifier.head.sequence, limit: JournalLimits.pageRows)
                    if page.isEmpty { return }
                    for record in page { try verifier.check(record) }
                }
            } catch let error as JournalError {
                throw Failure(error.message)
            }
        }

        private func verifyService(_ verifier: inout AuditVerifier) async throws {
            let session = try Session(global.connection.settings())
            do {
                try await session.tailAudit(TailAuditRequest(untilCaughtUp: true, whole: true)) { response in
                    if let cut = response.cut { try verifier.begin(after: AuditAnchor(cut)) }
                    guard let entry = response.entry else { return }
                    try verifier.check(AuditRecord(entry))
                }
            } catch let broken as AuditBreak {
                await session.close()
                throw broken
            } catch {
                await session.close()
                throw session.failure(error)
            }
            await session.close()
        }
    }
}
