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
    func withEncoding<Result>(_ body: (borrowing EncodableMessage) throws -> Result) rethrows -> Result
}

extension Message {
    /// Reads protobuf's wire format.
    package init(decoding bytes: [UInt8]) throws(MessageError) {
        var outcome: Result<Self, MessageError>
        outcome = bytes.withUnsafeBytes { raw in
            do throws(MessageError) { return .success(try Self(decoding: raw)) } catch { return .failure(error) }
        }
        self = try outcome.get()
    }

    /// The length of the encoded message.
    package var encodedSize: Int { withEncoding { $0.size } }

    /// Writes the encoded message to the start of `buffer`, which must have room for `encodedSize` bytes, and returns
    /// how many bytes that were.
    @discardableResult
    package func encode(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        withEncoding { $0.write(into: buffer) }
    }

    /// The encoded message.
    package func encodedBytes() -> [UInt8] {
        withEncoding { encoding in
            [UInt8](unsafeUninitializedCapacity: encoding.size) { buffer, count in
                count = encoding.write(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }
}
