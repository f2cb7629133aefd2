// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Synchronization

/// Something wrong that the verification of digests found, and where.
package struct LogFileFinding: Sendable, Hashable {
    /// Whose log files these are.
    package let accountID: String
    package let region: String
    /// The trail, where one was named.
    package let trail: String?
    /// Where they are.
    package let bucket: String
    package let finding: DigestFinding

    package init(accountID: String, region: String, trail: String?, bucket: String, finding: DigestFinding) {
        self.accountID = accountID
        self.region = region
        self.trail = trail
        self.bucket = bucket
        self.finding = finding
    }
}

/// Validates the digests of what a running collector collects: every hour, of each account and region that files came
/// from, the last hours.
package final class DigestWatch: Sendable {
    /// An account's log files of a region in a bucket.
    private struct Place: Hashable, Sendable {
        let bucket: String
        let folder: TrailFolder
    }

    private let audit: DigestAudit
    private let report: CollectReport
    private let clock: AWSClock
    private let interval: Duration
    private let places = Mutex<[Place: Milliseconds]>([:])
    private let hand: @Sendable ([LogFileFinding]) async throws -> Void

    /// - Parameter hand: Takes what is wrong; returns once it is durable.
    package init(
        audit: DigestAudit, report: CollectReport, interval: Duration = CollectLimits.validationInterval,
        clock: AWSClock = .system, hand: @escaping @Sendable ([LogFileFinding]) async throws -> Void
    ) {
        self.audit = audit
        self.report = report
        self.interval = interval
        self.clock = clock
        self.hand = hand
    }

    /// A log file came.
    package func observe(_ object: ObjectLocation) {
        guard let folder = TrailFolder(key: object.key) else { return }
        let events = TrailFolder(
            keyPrefix: folder.keyPrefix, organizationID: folder.organizationID, accountID: folder.accountID,
            kind: .events, region: folder.region)
        let now = time()
        places.withLock { places in
            let place = Place(bucket: object.bucket, folder: events)
            if places[place] == nil, places.count < CollectLimits.validatedFolders { places[place] = now }
        }
    }

    /// Validates again and again, until the task is cancelled.
    package func run() async throws {
        while true {
            try await clock.sleep(interval)
            try await validate()
        }
    }

    /// Validates everything once.
    ///
    /// - Throws: what `hand` throws, and `CancellationError`. What AWS refuses is told, and tried again next time.
    package func validate() async throws {
        for (place, since) in places.withLock({ $0 }) {
            do {
                try await validate(place, seenSince: since)
            } catch let error as AWSError {
                report.trouble("digests of \(place.bucket)/\(place.folder): \(error)")
            }
        }
    }

    private func validate(_ place: Place, seenSince: Milliseconds) async throws {
        let now = time()
        let hour: Milliseconds = 3_600_000
        let folder = place.folder
        let scope = DigestAudit.Scope(
            bucket: place.bucket, keyPrefix: folder.keyPrefix, organizationID: folder.organizationID,
            accountID: folder.accountID, region: folder.region,
            since: now - Milliseconds(CollectLimits.validationHours) * hour, until: now)
        var wrong: [LogFileFinding] = []
        try await audit.run(scope) { finding in
            guard finding.verdict == .bad else { return }
            // The first digest of a new region comes hours after its first log file.
            if finding.kind == .noDigests, now - seenSince < 3 * hour { return }
            wrong.append(
                LogFileFinding(
                    accountID: folder.accountID, region: folder.region, trail: nil, bucket: place.bucket,
                    finding: finding))
        }
        guard !wrong.isEmpty else { return }
        report.trouble("\(wrong.count) findings in the digests of \(place.bucket)/\(folder)")
        try await hand(wrong)
    }

    private func time() -> Milliseconds { Milliseconds(clock.now().timeIntervalSince1970 * 1_000) }
}
