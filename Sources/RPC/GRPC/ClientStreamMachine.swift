// SPDX-License-Identifier: Apache-2.0

/// The states of a call on a client, from its sent headers to its status.
///
/// - The server's faults (no status, a second response of a unary call, a body that is no gRPC) end the call with the
///   status that gRPC's documents set for it.
/// - Legitimately ignored: whatever comes after the call has its status here (a deadline, a cancellation).
/// - Our bugs can't be expressed: every event has an answer in every state.
package struct ClientStreamMachine: Equatable {
    private enum Inbound { case awaitingHeaders, open, ended }
    private enum Outbound { case open, ended }

    private let shape: CallShape
    private var inbound = Inbound.awaitingHeaders
    private var outbound = Outbound.open
    private var messages = 0

    /// A call whose headers were sent.
    package init(shape: CallShape) { self.shape = shape }

    /// The call has its status.
    package var isEnded: Bool { inbound == .ended }
    /// Requests may still be sent.
    package var isSending: Bool { outbound == .open && inbound != .ended }

    /// What to do with a header block.
    package enum HeadersAction {
        /// An informational response, or one after the end.
        case ignore
        /// The response's initial metadata.
        case begin
        /// The call's status; the stream is reset where the server has not ended it.
        case end(Result<Metadata, RPCError>, reset: Bool)
    }

    /// A header block came.
    package mutating func receivedHeaders(_ head: ResponseHead, endStream: Bool) -> HeadersAction {
        switch inbound {
        case .ended: return .ignore
        case .awaitingHeaders:
            if head.httpStatus >= 100 && head.httpStatus < 200 { return .ignore }
            if let status = head.status, endStream, !head.isOverLimit { return end(status, reset: false) }
            if let fault = Self.fault(of: head, endStream: endStream) {
                return end(.failure(fault), reset: !endStream)
            }
            inbound = .open
            return .begin
        case .open:
            if head.isOverLimit { return end(.failure(Self.tooLong), reset: !endStream) }
            if let status = head.status, endStream { return end(checked(status), reset: false) }
            let fault = RPCError(.internalError, "The response's trailers carry no status.")
            return end(.failure(fault), reset: !endStream)
        }
    }

    /// What is wrong with the start of a response, if anything.
    private static func fault(of head: ResponseHead, endStream: Bool) -> RPCError? {
        if head.httpStatus != 200 {
            return RPCError(
                StatusMapping.code(httpStatus: head.httpStatus), "The server answered HTTP status \(head.httpStatus).")
        }
        if head.isOverLimit { return tooLong }
        if !head.isGRPC { return RPCError(.unknown, "The server's answer is no gRPC.") }
        if head.encoding == nil { return RPCError(.internalError, "The response's encoding is not known.") }
        if endStream { return RPCError(.internalError, "The response carries no status.") }
        return nil
    }

    private static let tooLong = RPCError(.resourceExhausted, "The response's headers are over the limit.")

    private mutating func end(_ status: Result<Metadata, RPCError>, reset: Bool) -> HeadersAction {
        inbound = .ended
        return .end(status, reset: reset)
    }

    /// A method with one response has not succeeded without it.
    private func checked(_ status: Result<Metadata, RPCError>) -> Result<Metadata, RPCError> {
        guard case .success = status, !shape.serverStreams, messages != 1 else { return status }
        return .failure(RPCError(.unimplemented, "The method has one response; none came."))
    }

    /// What to do with a message.
    package enum MessageAction: Equatable {
        case deliver
        case ignore
        /// The call ends: the method has one response.
        case refuse
    }

    /// A message came.
    package mutating func receivedMessage() -> MessageAction {
        guard inbound == .open else { return .ignore }
        messages += 1
        return shape.serverStreams || messages == 1 ? .deliver : .refuse
    }

    /// The client has sent everything. False when it had before.
    package mutating func finishSending() -> Bool {
        guard outbound == .open else { return false }
        outbound = .ended
        return true
    }

    /// The call ends here and now: a deadline, a cancellation, a lost connection. False when it had ended.
    package mutating func endLocally() -> Bool {
        guard inbound != .ended else { return false }
        inbound = .ended
        return true
    }
}
