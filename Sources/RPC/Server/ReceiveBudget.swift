// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// A peer's part of what a server holds for its callers. Connections of the same name share one part.
public struct CallerShare: Sendable, Hashable {
    /// Names the caller, such as a fingerprint or the accounts of a certificate.
    public var name: String
    /// Bytes of messages on their way in, as `Limits.maxReceivingBytesPerCaller`.
    public var receivingBytes: Int
    /// Bytes of answers that it has not taken, as `Limits.maxUnsentBytesPerCaller`.
    public var unsentBytes: Int

    /// A share by its name.
    public init(name: String, receivingBytes: Int, unsentBytes: Int = Limits().maxUnsentBytesPerCaller) {
        self.name = name
        self.receivingBytes = receivingBytes
        self.unsentBytes = unsentBytes
    }
}

/// The room for messages on their way in of all connections of a server: `ReceiveLedger` under one lock, and the streams
/// that wait. A stream whose turn it is hears of it on its event loop.
///
/// Small messages that come in one piece never get here, and of the others one lock is taken for a message or a frame.
final class ReceiveBudget: Sendable {
    private struct State {
        var ledger: ReceiveLedger
        /// Streams with a reservation, granted or not.
        var streams: [ReceiveLedger.Ticket: ServerStream] = [:]
    }

    private let state: Mutex<State>

    init(_ limits: Limits) {
        // One message of the greatest length has to fit, whatever the limits say.
        let limit = max(limits.maxReceivingBytes, limits.largestFrame)
        state = Mutex(State(ledger: ReceiveLedger(limit: limit, patience: limits.receivingPatience.timeAmount)))
    }

    func join(_ share: CallerShare) -> ReceiveLedger.CallerID {
        state.withLock { $0.ledger.join(share.name, limit: share.receivingBytes) }
    }

    func leave(_ caller: ReceiveLedger.CallerID) { state.withLock { $0.ledger.leave(caller) } }

    /// Asks for room for a message of the stream.
    func reserve(_ caller: ReceiveLedger.CallerID, bytes: Int, for stream: ServerStream) -> ReceiveLedger.Outcome {
        state.withLock { state in
            let outcome = state.ledger.reserve(caller, bytes: bytes, now: .now())
            switch outcome {
            case .granted(let ticket), .waits(let ticket): state.streams[ticket] = stream
            case .refused: break
            }
            return outcome
        }
    }

    /// The message came whole; so many bytes of it are kept.
    func deliver(_ ticket: ReceiveLedger.Ticket, keeping bytes: Int) {
        wake { state in
            state.streams[ticket] = nil
            return state.ledger.deliver(ticket, keeping: bytes, now: .now())
        }
    }

    /// Kept bytes are no longer needed.
    func release(_ caller: ReceiveLedger.CallerID, bytes: Int) {
        wake { $0.ledger.release(caller, bytes: bytes, now: .now()) }
    }

    /// The message is not wanted any more.
    func cancel(_ ticket: ReceiveLedger.Ticket) {
        wake { state in
            state.streams[ticket] = nil
            return state.ledger.cancel(ticket, now: .now())
        }
    }

    /// Counts bytes without a reservation; answers the limit that they go over.
    func hold(_ caller: ReceiveLedger.CallerID, by change: Int) -> LimitName? {
        state.withLock { $0.ledger.hold(caller, by: change) }
    }

    /// Ends the messages that others have waited for long enough.
    func endOverdue(now: NIODeadline) {
        let overdue = state.withLock { state in
            state.ledger.overdue(now: now).compactMap { ticket in state.streams[ticket].map { (ticket, $0) } }
        }
        for (ticket, stream) in overdue {
            stream.scheduler.eventLoop.execute { stream.messageTookTooLong(ticket) }
        }
    }

    /// Bytes that are reserved, and bytes that came without.
    var bytes: (reserved: Int, held: Int) { state.withLock { ($0.ledger.reserved, $0.ledger.held) } }

    private func wake(_ event: (inout State) -> [ReceiveLedger.Ticket]) {
        let granted = state.withLock { state in
            event(&state).compactMap { ticket in state.streams[ticket].map { (ticket, $0) } }
        }
        for (ticket, stream) in granted { stream.scheduler.eventLoop.execute { stream.roomGranted(ticket) } }
    }
}

extension Limits {
    /// The longest message with its prefix.
    var largestFrame: Int { maxReceiveMessageBytes.addingReportingOverflow(MessageDeframer.prefixBytes).0 }
}
