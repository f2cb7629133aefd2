// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Synchronization

/// Collects a bucket without a queue, by listing its folders again and again.
///
/// A log file can come late, under a name that sorts before others of its day, and days after that day: CloudTrail
/// retries for a month. So no pass goes on behind the last name. Each lists today's and yesterday's folders whole, and
/// every hour the month's; what was delivered is remembered by name. What is new of a day is delivered in the order in
/// which CloudTrail wrote it, over all folders. Files that are older than the collector's first
/// start (by more than a day) are history and left to a backfill.
package struct ListingCollector: Sendable {
    /// How to collect.
    package struct Settings: Sendable {
        /// Between the beginnings of two passes.
        package var interval = CollectLimits.pollInterval
        /// End after one deep pass.
        package var endsAfterPass = false

        package init() {}
    }

    private let bucket: String
    private let layout: BucketLayout
    private let s3: S3
    private let delivery: FileDelivery
    private let aside: AsideFolder
    private let report: CollectReport
    private let settings: Settings
    private let clock: AWSClock
    private let state: String
    private let observe: @Sendable (ObjectLocation) -> Void

    /// - Parameters:
    ///   - state: The folder for what is remembered.
    ///   - observe: Hears of each new log file.
    package init(
        bucket: String, layout: BucketLayout, s3: S3, delivery: FileDelivery, aside: AsideFolder,
        report: CollectReport, state: String, settings: Settings = Settings(), clock: AWSClock = .system,
        observe: @escaping @Sendable (ObjectLocation) -> Void = { _ in }
    ) {
        self.bucket = bucket
        self.layout = layout
        self.s3 = s3
        self.delivery = delivery
        self.aside = aside
        self.report = report
        self.state = state
        self.settings = settings
        self.clock = clock
        self.observe = observe
    }

    /// Collects until the task is cancelled, or one pass is over where that was asked for.
    ///
    /// - Throws: `AWSError` where the bucket can't be listed at the first pass, `NothingFound` and `UnreadFiles` where
    ///   one pass was asked for, `SinkError` where the service takes nothing or the state can't be kept, and
    ///   `CancellationError`.
    package func run() async throws {
        var now = time()
        let start = try firstStart(now)
        let seen = Memory(
            try SeenNames(folder: state + "/seen", oldest: FolderDay.of(now - lookBack)))
        var folders: [TrailFolder] = []
        var deepAt: ContinuousClock.Instant?
        var hasListed = false
        var hasWarned = false
        var pauses = Pauses()
        while true {
            let begun = clock.instant()
            now = time()
            do {
                let isDeep = deepAt.map { begun - $0 >= CollectLimits.deepInterval } ?? true
                if isDeep { folders = try await layout.folders() }
                hasListed = true
                if folders.isEmpty {
                    let nothing = try await layout.nothingFound()
                    if settings.endsAfterPass { throw nothing }
                    if !hasWarned { report.trouble("\(nothing); it is looked for again and again") }
                    hasWarned = true
                    try await clock.sleep(settings.interval)
                    continue
                }
                hasWarned = false
                let known = seen.newest ?? FolderDay.of(oldestWritten(start))
                let days = Self.days(now: now, known: known, isDeep: isDeep)
                for day in days { try await pass(folders, day: day, since: start, seen) }
                if settings.endsAfterPass { try await judge(folders, days, seen) }
                if isDeep {
                    deepAt = begun
                    try seen.prune(before: FolderDay.of(now - lookBack), report)
                }
                pauses.reset()
            } catch let error as AWSError {
                guard hasListed || error.isTransient, !settings.endsAfterPass else { throw error }
                report.trouble("\(error)")
                try await clock.sleep(pauses.pause())
                continue
            }
            if settings.endsAfterPass { return }
            try await clock.sleep(max(.zero, settings.interval - (clock.instant() - begun)))
        }
    }

    /// Ends a single pass by an error where it found nothing, or could not read all that it found.
    private func judge(_ folders: [TrailFolder], _ days: [String], _ seen: Memory) async throws {
        let found = seen.found
        if found.unread.count > 0 { throw found.unread }
        if found.files == 0 { throw try await layout.nothingFound(in: folders, days: days.sorted()) }
        if found.older > 0 {
            report.notice(
                "\(found.older) log files were written before this collector's first start: --since brings them")
        }
    }

    private var lookBack: Milliseconds { Milliseconds(CollectLimits.lateDays) * FolderDay.length }

    private func time() -> Milliseconds { Milliseconds(clock.now().timeIntervalSince1970 * 1_000) }

    /// The days that a pass lists, in the order in which it does: today, and before it the days from which anything but
    /// late files may be missing; then those of late files, which wait for what is live.
    ///
    /// - Parameter known: the newest day of which files were delivered.
    package static func days(now: Milliseconds, known: String, isDeep: Bool) -> [String] {
        let month = FolderDay.range(
            from: now - Milliseconds(CollectLimits.lateDays - 1) * FolderDay.length, through: now)
        let recent = month.suffix(CollectLimits.recentDays)
        guard isDeep else { return Array(recent) }
        // A file may be delivered just after midnight before the last of the day before.
        let caughtUp = month.lastIndex { $0 < known } ?? 0
        let first = min(caughtUp, recent.startIndex)
        return Array(month[first...] + month[..<first])
    }

    /// The time before which a file was written that is left to a backfill.
    private func oldestWritten(_ start: Double) -> Milliseconds {
        Milliseconds(start - CollectLimits.startMarginSeconds * 1_000)
    }

    /// When this collector ran first, in milliseconds since 1970: it is kept.
    private func firstStart(_ now: Milliseconds) throws -> Double {
        let path = state + "/started"
        try StateFolder.make(state)
        if let known = try DurableFile.read(path, limit: 64) {
            if let time = EventTime.parse(String(decoding: known, as: UTF8.self)) { return Double(time) }
        }
        try DurableFile.write(Array(EventTime.format(now).utf8), to: path)
        return Double(now)
    }

    /// One day: lists it whole, and delivers what is new in order.
    private func pass(_ folders: [TrailFolder], day: String, since start: Double, _ seen: Memory) async throws {
        var failure: AWSError?
        var listing = DayListing(s3: s3, bucket: bucket, folders: folders, day: day)
        while let files = try await listing.next(
            where: { object in
                let isWanted = isWanted(object, since: start)
                seen.find { found in
                    found.files += 1
                    if !isWanted { found.older += 1 }
                }
                return isWanted && !seen.contains(object.key, day: day)
            },
            onOther: { object in
                guard !seen.contains(object.key, day: day) else { return }
                report.leftOut(ObjectLocation(bucket: bucket, key: object.key))
                // Counted once; a state that can't be kept fails at the next log file.
                try? seen.insert(object.key, day: day)
            },
            onFailure: {
                failure = $1
                return false
            })
        {
            try await deliver(files, day: day, seen)
            if failure != nil { break }
        }
        if let failure { throw failure }
    }

    private func deliver(_ files: [ListedFile], day: String, _ seen: Memory) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var underWay = 0
            defer { report.count { $0.listed = nil } }
            for (index, file) in files.enumerated() {
                report.count { $0.listed = files.count - index }
                // Tasks that are done with would hold their results in memory.
                if underWay >= CollectLimits.filesInFlight { try await group.next() } else { underWay += 1 }
                let location = ObjectLocation(bucket: bucket, key: file.key)
                observe(location)
                try await delivery.admit(location, lane: .live)
                group.addTask { try await deliver(location, day: day, seen) }
            }
            try await group.waitForAll()
        }
    }

    private func isWanted(_ object: S3.ObjectSummary, since start: Double) -> Bool {
        let written = object.lastModified?.timeIntervalSince1970 ?? .infinity
        return written * 1_000 >= Double(oldestWritten(start))
    }

    private func deliver(_ object: ObjectLocation, day: String, _ seen: Memory) async throws {
        switch try await delivery.deliverAdmitted(object, lane: .live) {
        case .delivered: break
        case .retry(let reason), .blocked(let reason):
            seen.find { $0.unread.add(reason) }
            return report.trouble(reason)
        case .poison(let reason):
            guard setAside(object, reason, aside, clock, report) else { return }
        }
        try seen.insert(object.key, day: day)
    }
}

