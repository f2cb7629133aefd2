// SPDX-License-Identifier: Apache-2.0

import AWS
import ArgumentParser
import CloudTrail
import Collect
import Messages

struct CollectValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Validate a trail's log files by their digests.",
        discussion: """
            CloudTrail signs an hourly digest of the log files that it delivered. This walks the chain of digests back, \
            checks each one's signature with CloudTrail's public keys, and each log file's SHA-256: what is missing, \
            altered or unsigned is told. Exits with 3 where anything is. Needs no service, but for --alert.

              trailhound collect validate --bucket trail-logs --since 7d
            """)

    @Option(help: .init("The trail's bucket.", valueName: "name"))
    var bucket: String

    @Option(help: .init("The trail's key prefix in the bucket.", valueName: "prefix"))
    var prefix = ""

    @Option(help: .init("Only the trail of this name.", valueName: "name"))
    var trail: String?

    @Option(help: .init("Only this account's log files; may be repeated.", valueName: "account-id"))
    var account: [String] = []

    @Option(
        name: .customLong("in-region"),
        help: .init("Only this region's log files; may be repeated.", valueName: "region"))
    var inRegion: [String] = []

    @Option(help: .init("From when on, as a time or as so long ago (24h, 7d).", valueName: "time"))
    var since: String

    @Option(help: .init("Until when; now where it is not given.", valueName: "time"))
    var until: String?

    @Flag(help: "List what is as it should be too.")
    var all = false

    @Flag(help: "Report what is wrong to the service, where it becomes an alert.")
    var alert = false

    @OptionGroup(title: "AWS options") var aws: AWSOptions

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let output = Output(global.output.format)
        let span = try span()
        let client = try aws.client()
        var result = Result()
        do {
            try await validate(client, span, output, &result)
        } catch {
            output.flush()
            throw CollectCommand.explained(error)
        }
        if alert, !result.wrong.isEmpty {
            let session = try Session(global.connection.settings())
            try await ServiceSink(session: session, report: CollectReport()).report(result.wrong)
            await session.close()
        }
        if output.format == .table {
            output.line(
                "\(Numbers.grouped(UInt64(result.good))) digests and log files as CloudTrail delivered them, "
                    + "\(Numbers.grouped(UInt64(result.wrong.count))) findings, "
                    + "\(Numbers.grouped(UInt64(result.unknown))) not to be read")
        }
        output.flush()
        if !result.wrong.isEmpty || result.unknown > 0 { throw Failure("", code: Failure.Code.rejected) }
    }

    private struct Result {
        var good = 0
        var unknown = 0
        var wrong: [LogFileFinding] = []
    }

    private func span() throws(Failure) -> (since: Milliseconds, until: Milliseconds) {
        let now = SystemClock.now()
        guard let start = Clock.parse(since, now: now) else {
            throw Failure("--since: '\(since)' is no time", code: Failure.Code.usage)
        }
        guard let end = until.map({ Clock.parse($0, now: now) }) ?? now else {
            throw Failure("--until: '\(until ?? "")' is no time", code: Failure.Code.usage)
        }
        guard start.milliseconds < end.milliseconds else {
            throw Failure("--since lies after --until", code: Failure.Code.usage)
        }
        let days = FolderDay.range(from: start.milliseconds, through: end.milliseconds)
        guard days.count < CollectLimits.backfillDays else {
            throw Failure("--since and --until may span \(CollectLimits.backfillDays) days", code: Failure.Code.usage)
        }
        return (start.milliseconds, end.milliseconds)
    }

    private func validate(
        _ client: AWSClient, _ span: (since: Milliseconds, until: Milliseconds), _ output: Output,
        _ result: inout Result
    ) async throws {
        let s3 = S3(client)
        let layout = BucketLayout(
            s3: s3, bucket: bucket, keyPrefix: CollectCommand.keyPrefix(prefix), accounts: Set(account),
            regions: Set(inRegion),
            kinds: [.events, .digest])
        // A folder of log files without one of digests is a finding.
        let folders = Set(
            try await layout.folders().map { folder in
                TrailFolder(
                    keyPrefix: folder.keyPrefix, organizationID: folder.organizationID,
                    accountID: folder.accountID, kind: .digest, region: folder.region)
            })
        guard !folders.isEmpty else { throw Failure("s3://\(bucket)/\(prefix) has no folders of a trail") }
        let audit = DigestAudit(s3: s3, trails: Trails(client))
        for folder in folders.sorted() {
            let scope = DigestAudit.Scope(
                bucket: bucket, keyPrefix: CollectCommand.keyPrefix(prefix), organizationID: folder.organizationID,
                accountID: folder.accountID, region: folder.region, trail: trail, since: span.since,
                until: span.until)
            var found = result
            try await audit.run(scope) { finding in
                let told = LogFileFinding(
                    accountID: folder.accountID, region: folder.region, trail: trail, bucket: bucket,
                    finding: finding)
                switch finding.verdict {
                case .good: found.good += 1
                case .unknown: found.unknown += 1
                case .bad: found.wrong.append(told)
                }
                if all || finding.verdict != .good { show(told, output) }
            }
            result = found
        }
    }

    private func show(_ found: LogFileFinding, _ output: Output) {
        let finding = found.finding
        if output.format == .table {
            let span = [finding.start, finding.end].compactMap { $0.map(EventTime.format) }.joined(separator: " to ")
            let place = finding.location?.description ?? "account \(found.accountID), \(found.region)"
            let more = [finding.location == nil ? span : "", finding.detail].filter { !$0.isEmpty }
            output.line(
                Escaping.visible(
                    "\(finding.kind.rawValue)  \(place)" + (more.isEmpty ? "" : "  (\(more.joined(separator: ", ")))")))
            return
        }
        // Findings come one by one and may be many: a line each, whichever JSON form was asked for.
        output.record(
            JSONNode.sparse([
                .init("finding", .string(finding.kind.rawValue)), .init("account_id", .string(found.accountID)),
                .init("region", .string(found.region)), .init("bucket", .string(finding.location?.bucket ?? "")),
                .init("key", .string(finding.location?.key ?? "")),
                .init("start", .string(finding.start.map(EventTime.format) ?? "")),
                .init("end", .string(finding.end.map(EventTime.format) ?? "")),
                .init("detail", .string(finding.detail)),
            ]).compact)
    }
}
