// SPDX-License-Identifier: Apache-2.0

import AWS
import Collect

/// A place that log files are collected from: a queue, a bucket, or both.
package struct CollectSource: Sendable, Hashable {
    package var queueURL: String?
    package var bucket: String?
    package var keyPrefix = ""
    /// The only accounts that are listed; empty for all.
    package var accounts: Set<String> = []
    /// The only regions that are listed; empty for all.
    package var regions: Set<String> = []

    package init(queueURL: String? = nil, bucket: String? = nil, keyPrefix: String = "") {
        self.queueURL = queueURL
        self.bucket = bucket
        self.keyPrefix = keyPrefix
    }

    /// The place in words.
    package var text: String {
        let address = bucket.map { "s3://\($0)/" + (keyPrefix.isEmpty ? "" : keyPrefix + "/") }
        switch (queueURL, address) {
        case (let queue?, let address?): return "the queue \(queue), files of \(address)"
        case (let queue?, nil): return "the queue \(queue)"
        case (nil, let address?): return address
        case (nil, nil): return "nothing"
        }
    }
}

/// The collection from one source: whatever was asked for of queue, listing and history.
struct SourceCollection: Sendable {
    let source: CollectSource
    let plan: CollectRun.Plan
    /// The folder for what is remembered of the bucket.
    let state: String
    let sink: ServiceSink
    let aside: AsideFolder
    let report: CollectReport
    let gauges: QueueGauges
    private let client: AWSClient
    private let s3: S3
    private let watch: DigestWatch
    private let delivery: FileDelivery

    init(_ source: CollectSource, of run: CollectRun, client: AWSClient, state: String) {
        self.source = source
        self.client = client
        self.state = state
        (plan, sink, aside, report, gauges) = (run.plan, run.sink, run.aside, run.report, run.gauges)
        s3 = S3(client)
        watch = DigestWatch(
            audit: DigestAudit(s3: s3, trails: Trails(client)), report: run.report
        ) { [sink, report] findings in
            do { try await sink.report(findings) } catch let error as Failure {
                // The next validation finds it again.
                report.trouble("findings could not be reported: \(error.message)")
            }
        }
        delivery = FileDelivery(
            s3: s3, sink: sink, permits: run.permits, report: run.report,
            buckets: Set([source.bucket].compactMap { $0 }))
    }

    /// Collects until the task is cancelled, or everything is done where that can be.
    func run() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            if plan.validates, !plan.isOnce {
                group.addTask {
                    try await watch.run()
                    return false
                }
            }
            let works = works()
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
        let queue = source.queueURL.map(queueCollector)
        if let queue {
            works.append {
                let key = gauges.add { await queue.waiting() }
                defer { gauges.remove(key) }
                try await queue.run()
            }
        } else if let bucket = source.bucket, plan.days == nil {
            works.append { try await collectListing(bucket) }
        }
        if let bucket = source.bucket, let days = plan.days {
            works.append { try await collectHistory(bucket, days, beside: queue) }
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
            s3: s3, bucket: bucket, keyPrefix: source.keyPrefix, accounts: source.accounts, regions: source.regions)
    }

    private func collectListing(_ bucket: String) async throws {
        var settings = ListingCollector.Settings()
        settings.interval = plan.interval
        settings.endsAfterPass = plan.isOnce
        let collector = ListingCollector(
            bucket: bucket, layout: layout(bucket), s3: s3, delivery: delivery, aside: aside, report: report,
            state: state, settings: settings, observe: { [watch] in watch.observe($0) })
        try await collector.run()
    }

    private func collectHistory(_ bucket: String, _ days: [String], beside queue: QueueCollector?) async throws {
        var isCaughtUp: (@Sendable () -> Bool)?
        if let queue { isCaughtUp = { queue.isCaughtUp } }
        let backfill = Backfill(
            bucket: bucket, layout: layout(bucket), s3: s3, delivery: delivery, sink: sink, aside: aside,
            report: report, state: state, isCaughtUp: isCaughtUp)
        let result = try await backfill.run(days: days)
        guard result.failed == 0 else {
            throw Failure(
                "\(result.failed) folders' days could not be read whole: run the same command again to try them anew"
                    + (result.reason.isEmpty ? "" : "; \(result.reason)"),
                code: Failure.Code.rejected)
        }
    }
}