/// Keeps a log file's address aside, with the reason. False where it can't be kept: the file is tried again.
func setAside(
    _ object: ObjectLocation, _ reason: String, _ aside: AsideFolder, _ clock: AWSClock, _ report: CollectReport
) -> Bool {
    let at = EventTime.format(Milliseconds(clock.now().timeIntervalSince1970 * 1_000))
    do {
        try aside.put(AsideFolder.Item(at: at, reason: reason, source: object.description, body: ""))
    } catch {
        report.trouble("\(object) can't be set aside: \(error)")
        return false
    }
    report.count { $0.aside += 1 }
    report.trouble("\(object) set aside: \(reason)")
    return true
}

/// The names of a collector's run, shared among its tasks.
private final class Memory: Sendable {
    /// What the passes have met.
    struct Found {
        /// Log files in the days that were listed, and those of them that are left to a backfill.
        var files = 0
        var older = 0
        var unread = UnreadFiles()
    }

    private let names: Mutex<SeenNames>
    private let state = Mutex(Found())

    var found: Found { state.withLock { $0 } }

    func find(_ change: (inout Found) -> Void) { state.withLock { change(&$0) } }

    init(_ names: sending SeenNames) { self.names = Mutex(names) }

    func contains(_ key: String, day: String) -> Bool { names.withLock { $0.contains(key, day: day) } }

    var newest: String? { names.withLock { $0.newest } }

    func insert(_ key: String, day: String) throws { try names.withLock { try $0.insert(key, day: day) } }

    /// Forgets what no pass lists any more, and more where memory would not hold it: those files would be read again,
    /// and the service recognise their events.
    func prune(before oldest: String, _ report: CollectReport) throws {
        names.withLock { names in
            names.forget(before: oldest)
            while names.count > CollectLimits.seenNames, let day = names.oldest {
                report.trouble("more than \(CollectLimits.seenNames) names: those of \(day) are forgotten")
                names.forget(before: day + "~")
            }
        }
    }
}
