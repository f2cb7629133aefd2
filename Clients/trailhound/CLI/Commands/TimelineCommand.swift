// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct TimelineCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "Show the stored records that carry a value, newest first.",
        discussion: """
            The value is looked up whole and in its own case: an eventID, an access key id, a principal's ARN or id, a \
            source address, an event name or a resource's ARN. Where there are more than --limit, those that were stored \
            last are shown. With --raw or -o jsonl each record is printed byte for byte as it was submitted, on a line of \
            its own, what was stored last first.

              trailhound timeline AKIAIOSFODNN7EXAMPLE --since 7d
              trailhound timeline 203.0.113.9 --raw | jq .eventName
            """)

    @Argument(help: "What to look for.")
    var value: String

    @Option(
        help: .init(
            "Only records from this time on: 2026-11-22T09:30:00Z, 2026-11-22, or 2h, 7d ago.", valueName: "time"))
    var since: String?

    @Option(help: .init("Only records before this time.", valueName: "time"))
    var until: String?

    @Option(help: "The most records to show.")
    var limit = 100

    @Flag(help: "Print the records themselves, as -o jsonl does.")
    var raw = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit must be at least 1") }
        for text in [since, until].compactMap({ $0 }) where Clock.parse(text, now: SystemClock.now()) == nil {
            throw ValidationError(
                "'\(text)' is no time: write 2026-11-22T09:30:00Z, 2026-11-22, or 2h for two hours ago")
        }
    }

    func run(_ session: Session, _ output: Output) async throws {
        let now = SystemClock.now()
        var request = GetTimelineRequest(
            value: value, startTime: since.flatMap { Clock.parse($0, now: now) },
            endTime: until.flatMap { Clock.parse($0, now: now) })
        let isRaw = raw || output.format == .jsonl
        var entries: [TimelineEntry] = []
        var count = 0
        repeat {
            request.pageSize = UInt32(clamping: min(Int(Limits.pageSize), limit - count))
            let page = try await session.call(InvestigationService.getTimeline, request)
            count += page.entries.count
            if isRaw {
                for entry in page.entries { output.record(entry.record.array) }
            } else {
                entries += page.entries
            }
            request.pageToken = page.nextPageToken
        } while !request.pageToken.isEmpty && count < limit
        guard !isRaw else { return }
        output.list(
            TimelinePresentation.newestFirst(entries), whenEmpty: "No stored record carries that value.",
            json: TimelinePresentation.json,
            table: TimelinePresentation.table)
    }
}
