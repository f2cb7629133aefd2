// SPDX-License-Identifier: Apache-2.0

import AWS
import ArgumentParser
import CloudTrail
import Collect
import Messages

struct CollectCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect", abstract: "Bring log files from a trail's bucket to the service.",
        subcommands: [CollectCommand.self, CollectValidateCommand.self], defaultSubcommand: CollectCommand.self)
}

struct CollectCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Collect until Ctrl-C.",
        discussion: """
            With --queue, an SQS queue says which files are new: S3's notifications, plain or through SNS, EventBridge's, \
            or CloudTrail's own through SNS. A message is deleted once its events are on the service's disk. Any number \
            of collectors can share a queue. What can't ever be read goes aside, into a folder, with the reason; where \
            the queue has a redrive policy, the message is left for it.

            With --bucket alone, the bucket is listed every minute, and the whole last month every hour, so that late \
            files are found. Files from before the first start are left for a backfill.

            With --since, the files of these days are collected as history, the oldest first: their alerts are marked so \
            and never remediate. It goes on beside --queue, and yields to it: files that the queue may still tell of wait until it \
            has been caught up with, and what is written from now on is left to it.

            Without --queue and --bucket, all onboarded accounts are collected, each from the bucket or queue and with the \
            role that onboarding recorded. One that fails is told and stops no other.

            While it runs it reports every ten seconds what came, what was refused and why, what still waits and how old \
            the newest event is; each refusal is told with its file. With -o jsonl these are objects of the kinds progress \
            and refusal on standard output, before the summary. Where nothing lies under bucket, prefix and filters, it \
            says so with what is nearby; --once and --since end with an error then, as they do where files can't be read.

            Every hour the digests of what was collected are validated; what is wrong becomes an alert.

              trailhound collect

              trailhound collect --queue https://sqs.eu-west-1.amazonaws.com/111122223333/trail
              trailhound collect --bucket trail-logs --since 2026-08-01 --until 2026-10-31
            """)

    @Option(help: .init("The queue of notifications: its URL, ARN or name.", valueName: "queue"))
    var queue: String?

    @Option(
        help: .init(
            "The trail's bucket. Beside --queue it is the only one that files are read from.", valueName: "name"))
    var bucket: String?

    @Option(help: .init("The trail's key prefix in the bucket.", valueName: "prefix"))
    var prefix = ""

    @Option(help: .init("List only this account's folders; may be repeated.", valueName: "account-id"))
    var account: [String] = []

    @Option(
        name: .customLong("in-region"),
        help: .init("List only this region's folders; may be repeated.", valueName: "region"))
    var inRegion: [String] = []

    @Option(help: .init("Collect history from this day on, or from so long ago (90d).", valueName: "day"))
    var since: String?

    @Option(help: .init("The last day of the history; today where it is not given.", valueName: "day"))
    var until: String?

    @Option(
        help: .init(
            "Where the collector remembers what it has done, and keeps what it set aside.", valueName: "dir"),
        completion: .directory)
    var state = "~/.local/state/trailhound/collector"

    @Option(help: .init("For how long a received message is hidden from other collectors.", valueName: "seconds"))
    var visibility = Int(CollectLimits.visibility.components.seconds)

    @Option(help: .init("Between two looks at the bucket where there is no queue.", valueName: "seconds"))
    var interval = Int(CollectLimits.pollInterval.components.seconds)

    @Flag(help: "Don't validate the digests of what is collected.")
    var noValidation = false

    @Flag(help: "End when the queue is empty, or the bucket has been listed once.")
    var once = false

    @OptionGroup(title: "AWS options") var aws: AWSOptions

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let queue {
            do throws(EndpointError) { _ = try QueueAddress(queue) } catch { throw ValidationError(error.message) }
            if since != nil, bucket == nil { throw ValidationError("--since needs --bucket") }
        } else if bucket == nil {
            if !prefix.isEmpty || !account.isEmpty || !inRegion.isEmpty {
                throw ValidationError("--prefix, --account and --in-region go with --bucket")
            }
        }
        if until != nil, since == nil { throw ValidationError("--until goes with --since") }
        if !(1...43_200).contains(visibility) { throw ValidationError("--visibility must be from 1 to 43200") }
        if interval < 1 { throw ValidationError("--interval must be at least 1") }
        for account in account where AccountID(account) == nil {
            throw ValidationError("--account: '\(account)' is not the twelve digits of an account")
        }
    }

    func run(_ session: Session, _ output: Output) async throws {
        var source: CollectSource?
        if queue != nil || bucket != nil {
            var given = CollectSource(queueURL: queue, bucket: bucket, keyPrefix: Self.keyPrefix(prefix))
            given.accounts = Set(account)
            given.regions = Set(inRegion)
            source = given
        }
        let plan = try CollectRun.Plan(
            source: source, days: days(), state: Self.expanded(state), visibility: .seconds(visibility),
            interval: .seconds(interval), isOnce: once, validates: !noValidation)
        let collection = try CollectRun(
            plan, client: try aws.client(), session: session, voice: CollectVoice(output.format))
        let start = SystemClock.seconds()
        var failure: (any Error)?
        do {
            try await Interruption.guarding { try await collection.run() }
        } catch {
            failure = error
        }
        Self.show(collection.report.totals, seconds: SystemClock.seconds() - start, output)
        if let failure { throw Self.explained(failure) }
        let totals = collection.report.totals
        if totals.rejected > 0 || totals.aside > 0 {
            throw Failure(
                "\(totals.rejected) records were refused and \(totals.aside) messages or files set aside, as told above",
                code: Failure.Code.rejected)
        }
    }

    /// The days of the history; nil where none is asked for.
    private func days() throws -> [String]? {
        guard let since else { return nil }
        let now = SystemClock.now()
        guard let start = Clock.parse(since, now: now) else {
            throw Failure("--since: '\(since)' is no day", code: Failure.Code.usage)
        }
        guard let end = until.map({ Clock.parse($0, now: now) }) ?? now else {
            throw Failure("--until: '\(until ?? "")' is no day", code: Failure.Code.usage)
        }
        let days = FolderDay.range(from: start.milliseconds, through: end.milliseconds)
        guard !days.isEmpty else { throw Failure("--since lies after --until", code: Failure.Code.usage) }
        guard days.count < CollectLimits.backfillDays else {
            throw Failure("--since and --until may span \(CollectLimits.backfillDays) days", code: Failure.Code.usage)
        }
        return days
    }

    /// A key prefix as trails have it, without slashes around.
    static func keyPrefix(_ text: String) -> String {
        String(text.drop { $0 == "/" }.reversed().drop { $0 == "/" }.reversed())
    }

    /// A path whose `~/` is the home folder.
    static func expanded(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home = Environment["HOME"] else { return path }
        return home + path.dropFirst(1)
    }

    /// Errors of the rooms below as the one line of a failure.
    static func explained(_ error: any Error) -> any Error {
        switch error {
        case let error as AWSError: Failure(error.description)
        case let error as SinkError: Failure(error.description)
        case let error as NothingFound: Failure(error.description)
        case let error as UnreadFiles: Failure(error.description, code: Failure.Code.rejected)
        case let error as StateError: Failure(error.description)
        default: error
        }
    }

    private static func show(_ totals: CollectTotals, seconds: Double, _ output: Output) {
        if output.format == .table {
            output.line(CollectProgress.sums(totals) + ", in " + Numbers.duration(seconds))
        } else {
            let kind: [JSONNode.Member] = output.format == .jsonl ? [.init("kind", .string("summary"))] : []
            output.json(.object(kind + CollectProgress.sumFields(totals) + [.init("seconds", .decimal(seconds))]))
        }
    }
}
