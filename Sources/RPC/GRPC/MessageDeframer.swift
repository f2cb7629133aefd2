// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Cuts a body into gRPC's length-prefixed messages. A message that lies whole in one piece of the body is handed on in
/// place; others are gathered.
///
/// A large message, and a compressed one, which may become large, is announced before it is gathered. Where there is no room
/// for it the deframer pauses: it keeps what comes, cuts nothing, and goes on by `resume`.
package struct MessageDeframer {
    /// The longest message that is taken.
    package let maxMessageBytes: Int
    /// An unfinished message, or everything that came since a pause began. Most calls never have one.
    private var gathered: MessageBytes?
    /// The unfinished message's length is known, and there is room for it.
    private var isAnnounced = false
    /// A message waits for room.
    package private(set) var isPaused = false
    private let allocate: MessageBytes.Allocator
    /// A flag and the message's length.
    static let prefixBytes = 5

    /// Takes a message's length before it is gathered, and answers whether there is room for it.
    package typealias Announcement = (_ isCompressed: Bool, _ length: Int) throws(RPCError) -> Bool
    /// Takes a message: whether it is compressed, and its bytes, valid during the call only.
    package typealias Delivery = (_ isCompressed: Bool, _ message: UnsafeRawBufferPointer) throws(RPCError) -> Void

    /// A deframer at the start of a body.
    package init(maxMessageBytes: Int) { self.init(maxMessageBytes: maxMessageBytes) { realloc($0, $1) } }

    /// As above, with another `realloc`.
    package init(
        maxMessageBytes: Int,
        allocate: @escaping @convention(c) (UnsafeMutableRawPointer?, Int) -> UnsafeMutableRawPointer?
    ) {
        self.maxMessageBytes = maxMessageBytes
        self.allocate = allocate
    }

    /// Bytes that are held: of an unfinished message, or of a pause.
    package var pendingBytes: Int { gathered?.count ?? 0 }

    /// Takes bytes of the body, and hands on each message that they complete. Throws RESOURCE_EXHAUSTED for a message over
    /// the limit or where there is no memory, INTERNAL for unknown flags.
    package mutating func receive(
        _ bytes: UnsafeRawBufferPointer, announce: Announcement = { _, _ in true }, _ body: Delivery
    ) throws(RPCError) {
        if isPaused { return try gather(bytes) }
        var rest = bytes
        while rest.count > 0 {
            guard pendingBytes == 0 else {
                try gather(&rest, announce, body)
                continue
            }
            guard let (isCompressed, length) = try prefix(rest) else { return try gather(rest) }
            guard try hasRoom(isCompressed, length, announce) else { return try pause(with: rest) }
            let end = Self.prefixBytes + length
            guard rest.count >= end else {
                isAnnounced = true
                return try gather(rest, expected: end)
            }
            try body(isCompressed, UnsafeRawBufferPointer(rebasing: rest[Self.prefixBytes..<end]))
            rest = UnsafeRawBufferPointer(rebasing: rest[end...])
        }
    }

    /// There is room for the message that waited: goes on with it, and with what came behind it.
    package mutating func resume(announce: Announcement = { _, _ in true }, _ body: Delivery) throws(RPCError) {
        guard isPaused, let held = gathered, let (isCompressed, length) = try prefix(held.bytes) else { return }
        isPaused = false
        let end = Self.prefixBytes + length
        guard held.count >= end else { return isAnnounced = true }
        gathered = nil
        isAnnounced = false
        try withExtendedLifetime(held) { () throws(RPCError) in
            try body(isCompressed, UnsafeRawBufferPointer(rebasing: held.bytes[Self.prefixBytes..<end]))
            try receive(UnsafeRawBufferPointer(rebasing: held.bytes[end...]), announce: announce, body)
        }
    }

    /// Drops what is held: nobody wants it any more.
    package mutating func drop() {
        gathered = nil
        isAnnounced = false
        isPaused = false
    }

    /// Moves bytes to the unfinished message, and hands it on when they complete it.
    private mutating func gather(
        _ rest: inout UnsafeRawBufferPointer, _ announce: Announcement, _ body: Delivery
    ) throws(RPCError) {
        try take(from: &rest, upTo: Self.prefixBytes)
        guard let bytes = gathered?.bytes, let (isCompressed, length) = try prefix(bytes) else { return }
        let end = Self.prefixBytes + length
        if !isAnnounced {
            guard try hasRoom(isCompressed, length, announce) else {
                defer { rest = UnsafeRawBufferPointer(rebasing: rest[rest.count...]) }
                return try pause(with: rest)
            }
            isAnnounced = true
        }
        try take(from: &rest, upTo: end)
        guard let whole = gathered, whole.count == end else { return }
        isAnnounced = false
        // A large message's memory goes with it: the stream may be idle for hours after it.
        if whole.capacity > FixedLimits.messageReserveBytes { gathered = nil }
        defer { gathered?.clear() }
        try withExtendedLifetime(whole) { () throws(RPCError) in
            try body(isCompressed, UnsafeRawBufferPointer(rebasing: whole.bytes[Self.prefixBytes...]))
        }
    }

    private func hasRoom(_ isCompressed: Bool, _ length: Int, _ announce: Announcement) throws(RPCError) -> Bool {
        guard isCompressed || length > FixedLimits.messageReserveBytes else { return true }
        return try announce(isCompressed, length)
    }

    private mutating func pause(with rest: UnsafeRawBufferPointer) throws(RPCError) {
        isPaused = true
        try gather(rest)
    }

    private mutating func take(from rest: inout UnsafeRawBufferPointer, upTo total: Int) throws(RPCError) {
        let count = min(rest.count, total - pendingBytes)
        guard count > 0 else { return }
        try gather(UnsafeRawBufferPointer(rebasing: rest[..<count]), expected: total)
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }

    private mutating func gather(_ bytes: UnsafeRawBufferPointer, expected: Int = 0) throws(RPCError) {
        let store = gathered ?? MessageBytes()
        gathered = store
        guard store.append(bytes, expected: expected, allocate) else {
            throw RPCError(
                .resourceExhausted, "There is no memory for a message.", cause: LimitExceeded(limit: .memory))
        }
    }

    private func prefix(
        _ bytes: UnsafeRawBufferPointer
    ) throws(RPCError) -> (isCompressed: Bool, length: Int)? {
        try Self.prefix(bytes, limit: maxMessageBytes)
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
