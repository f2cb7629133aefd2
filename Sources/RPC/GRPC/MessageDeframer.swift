// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Cuts a body into gRPC's length-prefixed messages. A message that lies whole in one piece of the body is handed on in
/// place; others are gathered.
package struct MessageDeframer {
    /// The longest message that is taken.
    package let maxMessageBytes: Int
    /// An unfinished message. Most calls never have one.
    private var gathered: ByteBuffer?
    /// A flag and the message's length.
    fileprivate static let prefixBytes = 5

    /// A deframer at the start of a body.
    package init(maxMessageBytes: Int) { self.maxMessageBytes = maxMessageBytes }

    /// Bytes of an unfinished message that are held.
    package var pendingBytes: Int { gathered?.readableBytes ?? 0 }

    /// Calls `body` for each message that the bytes complete: whether it is compressed, and its bytes, valid during
    /// the call only. Throws RESOURCE_EXHAUSTED for a message over the limit, INTERNAL for unknown flags.
    package mutating func receive(
        _ bytes: UnsafeRawBufferPointer, _ body: (Bool, UnsafeRawBufferPointer) throws(RPCError) -> Void
    ) throws(RPCError) {
        var rest = bytes
        while rest.count > 0 {
            if pendingBytes == 0 {
                guard let (isCompressed, length) = try Self.prefix(rest, limit: maxMessageBytes),
                    rest.count >= Self.prefixBytes + length
                else {
                    gather(rest)
                    return try reserve()
                }
                let end = Self.prefixBytes + length
                try body(isCompressed, UnsafeRawBufferPointer(rebasing: rest[Self.prefixBytes..<end]))
                rest = UnsafeRawBufferPointer(rebasing: rest[end...])
            } else {
                try gather(&rest, body)
            }
        }
    }

    /// Moves bytes to the unfinished message, and hands it on when they complete it.
    private mutating func gather(
        _ rest: inout UnsafeRawBufferPointer, _ body: (Bool, UnsafeRawBufferPointer) throws(RPCError) -> Void
    ) throws(RPCError) {
        take(from: &rest, upTo: Self.prefixBytes)
        guard let (isCompressed, length) = try gatheredPrefix() else { return }
        try reserve()
        take(from: &rest, upTo: Self.prefixBytes + length)
        guard pendingBytes == Self.prefixBytes + length else { return }
        var failure: RPCError?
        gathered?.withUnsafeReadableBytes { message in
            do throws(RPCError) {
                try body(isCompressed, UnsafeRawBufferPointer(rebasing: message[Self.prefixBytes...]))
            } catch { failure = error }
        }
        if let failure { throw failure }
        // A large message's memory goes with it: the stream may be idle for hours after it.
        if gathered?.capacity ?? 0 > FixedLimits.messageReserveBytes { gathered = nil } else { gathered?.clear() }
    }

    private mutating func take(from rest: inout UnsafeRawBufferPointer, upTo total: Int) {
        let count = min(rest.count, total - pendingBytes)
        guard count > 0 else { return }
        gather(UnsafeRawBufferPointer(rebasing: rest[..<count]))
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }

    private mutating func gather(_ bytes: UnsafeRawBufferPointer) {
        if gathered == nil { gathered = ByteBuffer() }
        gathered?.writeBytes(bytes)
    }

    private func gatheredPrefix() throws(RPCError) -> (isCompressed: Bool, length: Int)? {
        var copy = (UInt64(0))
        let count = min(pendingBytes, Self.prefixBytes)
        guard count == Self.prefixBytes else { return nil }
        withUnsafeMutableBytes(of: &copy) { target in
            gathered?.withUnsafeReadableBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
        }
        var result: Result<(isCompressed: Bool, length: Int)?, RPCError> = .success(nil)
        withUnsafeBytes(of: &copy) { bytes in
            result = Result { () throws(RPCError) in try Self.prefix(bytes, limit: maxMessageBytes) }
        }
        return try result.get()
    }

    /// Makes room for the message, but never on its word alone for more than a little.
    private mutating func reserve() throws(RPCError) {
        guard let (_, length) = try gatheredPrefix() else { return }
        let missing = Self.prefixBytes + length - pendingBytes
        gathered?.reserveCapacity(minimumWritableBytes: min(missing, FixedLimits.messageReserveBytes))
    }

    private static func prefix(
        _ bytes: UnsafeRawBufferPointer, limit: Int
    ) throws(RPCError) -> (isCompressed: Bool, length: Int)? {
        guard bytes.count >= prefixBytes else { return nil }
        guard bytes[0] <= 1 else {
            throw RPCError(.internalError, "A message has unknown flags (\(bytes[0])).")
        }
        let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
        guard length <= limit else {
            throw RPCError(
                .resourceExhausted, "A message of \(length) bytes is over the limit of \(limit).",
                cause: LimitExceeded(limit: .maxReceiveMessageBytes))
        }
        return (bytes[0] == 1, length)
    }
}

extension ByteBuffer {
    /// Appends a message with its prefix; takes everything back when `encode` throws or the message is over the limit.
    package mutating func writeMessage(
        limit: Int, isCompressed: Bool, _ encode: (inout ByteBuffer) throws -> Void
    ) throws {
        let start = writerIndex
        let prefixBytes = MessageDeframer.prefixBytes
        do {
            reserveCapacity(minimumWritableBytes: prefixBytes)
            moveWriterIndex(forwardBy: prefixBytes)
            try encode(&self)
            let length = writerIndex - start - prefixBytes
            guard length <= limit, let prefix = UInt32(exactly: length) else {
                throw RPCError(.resourceExhausted, "A message of \(length) bytes is over the limit of \(limit).")
            }
            withVeryUnsafeMutableBytes { bytes in
                bytes.storeBytes(of: isCompressed ? 1 : 0, toByteOffset: start, as: UInt8.self)
                bytes.storeBytes(of: prefix.bigEndian, toByteOffset: start + 1, as: UInt32.self)
            }
        } catch {
            moveWriterIndex(to: start)
            throw error
        }
    }
}
