// SPDX-License-Identifier: Apache-2.0

/// The failure of a call: what a handler throws to end its call with a status, and what a client's call throws.
public struct RPCError: Error, Sendable, CustomStringConvertible {
    /// The status code.
    public var code: StatusCode
    /// A text for the developer at the other end. It travels to the peer.
    public var message: String
    /// On a server: trailing metadata to send. On a client: the trailing metadata that came.
    public var metadata: Metadata
    /// A serialized google.rpc.Status (`grpc-status-details-bin`), or empty.
    public var details: [UInt8]
    /// What led to this error. It stays on this side.
    public var cause: (any Error)?

    /// An error with a code and a message.
    public init(
        _ code: StatusCode, _ message: String, metadata: Metadata = Metadata(), details: [UInt8] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.metadata = metadata
        self.details = details
        self.cause = cause
    }

    /// Code, message and, where there is one, the cause.
    public var description: String {
        guard let cause else { return "\(code): \(message)" }
        return "\(code): \(message) (\(cause))"
    }

    /// Why no connection came up, where that is what the call failed of.
    public var handshakeFailure: HandshakeFailure? { cause as? HandshakeFailure }

    /// The status for an error of any type: an `RPCError` as it is, a cancellation as CANCELLED, and everything
    /// else as UNKNOWN without its text, which may tell what the peer should not know.
    public static func from(_ error: any Error) -> RPCError {
        if let error = error as? RPCError { return error }
        if error is CancellationError { return RPCError(.cancelled, "The call was cancelled.", cause: error) }
        return RPCError(.unknown, "The handler failed.", cause: error)
    }
}
