// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// A log file on its way to the service, as it was delivered.
package struct CollectedFile: Sendable {
    /// Where it came from: the object's address.
    package let source: String
    /// The object's bytes, plain or gzip.
    package let bytes: [UInt8]
    /// Whether it is history that was fetched later: its alerts are marked so and never remediate.
    package let isHistorical: Bool

    package init(source: String, bytes: [UInt8], isHistorical: Bool) {
        self.source = source
        self.bytes = bytes
        self.isHistorical = isHistorical
    }
}

/// What the service acknowledged of a log file.
package struct Acknowledgement: Sendable, Hashable {
    /// Records that were stored now, that were known, and that were refused.
    package var accepted = 0
    package var duplicate = 0
    package var rejected = 0
    /// Why the file was refused whole; nil where it was read.
    package var refusal: String?
    /// The refused records by reason; together as many as `rejected`.
    package var reasons: [Refusal]

    package init(
        accepted: Int = 0, duplicate: Int = 0, rejected: Int = 0, refusal: String? = nil, reasons: [Refusal] = []
    ) {
        self.accepted = accepted
        self.duplicate = duplicate
        self.rejected = rejected
        self.refusal = refusal
        self.reasons = reasons
    }
}

/// Where collected log files go: the service, or a test's stand-in for it.
package protocol EventSink: Sendable {
    /// Hands a log file over, and returns once what it says of it is durable. However long the service is away, this
    /// waits.
    ///
    /// - Throws: where the service will not take the collector's files at all, or the task is cancelled.
    func submit(_ file: CollectedFile) async throws -> Acknowledgement

    /// Batches that wait in the service's queues; nil where that can't be asked.
    func backlog() async -> Int?

    /// The time of the newest event that the service has of some accounts; nil where that can't be asked.
    func newestEvent(_ accounts: Set<String>) async -> Milliseconds?
}

extension EventSink {
    package func newestEvent(_ accounts: Set<String>) async -> Milliseconds? { nil }
}

/// What the service refuses for good: the collector has nothing left to do.
package struct SinkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In one line.
    package let description: String

    package init(_ description: String) { self.description = description }
}
