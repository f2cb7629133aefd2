// SPDX-License-Identifier: Apache-2.0

/// A value of one of the contract's message types.
///
/// Decoding copies payload bytes once, from the wire into the message's arena; encoding copies them once, from there
/// into the caller's buffer. Unknown fields are skipped, except that a group, a construct of protobuf 2, is refused.
package protocol Message: Sendable, Equatable {
    /// The full protobuf name, for example `trailhound.v1.Alert`.
    static var messageName: String { get }

    /// Every field at its default.
    init()

    /// Reads protobuf's wire format. `bytes` need not outlive the call.
    init(decoding bytes: UnsafeRawBufferPointer) throws(MessageError)

    /// Lays the message out once and lends it, measured and ready to be written, to `body`.
    func withEncoding(_ body: (borrowing EncodableMessage) -> Void)
}

extension Message {
    /// Reads protobuf's wire format.
    @inlinable
    package init(decoding bytes: [UInt8]) throws(MessageError) {
        self = try bytes.withUnsafeBufferPointer { (bytes) throws(MessageError) -> Self in
            try Self(decoding: UnsafeRawBufferPointer(bytes))
        }
    }

    /// The length of the encoded message.
    @inlinable
    package var encodedSize: Int {
        var size = 0
        withEncoding { size = $0.size }
        return size
    }

    /// Writes the encoded message to the start of `buffer`, which must have room for `encodedSize` bytes, and returns
    /// how many bytes that were.
    @inlinable @discardableResult
    package func encode(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        withEncoding { count = $0.write(into: buffer) }
        return count
    }

    /// The encoded message.
    @inlinable
    package func encodedBytes() -> [UInt8] {
        var bytes: [UInt8] = []
        withEncoding { encoding in
            bytes = [UInt8](unsafeUninitializedCapacity: encoding.size) { buffer, count in
                count = encoding.write(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
        return bytes
    }
}
