// SPDX-License-Identifier: Apache-2.0

/// What one stream has sent and has had no acknowledgement for.
///
/// A value without I/O. Its events and what can go wrong with them:
/// - the caller breaks the order of calls (`send` without anything to send): answered with nil, no harm done;
/// - the service acknowledges what was not sent, or out of order: `Violation`, the stream is given up;
/// - the connection is lost: everything not acknowledged is sent again, in order, before anything new. The service
///   recognises what it had stored already, so nothing is lost or doubled.
package struct SubmitWindow<Payload: Sendable>: Sendable {
    /// The service broke the contract.
    package struct Violation: Error, Equatable {
        package let acknowledged: UInt64
        package let expected: UInt64?

        package init(acknowledged: UInt64, expected: UInt64?) {
            self.acknowledged = acknowledged
            self.expected = expected
        }
    }

    /// A request: its number within the stream and what it carries.
    package struct Request: Sendable {
        package let sequence: UInt64
        package let payload: Payload
    }

    private struct Entry {
        let payload: Payload
        let bytes: Int
    }

    private let requestLimit: Int
    private let byteLimit: Int
    /// Oldest first; the first `sent` of them are on the wire, and the first of all has the number `firstSequence`.
    private var entries: [Entry] = []
    private var sent = 0
    private var firstSequence: UInt64 = 1
    private var bytes = 0

    package init(requestLimit: Int = Limits.windowRequests, byteLimit: Int = Limits.windowBytes) {
        self.requestLimit = max(1, requestLimit)
        self.byteLimit = byteLimit
    }

    /// Requests without an acknowledgement.
    package var unacknowledged: Int { entries.count }

    /// The payload that has waited longest for its acknowledgement.
    package var oldest: Payload? { entries.first?.payload }

    /// True where another payload may be taken in. A payload larger than the whole window is taken when it is alone.
    package var hasRoom: Bool { unacknowledged == 0 || unacknowledged < requestLimit && bytes < byteLimit }

    /// True where something waits to be sent.
    package var hasUnsent: Bool { sent < entries.count }

    /// Takes a payload in.
    package mutating func admit(_ payload: Payload, bytes count: Int) {
        entries.append(Entry(payload: payload, bytes: count))
        bytes += count
    }

    /// The next request to write, or nil.
    package mutating func send() -> Request? {
        guard hasUnsent else { return nil }
        let request = Request(sequence: firstSequence + UInt64(sent), payload: entries[sent].payload)
        sent += 1
        return request
    }

    /// An acknowledgement came: the payload that is done with. They come in the order of the requests.
    package mutating func acknowledge(_ sequence: UInt64) throws(Violation) -> Payload {
        guard sent > 0, sequence == firstSequence else {
            throw Violation(acknowledged: sequence, expected: sent > 0 ? firstSequence : nil)
        }
        // Few enough that moving the others up costs nothing, where a payload that stays would.
        let entry = entries.removeFirst()
        sent -= 1
        firstSequence += 1
        bytes -= entry.bytes
        return entry.payload
    }

    /// The connection is gone: everything without an acknowledgement will be sent again on the next, numbered anew.
    package mutating func connectionLost() {
        sent = 0
        firstSequence = 1
    }
}
