// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Collect

/// One run of the collector: the stream to the service, and beside it whatever was asked for of queue, listing and
/// history.
package final class CollectRun: Sendable {
    /// What was asked for.
    package struct Plan: Sendable {
        package var queueURL: String?
        package var bucket: String?
        package var keyPrefix = ""
        package var accounts: Set<String> = []
        package var regions: Set<String> = []
        /// The days of the history, as folders write them; nil for none.
        package var days: [String]?
        /// The folder of the collector's state.
        package var state: String
        package var visibility: Duration
        package var interval: Duration
        /// End when there is nothing left to do.
        package var isOnce: Bool
        /// Validate the digests of what is collected.
        package var validates: Bool
    }

    /// What has been done.
    package let report: CollectReport
    private let plan: Plan
    private let client: AWSClient
    private let sink: ServiceSink
    private let aside: AsideFolder
    private let delivery: FileDelivery
    private let s3: S3
    private let lock: StateLock?
    private let watch: DigestWatch

    /// - Throws: a `Failure` where the state's folder can't be used.
    package init(_ plan: Plan, client: AWSClient, session: Session) throws {
        self.plan = plan
        self.client = client
        report = CollectReport { _, text in Diagnostics.note("trailhound: " + text) }
        sink = ServiceSink(session: session, report: report)
        s3 = S3(client)
        do {
            // Several collectors of one queue need nothing that is kept; a listing's memory is one collector's.
            lock = plan.bucket == nil ? nil : try StateLock(folder: plan.state)
            aside = try AsideFolder(path: plan.state + "/aside")
        } catch {
            throw Failure("\(error)")
        }
        watch = DigestWatch(
            audit: DigestAudit(s3: s3, trails: Trails(client)), report: report
        ) { [sink, report] findings in
            do { try await sink.report(findings) } catch let error as Failure {
                // The next validation finds it again.
                report.trouble("findings could not be reported: \(error.message)")
            }
        }
        delivery = FileDelivery(
            s3: s3, sink: sink, permits: Permits(), report: report, buckets: Set([plan.bucket].compactMap { $0 }))
    }

    /// Collects until the task is cancelled, or everything is done where that can be.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [sink] in
                try await sink.run()
                return false
            }
            let works = works()
            if plan.validates, !plan.isOnce {
                group.addTask { [watch] in
                    try await watch.run()
                    return false
                }
            }
            var open = works.count
            for work in works {
                group.addTask {
                    try await work()
                    return true
                }
            }
            defer { group.cancelAll() }
            while open > 0, let isWork = try await group.next() { open -= isWork ? 1 : 0 }
        }
    }

    private func works() -> [@Sendable () async throws -> Void] {
        var works: [@Sendable () async throws -> Void] = []
        let queue = plan.queueURL.map(queueCollector)
        if let queue {
            works.append { try await queue.run() }
        } else if let bucket = plan.bucket, plan.days == nil {
            works.append { [self] in try await collectListing(bucket) }
        }
        if let bucket = plan.bucket, let days = plan.days {
            works.append { [self] in try await collectHistory(bucket, days, beside: queue) }
        }
        return works
    }

    private func queueCollector(_ url: String) -> QueueCollector {
        var settings = QueueCollector.Settings()
        settings.visibility = plan.visibility
        settings.endsWhenEmpty = plan.isOnce
        if plan.isOnce { settings.wait = .seconds(2) }
        return QueueCollector(
            queue: SQS(client, queueURL: url), delivery: delivery, aside: aside, report: report, settings: settings,
            observe: { [watch] in watch.observe($0) })
    }

    private func layout(_ bucket: String) -> BucketLayout {
        BucketLayout(
            s3: s3, bucket: bucket, keyPrefix: plan.keyPrefix, accounts: plan.accounts, regions: plan.regions)
    }

    /// The folder of what is remembered of a bucket.
    private func state(_ bucket: String) -> String { "\(plan.state)/\(bucket)" }

    private func collectListing(_ bucket: String) async throws {
        var settings = ListingCollector.Settings()
        settings.interval = plan.interval
        settings.endsAfterPass = plan.isOnce
        let collector = ListingCollector(
            bucket: bucket, layout: layout(bucket), s3: s3, delivery: delivery, aside: aside, report: report,
            state: state(bucket), settings: settings, observe: { [watch] in watch.observe($0) })
        try await collector.run()
    }

    private func collectHistory(_ bucket: String, _ days: [String], beside queue: QueueCollector?) async throws {
        var isCaughtUp: (@Sendable () -> Bool)?
        if let queue { isCaughtUp = { queue.isCaughtUp } }
        let backfill = Backfill(
            bucket: bucket, layout: layout(bucket), s3: s3, delivery: delivery, sink: sink, aside: aside,
            report: report, state: state(bucket), isCaughtUp: isCaughtUp)
        let result = try await backfill.run(days: days)
        guard result.failed == 0 else {
            throw Failure(
                "\(result.failed) folders' days could not be read whole: run the same command again to try them anew",
                code: Failure.Code.rejected)
        }
    }
}
