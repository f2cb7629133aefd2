// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct AlertTailCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Follow alerts as they are raised and changed.",
        discussion: """
            Prints every revision of every alert once and in order: from the start of the log, or from where --cursor or \
            the cursor file says, and then what comes. A lost connection is made again and nothing is missed or \
            repeated. Ends with Ctrl-C, or by itself with --until-caught-up.

              trailhound alerts tail --cursor latest --severity high
              trailhound alerts tail -o jsonl --cursor-file ~/.trailhound-cursor | notify
            """)

    @OptionGroup var filter: AlertFilter

    @Option(
        help: .init(
            "Where to begin: start, latest (only what comes from now on), or the cursor of an alert printed by -o jsonl.",
            valueName: "where"))
    var cursor: String?

    @Option(help: .init("Only alerts last seen from this time on, as 2026-11-22 or 2h ago.", valueName: "time"))
    var since: String?

    @Flag(help: "Begin at the start of the log, whatever the cursor file says. The same as --cursor start.")
    var fromStart = false

    @Option(
        help: .init(
            "Go on where this file says, and keep it up to date. It is written after an alert is printed.",
            valueName: "file"), completion: .file())
    var cursorFile: String?

    @Flag(help: "End once everything that is in the log has been printed.")
    var untilCaughtUp = false

    @Option(
        help: .init(
            "Give up when a lost connection could not be made again for this long; without it, never.",
            valueName: "seconds"))
    var reconnectFor: Int?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if fromStart, cursor != nil { throw ValidationError("--from-start and --cursor exclude each other") }
        if let since, Clock.parse(since, now: SystemClock.now()) == nil {
            throw ValidationError(
                "--since: '\(since)' is not a time; for a place in the alert log write --cursor \(since)")
        }
        if let reconnectFor, reconnectFor < 0 { throw ValidationError("--reconnect-for can't be negative") }
    }

    func run(_ session: Session, _ output: Output) async throws {
        let file = cursorFile.map { CursorFile(path: $0) }
        let tail = AlertTail(
            request: try await filter.resolved(session).subscription(
                cursor: beginning(file), untilCaughtUp: untilCaughtUp),
            reconnection: Reconnection(patience: reconnectFor.map(Double.init)), file: file,
            since: since.flatMap { Clock.parse($0, now: SystemClock.now()) })
        let format = output.format
        try await Interruption.guarding {
            var tail = tail
            try await tail.run(session, Output(format))
        }
    }

    /// Where to begin.
    private func beginning(_ file: CursorFile?) throws(Failure) -> String {
        if fromStart { return "" }
        if let cursor { return cursor == "start" ? "" : cursor }
        return try file?.read() ?? ""
    }
}
