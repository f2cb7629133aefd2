// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct DeadLetterCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "See what was refused, and submit it again.",
        discussion: """
            The service keeps what it refuses: the records of one request that share a reason, or a whole file, are one \
            dead letter. trailhound status tells how many there are and the limits of their size and age.

              trailhound dead-letters list --reason account_not_onboarded
              trailhound dead-letters show 17
              trailhound dead-letters resubmit --account 111122223333
            """,
        subcommands: [List.self, Show.self, Resubmit.self, Purge.self])

    /// The options that say which letters.
    struct Selection: ParsableArguments {
        @Option(help: .init("Only letters of this account.", valueName: "account-id"))
        var account = ""

        @Option(help: "Only letters refused for this reason, such as account_not_onboarded.")
        var reason = ""

        @Option(help: .init("Only letters with this in the collector's label, such as a bucket.", valueName: "text"))
        var source = ""

        @Option(
            help: .init(
                "Only letters refused from this time on: 2026-11-22T09:30:00Z, 2026-11-22, or 2h, 7d ago.",
                valueName: "time"))
        var since: String?

        @Option(help: .init("Only letters refused before this time.", valueName: "time"))
        var until: String?

        func validate() throws {
            for text in [since, until].compactMap({ $0 }) where Clock.parse(text, now: SystemClock.now()) == nil {
                throw ValidationError(
                    "'\(text)' is no time: write 2026-11-22T09:30:00Z, 2026-11-22, or 2h for two hours ago")
            }
        }

        /// No option was given.
        var isEmpty: Bool { account.isEmpty && reason.isEmpty && source.isEmpty && since == nil && until == nil }

        func filter(ids: [UInt64] = []) -> DeadLetterFilter {
            let now = SystemClock.now()
            return DeadLetterFilter(
                reason: reason, source: source, accountID: account,
                since: since.flatMap { Clock.parse($0, now: now) }, until: until.flatMap { Clock.parse($0, now: now) },
                ids: ids)
        }
    }

    /// Which letters a change is for: their numbers, what they have in common, or all.
    struct Targets: ParsableArguments {
        @Argument(help: .init("The letters' numbers, as the list shows them.", valueName: "id"))
        var ids: [UInt64] = []

        @OptionGroup var selection: Selection

        @Flag(help: "Every letter.")
        var all = false

        func validate() throws {
            guard ids.isEmpty, selection.isEmpty else {
                if all { throw ValidationError("--all goes with no number and no other option") }
                return
            }
            if !all { throw ValidationError("say which: numbers, --account, --reason, --source, --since, or --all") }
        }

        var filter: DeadLetterFilter { selection.filter(ids: ids) }

        /// Number and records of the letters; fails where there are none.
        func totals(_ session: Session) async throws -> ListDeadLettersResponse {
            let request = ListDeadLettersRequest(filter: filter, pageSize: 1)
            let found = try await session.call(DeadLetterService.listDeadLetters, request)
            guard found.totalLetters > 0 else { throw Failure("no such dead letter: nothing was done") }
            return found
        }
    }

    struct List: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "List dead letters, the newest first.",
            discussion: "Where there are more than --limit, the newest are shown and the number of all is told.")

        @OptionGroup var selection: Selection

        @Option(help: "The most letters to list.")
        var limit = 100

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit must be at least 1") }
        }

        func run(_ session: Session, _ output: Output) async throws {
            var request = ListDeadLettersRequest(filter: selection.filter())
            var letters: [DeadLetter] = []
            var page = ListDeadLettersResponse()
            repeat {
                request.pageSize = UInt32(clamping: min(Int(Limits.pageSize), limit - letters.count))
                page = try await session.call(DeadLetterService.listDeadLetters, request)
                letters += page.letters
                request.pageToken = page.nextPageToken
            } while !request.pageToken.isEmpty && letters.count < limit
            output.list(
                letters, whenEmpty: "No dead letter.", json: { DeadLetterPresentation.json($0) },
                table: DeadLetterPresentation.table)
            guard !letters.isEmpty || page.totalLetters > 0 else { return }
            let records = Numbers.counted(Int(clamping: page.totalRecords), "record")
            let shown =
                page.totalLetters > UInt64(letters.count)
                ? "the newest \(Numbers.grouped(UInt64(letters.count))) of "
                    + "\(Numbers.grouped(page.totalLetters)) letters; --limit shows more"
                : Numbers.counted(letters.count, "letter")
            Diagnostics.note("\(shown); \(records) in all of them, newest first")
        }
    }

    struct Show: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one dead letter and its bytes.",
            discussion: """
                With --raw the bytes alone are written: a log file byte for byte as it was sent, records one after the \
                other, each with a newline behind it.
                """)

        @Argument(help: .init("The letter's number, as the list shows it.", valueName: "id"))
        var id: UInt64

        @Flag(help: "Write the bytes alone.")
        var raw = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let answer = try await session.call(DeadLetterService.getDeadLetter, GetDeadLetterRequest(id: id))
            guard let letter = answer.letter else { throw Failure("the service answered without a dead letter") }
            guard raw || output.format == .table else {
                return output.json(DeadLetterPresentation.json(letter, content: answer))
            }
            if !raw {
                output.show(
                    json: DeadLetterPresentation.json(letter), fields: DeadLetterPresentation.fields(letter))
                output.line("")
            }
            if letter.logFile, !raw, !DeadLetterPresentation.isText(answer.logFile) {
                output.flush()
                return Diagnostics.note(
                    "The file is no text: trailhound dead-letters show \(id) --raw > FILE writes it.")
            }
            for record in answer.records { output.record(record.array) }
            if letter.logFile { raw ? output.write(answer.logFile.array) : output.record(answer.logFile.array) }
        }
    }

    struct Resubmit: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Submit dead letters again, the oldest first.",
            discussion: """
                They go through the service as the records or files that they were. What is accepted now leaves the dead \
                letters; what is refused again stays, with its new reason, and the command exits with 3. Records are \
                accepted only of accounts that the certificate covered which submitted them first.
                """)

        @OptionGroup var targets: Targets

        @Flag(help: "Mark the alerts as historical, so that nothing is remediated.")
        var historical = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            _ = try await targets.totals(session)
            var request = ResubmitDeadLettersRequest(
                filter: targets.filter, all: targets.all, historical: historical)
            var sum = DeadLetterOutcome()
            repeat {
                let part = try await session.call(
                    DeadLetterService.resubmitDeadLetters, request, timeout: Limits.resubmissionTimeout)
                sum.add(part)
                request.pageToken = part.nextPageToken
            } while !request.pageToken.isEmpty
            output.show(json: sum.json, fields: sum.fields)
            output.flush()
            if sum.rejected > 0 {
                throw Failure(
                    "\(Numbers.counted(Int(clamping: sum.rejected), "record")) refused again, and kept",
                    code: Failure.Code.rejected)
            }
            guard sum.letters > 0 else { throw Failure("nothing was submitted: the letters are not whole") }
            if sum.incomplete > 0 {
                throw Failure(
                    "\(Numbers.counted(Int(clamping: sum.incomplete), "letter")) passed over: not all bytes were kept",
                    code: Failure.Code.rejected)
            }
        }
    }

    struct Purge: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove dead letters for good.", discussion: "They can't be submitted again afterwards.")

        @OptionGroup var targets: Targets

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let found = try await targets.totals(session)
            let letters = Numbers.counted(Int(clamping: found.totalLetters), "dead letter")
            let records = Numbers.counted(Int(clamping: found.totalRecords), "record")
            try Confirmation.require("remove \(letters) with \(records) for good", isGiven: yes, output)
            let request = PurgeDeadLettersRequest(filter: targets.filter, all: targets.all)
            let purged = try await session.call(
                DeadLetterService.purgeDeadLetters, request, timeout: Limits.resubmissionTimeout)
            var fields = FieldList()
            fields.add("Removed", Numbers.counted(Int(clamping: purged.letters), "letter"))
            fields.add("Records", Numbers.grouped(purged.records))
            output.show(
                json: .object([
                    .init("letters", .unsigned(purged.letters)), .init("records", .unsigned(purged.records)),
                ]), fields: fields)
        }
    }

    /// Tells that refused records of accounts are kept, and the command that brings them in.
    static func remind(of records: UInt64, account: String) {
        guard records > 0 else { return }
        Diagnostics.note(
            "\(Numbers.counted(Int(clamping: records), "refused record")) of account \(account) "
                + "\(records == 1 ? "is" : "are") kept. To bring \(records == 1 ? "it" : "them") in: "
                + "trailhound dead-letters resubmit --account \(account)")
    }
}
