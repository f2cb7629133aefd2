// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct TimelineCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "Show the stored records that carry a value, newest first.",
        discussion: """
            The value is looked up whole and in its own case: an eventID, an access key id, a principal's ARN or id, a \
            source address, an event name or a resource's ARN. The newest records by event time are shown, and how many \
            there are in all. Equal calls in a row are one line of the table, with their number; --each shows each. With \
            --raw or -o jsonl each record is printed byte for byte as it was submitted, on a line of its own.

              trailhound timeline AKIAIOSFODNN7EXAMPLE --since 7d
              trailhound timeline 203.0.113.9 --writes --event 'iam:*' --event '*Logging'
              trailhound timeline 203.0.113.9 --all --raw | jq .eventName
            """)

    @Argument(help: "What to look for.")
    var value: String

    @OptionGroup var times: TimeOptions

    @Option(
        name: .customLong("event"),
        help: .init(
            """
            Only calls of this name, in any letter case, with * and ? as wildcards; iam:Create* names the service too. \
            Give it several times for several.
            """, valueName: "name"))
    var events: [String] = []

    @Flag(help: "Only calls that change something.")
    var writes = false

    @Flag(help: "Only calls that failed.")
    var errors = false

    @Option(
        name: .customLong("account"),
        help: .init("Only records of this account. Give it several times for several.", valueName: "account-id"))
    var accounts: [String] = []

    @OptionGroup var list: ListOptions

    @Flag(help: "Print the records themselves, as -o jsonl does.")
    var raw = false

    @Flag(help: "Show a line for each record, and none for several.")
    var each = false

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session, _ output: Output) async throws {
        let now = SystemClock.now()
        var request = GetTimelineRequest(
            value: value, startTime: times.since.flatMap { Clock.parse($0, now: now) },
            endTime: times.until.flatMap { Clock.parse($0, now: now) }, eventNames: events, writesOnly: writes,
            errorsOnly: errors, accountIDs: accounts)
        let isRaw = raw || output.format == .jsonl
        var entries: [TimelineEntry] = []
        var page = GetTimelineResponse()
        var count = 0
        var isPartial = false
        repeat {
            request.pageSize = list.pageSize(after: count)
            page = try await session.call(InvestigationService.getTimeline, request)
            count += page.entries.count
            isPartial = isPartial || page.orderIsPartial
            if isRaw {
                for entry in page.entries { output.record(entry.record.array) }
            } else {
                entries += page.entries
            }
            request.pageToken = page.nextPageToken
        } while !request.pageToken.isEmpty && count < list.most
        if !isRaw || count == 0 {
            output.list(
                entries, whenEmpty: "No stored record carries that value\(isNarrowed ? " and fits the filters" : "").",
                json: TimelinePresentation.json,
                table: { TimelinePresentation.table($0, isFolded: !each) })
        }
        let hasMore = !request.pageToken.isEmpty
        // What was read to its end is counted, whatever the service's bound was.
        output.note(
            ListNote("record", order: "newest first by event time"), shown: count,
            total: hasMore ? page.total : UInt64(count), isExact: page.totalIsExact, hasMore: hasMore)
        if isPartial {
            Diagnostics.note(
                "The value is in more of the archive than can be put in order at once: later pages may have newer "
                    + "records. --since and --until narrow the search.")
        }
    }

    private var isNarrowed: Bool {
        times.since != nil || times.until != nil || !events.isEmpty || writes || errors || !accounts.isEmpty
    }
}
