// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no message of the expected type. An RPC answers it with INVALID_ARGUMENT.
package struct MessageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of fault.
    package enum Reason: Equatable, Sendable {
        /// The bytes are not in protobuf's wire format, or a known field has another wire type.
        case malformed
        /// The message would unfold to more memory than `MessageLimits` grants for its length.
        case unfoldsTooLarge
        /// A string is not UTF-8.
        case invalidUTF8
        /// The message is longer than `MessageLimits.wireBytes`.
        case tooLong
    }

    /// The kind of fault.
    package var reason: Reason
    /// The full protobuf name of the message, or of the field where one is at fault.
    package var name: String

    /// Names a fault of the message or field `name`.
    package init(_ reason: Reason, _ name: String) {
        self.reason = reason
        self.name = name
    }

    /// One line for the peer.
    package var description: String {
        switch reason {
        case .malformed: "not a \(name): malformed protobuf"
        case .unfoldsTooLarge: "not a \(name): it would unfold to more memory than the limit"
        case .invalidUTF8: "\(name) is not UTF-8"
        case .tooLong: "not a \(name): longer than the limit of \(MessageLimits.wireBytes) bytes"
        }
    }
}
