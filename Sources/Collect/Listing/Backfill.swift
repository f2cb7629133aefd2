// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Collects the log files of a span of days, as history: their alerts are marked so, and never remediate.
///
/// It goes day by day, the oldest first, and within a day by the time of delivery over all folders: what is learned of the
/// past serves the days that follow, and correlations find together what happened together. It keeps a note of each
/// folder's day that is done: a restart repeats what was under way. It yields to live events in this process by its permits, and in others by waiting while the
/// service has a queue. What is taken in as history never remediates, so beside a queue it leaves to that what is live:
/// files that are written after it began, and those of the last days until the queue has been caught up with.
package struct Backfill: Sendable {
    /// What it came to.
    package struct Result: Sendable, Hashable {
        /// Folders' days that were looked at, those that had been done before, and those in which something could not
        /// be read.
        package var done = 0
        package var skipped = 0
        package var failed = 0
        /// The first log file that could not be read, and why; empty for none.
        package var reason = ""
        /// Log files that lay in the days that were looked at.
        package var files = 0
    }

    /// What the tasks of a pass find.
    private struct Pass {
        var failed: Set<TrailFolder> = []
        var reason = ""
        var files = 0
    }

    private let bucket: String
    private let layout: BucketLayout
    private let s3: S3
    private let delivery: FileDelivery
    private let sink: any EventSink
    private let aside: AsideFolder
    private let report: CollectReport
    private let state: String
    private let clock: AWSClock
    private let isCaughtUp: (@Sendable () -> Bool)?

    /// - Parameters:
    ///   - state: The folder for the note of what is done.
    ///   - isCaughtUp: Whether the live lane beside has dealt with what waited for it; nil where there is none.
    package init(
        bucket: String, layout: BucketLayout, s3: S3, delivery: FileDelivery, sink: any EventSink,
        aside: AsideFolder, report: CollectReport, state: String, clock: AWSClock = .system,
        isCaughtUp: (@Sendable () -> Bool)? = nil
    ) {
        self.bucket = bucket
        self.layout = layout
        self.s3 = s3
        self.delivery = delivery
        self.sink = sink
        self.aside = aside
        self.report = report
        self.state = state
        self.clock = clock
        self.isCaughtUp = isCaughtUp
    }

    /// Collects the days of a span, whole.
    ///
    /// - Throws: `AWSError` where the bucket can't be listed, `SinkError` where the service takes nothing or the state
    ///   can't be kept, and `CancellationError`.
    package func run(days: [String]) async throws -> Result {
        let note = try BackfillNote(folder: state)
        let begin = clock.now()
        // Today's folder still grows: it is never done.
        let today = FolderDay.of(Milliseconds(begin.timeIntervalSince1970 * 1_000))
        let recent = FolderDay.of(
            Milliseconds((begin.timeIntervalSince1970 - Double(CollectLimits.queueRetentionDays) * 86_400) * 1_000))
        let isBesideLive = isCaughtUp != nil
        var result = Result()
        var open: [(day: String, folders: [TrailFolder])] = []
        let folders = try await layout.folders()
        guard !folders.isEmpty else { throw try await layout.nothingFound() }
        for day in Set(days).sorted() {
            let left = folders.filter { !note.contains($0.prefix + day) }
            result.skipped += folders.count - left.count
            if !left.isEmpty { open.append((day, left)) }
        }
        for _ in 0..<CollectLimits.backfillPasses {
            var failed: [(day: String, folders: [TrailFolder])] = []
            for (day, folders) in open {
                if day >= recent { try await waitForLive() }
                let pass = try await pass(folders, day: day, before: isBesideLive ? begin : .distantFuture)
                let left = pass.failed
                result.files += pass.files
                if result.reason.isEmpty { result.reason = pass.reason }
                for folder in folders where !left.contains(folder) {
                    result.done += 1
                    if day < today { try note.add(folder.prefix + day) }
                }
                if !left.isEmpty { failed.append((day, folders.filter(left.contains))) }
            }
            open = failed
            if open.isEmpty { break }
        }
        result.failed = open.reduce(0) { $0 + $1.folders.count }
        if result.files == 0, result.skipped == 0, result.failed == 0 {
            throw try await layout.nothingFound(in: folders, days: days.sorted())
        }
        return result
    }

    /// One day of some folders. Those in which something could not be read.
    private func pass(_ folders: [TrailFolder], day: String, before begin: Date) async throws -> Pass {
        var pass = Pass()
        var listing = DayListing(s3: s3, bucket: bucket, folders: folders, day: day)
        while let files = try await listing.next(
            where: {
                pass.files += 1
                return $0.lastModified.map { $0 <= begin } ?? true
            }, onOther: { report.leftOut(ObjectLocation(bucket: bucket, key: $0.key)) },
            onFailure: {
                guard $1.isTransient else { throw $1 }
                report.trouble("\($1)")
                pass.failed.insert(folders[$0])
                return true
            })
        {
            for (index, reason) in try await deliver(files) {
                pass.failed.insert(folders[index])
                if pass.reason.isEmpty { pass.reason = reason }
            }
        }
        return pass
    }

    /// Delivers files in their order. The places of the folders in which some could not be read, with a reason each.
    private func deliver(_ files: [ListedFile]) async throws -> [Int: String] {
        try await withThrowingTaskGroup(of: (folder: Int, reason: String)?.self) { group in
            var failed: [Int: String] = [:]
            defer { report.count { $0.listed = nil } }
            var underWay = 0
            for (index, file) in files.enumerated() {
                report.count { $0.listed = files.count - index }
                if underWay >= CollectLimits.historicalFilesInFlight {
                    if case let unread?? = try await group.next() { failed[unread.folder] = unread.reason }
                } else {
                    underWay += 1
                }
                try await giveWay()
                let location = ObjectLocation(bucket: bucket, key: file.key)
                try await delivery.admit(location, lane: .history)
                group.addTask { try await deliver(location).map { (file.folder, $0) } }
            }
            while let outcome = try await group.next() { if let outcome { failed[outcome.folder] = outcome.reason } }
            return failed
        }
    }

    /// Waits until the live lane has dealt with what was there before.
    private func waitForLive() async throws {
        while let isCaughtUp, !isCaughtUp() { try await clock.sleep(CollectLimits.historicalPause) }
    }

    /// Waits while the service has live events to catch up with.
    private func giveWay() async throws {
        while let backlog = await sink.backlog(), backlog > CollectLimits.historicalQueue {
            try await clock.sleep(CollectLimits.historicalPause)
        }
    }

    /// Why an object could not be read; nil where it was delivered or set aside.
    private func deliver(_ object: ObjectLocation) async throws -> String? {
        switch try await delivery.deliverAdmitted(object, lane: .history) {
        case .delivered: return nil
        case .retry(let reason), .blocked(let reason):
            report.trouble(reason)
            return reason
        case .poison(let reason):
            return setAside(object, reason, aside, clock, report) ? nil : "\(object) can't be set aside: \(reason)"
        }
    }
}

/// The folders' days that a backfill is done with: a text file of a line each.
final class BackfillNote {
    private let path: String
    private var done: Set<String>

    init(folder: String) throws {
        try StateFolder.make(folder)
        path = folder + "/backfilled"
        let text = String(decoding: try DurableFile.read(path, limit: 1 << 28) ?? [], as: UTF8.self)
        // A line without its end was cut by a crash.
        done = Set(text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init))
        if !text.isEmpty, text.last != "\n" {
            try DurableFile.write(Array(done.sorted().map { $0 + "\n" }.joined().utf8), to: path)
        }
    }

    func contains(_ unit: String) -> Bool { done.contains(unit) }

    func add(_ unit: String) throws(StateError) {
        guard done.insert(unit).inserted else { return }
        try AppendFile.append(unit + "\n", to: path)
    }
}
