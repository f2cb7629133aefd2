// SPDX-License-Identifier: Apache-2.0

/// The states of a call on a server, from its accepted headers to its end.
///
/// The two halves move apart: the client's (messages, then its end) and ours (headers, messages, then trailers).
/// - The peer's faults (a second request of a unary call, none at all) end the call with a status.
/// - Legitimately ignored: messages after the call was ended, an end that comes twice by way of a reset.
/// - Our bugs can't be expressed: every event has an answer in every state.
package struct ServerStreamMachine: Equatable {
    private enum Inbound { case open, ended }
    private enum Outbound { case idle, open, ending, ended }

    private let shape: CallShape
    private var inbound = Inbound.open
    private var outbound = Outbound.idle
    private var messages = 0
    /// The stream is gone.
    package private(set) var isClosed = false

    /// A call whose headers were accepted.
    package init(shape: CallShape) { self.shape = shape }

    /// The method takes one request, and the client has not ended its half.
    package var awaitsRequest: Bool { !shape.clientStreams && inbound == .open && !isClosed }

    /// What to do with a message of the client.
    package enum MessageAction: Equatable {
        /// The handler gets it.
        case deliver
        /// Nobody waits for it any more.
        case ignore
        /// The call ends: the method takes one request.
        case refuse
    }

    /// A message came.
    package mutating func receivedMessage() -> MessageAction {
        guard !isClosed, inbound == .open, outbound == .idle || outbound == .open else { return .ignore }
        messages += 1
        return shape.clientStreams || messages == 1 ? .deliver : .refuse
    }

    /// What to do at the end of the client's half.
    package enum EndAction: Equatable {
        /// Tell the handler.
        case deliver
        case ignore
        /// The call ends: its one request never came.
        case refuse
    }

    /// The client ended its half.
    package mutating func receivedEnd() -> EndAction {
        guard !isClosed, inbound == .open else { return .ignore }
        inbound = .ended
        guard outbound == .idle || outbound == .open else { return .ignore }
        return shape.clientStreams || messages == 1 ? .deliver : .refuse
    }

    /// What to do before a message or headers can be sent.
    package enum SendAction: Equatable {
        case send
        /// The response's headers go first.
        case sendAfterHeaders
        /// The call is over.
        case refuse
    }

    /// A message, or headers alone, are to be sent.
    package mutating func send() -> SendAction {
        guard !isClosed else { return .refuse }
        switch outbound {
        case .idle:
            outbound = .open
            return .sendAfterHeaders
        case .open: return .send
        case .ending, .ended: return .refuse
        }
    }

    /// How the call ends.
    package enum FinishAction: Equatable {
        /// One block with the status: nothing was sent before.
        case trailersOnly
        /// Trailers after what is still to be sent.
        case trailers
        /// It has ended already.
        case ignore
    }

    /// The call has its status.
    package mutating func finish() -> FinishAction {
        guard !isClosed else { return .ignore }
        switch outbound {
        case .idle:
            outbound = .ending
            return .trailersOnly
        case .open:
            outbound = .ending
            return .trailers
        case .ending, .ended: return .ignore
        }
    }

    /// Our END_STREAM left. True: the client has not ended its half, so it is told to stop (RST_STREAM, NO_ERROR).
    package mutating func sentEnd() -> Bool {
        outbound = .ended
        return !isClosed && inbound == .open
    }

    /// The stream is gone. True: before we ended it, so the handler is cancelled.
    package mutating func closed() -> Bool {
        guard !isClosed else { return false }
        isClosed = true
        return outbound != .ended
    }
}
