// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// Brings one log file from its bucket to the service, as it was delivered.
package struct FileDelivery: Sendable {
    /// How it went.
    package enum Outcome: Sendable, Hashable {
        /// The service has what it took of it on disk.
        case delivered
        /// It can't ever be delivered, for this reason.
        case poison(String)
        /// It could not be read this time, for this reason.
        case retry(String)
        /// It can't be read before a person has mended something, as a permission: for this reason.
        case blocked(String)
    }

    private let s3: S3
    private let sink: any EventSink
    private let permits: Permits
    private let report: CollectReport
    /// The buckets that log files are taken from; empty for any.
    private let buckets: Set<String>

    /// - Parameter buckets: The only buckets that are read; empty for whatever is named. Whoever can write to a queue
    ///   could name others.
    package init(
        s3: S3, sink: any EventSink, permits: Permits, report: CollectReport, buckets: Set<String> = []
    ) {
        self.s3 = s3
        self.sink = sink
        self.permits = permits
        self.report = report
        self.buckets = buckets
    }

    /// Delivers an object in its turn.
    ///
    /// - Throws: `SinkError` where the service takes nothing any more, and `CancellationError`.
    package func deliver(_ object: ObjectLocation, lane: Permits.Lane) async throws -> Outcome {
        try await admit(object, lane: lane)
        return try await deliverAdmitted(object, lane: lane)
    }

    /// Waits until it is an object's turn. `deliverAdmitted` has to follow.
    ///
    /// - Throws: `CancellationError`.
    func admit(_ object: ObjectLocation, lane: Permits.Lane) async throws {
        try await permits.acquire(lane, delivered: Self.delivered(object))
    }

    /// Delivers an object whose turn it is.
    func deliverAdmitted(_ object: ObjectLocation, lane: Permits.Lane) async throws -> Outcome {
        let outcome: Result<Outcome, any Error>
        do {
            outcome = .success(
                buckets.isEmpty || buckets.contains(object.bucket)
                    ? try await fetchAndSubmit(object, isHistorical: lane == .history)
                    : .poison("the bucket \(object.bucket) is not one that this collector reads"))
        } catch {
            outcome = .failure(error)
        }
        await permits.release(lane, delivered: Self.delivered(object))
        return try outcome.get()
    }

    private static func delivered(_ object: ObjectLocation) -> Milliseconds? {
        LogFileName(key: object.key)?.delivered
    }

    private func fetchAndSubmit(_ object: ObjectLocation, isHistorical: Bool) async throws -> Outcome {
        let bytes: [UInt8]
        do {
            bytes = try await s3.getObject(
                bucket: object.bucket, key: object.key, limit: CollectLimits.logFileBytes
            ).body
        } catch let error as AWSError {
            return judge(error, object)
        }
        let file = CollectedFile(source: object.description, bytes: bytes, isHistorical: isHistorical)
        let acknowledgement = try await sink.submit(file)
        report.count { totals in
            totals.accepted += acknowledgement.accepted
            totals.duplicate += acknowledgement.duplicate
            totals.rejected += acknowledgement.rejected
            if let name = LogFileName(key: object.key) { totals.accounts.insert(name.accountID.description) }
        }
        report.refused(object, acknowledgement.reasons)
        if let refusal = acknowledgement.refusal { return .poison("the service refused the file: \(refusal)") }
        report.count { totals in
            totals.files += 1
            totals.bytes += bytes.count
        }
        return .delivered
    }

    private func judge(_ error: AWSError, _ object: ObjectLocation) -> Outcome {
        if error.code == "NoSuchKey" { return .poison("the object is gone") }
        if error.code == "ResponseTooLarge" {
            return .poison("the object has more than \(CollectLimits.logFileBytes) bytes")
        }
        if error.code == AWSError.invalidBucketName { return .poison("\(object.bucket) is no bucket's name") }
        report.count { $0.retried += 1 }
        return error.needsMending ? .blocked("\(object): \(error)") : .retry("\(object): \(error)")
    }
}
