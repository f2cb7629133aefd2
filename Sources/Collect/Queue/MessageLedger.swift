// SPDX-License-Identifier: Apache-2.0

/// The messages that a collector holds, and until when each is hidden from others. A value without I/O; time is an
/// argument.
///
/// A message that is held nearly as long as SQS allows is given up: it comes again, and the service recognises what it
/// has of it. Invalid operations: to extend or settle a message that is not held is legitimate (it was given up
/// meanwhile) and ignored; there are no others.
package struct MessageLedger: Sendable {
    /// A held message.
    private struct Entry {
        let receivedAt: ContinuousClock.Instant
        var hiddenUntil: ContinuousClock.Instant
    }

    private let visibility: Duration
    private let custody: Duration
    private var entries: [String: Entry] = [:]

    /// - Parameters:
    ///   - visibility: For how long each asking hides a message.
    ///   - custody: For how long one is held at most.
    package init(visibility: Duration, custody: Duration = CollectLimits.custody) {
        self.visibility = visibility
        self.custody = custody
    }

    /// How many are held.
    package var count: Int { entries.count }

    /// The receipt handles of all that are held.
    package var handles: [String] { Array(entries.keys) }

    /// A message came.
    package mutating func take(_ handle: String, at now: ContinuousClock.Instant) {
        entries[handle] = Entry(receivedAt: now, hiddenUntil: now + visibility)
    }

    /// The messages to hide for longer now: those with less than half of their time left.
    package func due(at now: ContinuousClock.Instant) -> [String] {
        entries.filter { _, entry in
            entry.hiddenUntil - now <= visibility / 2 && now - entry.receivedAt + visibility < custody
        }.map(\.key).sorted()
    }

    /// A message is hidden anew since `now`.
    package mutating func extended(_ handle: String, at now: ContinuousClock.Instant) {
        entries[handle]?.hiddenUntil = now + visibility
    }

    /// A message is done with, whatever became of it.
    package mutating func settle(_ handle: String) { entries[handle] = nil }
}
