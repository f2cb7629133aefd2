// SPDX-License-Identifier: Apache-2.0

import CTransport
import NIOCore

/// The compression of one stream's messages, both ways. Nothing is allocated until a compressed message comes or goes.
struct MessageCodec {
    private var inbound: Encoding
    private let peerTakesGzip: Bool
    private let maxMessageBytes: Int
    private(set) var compressesOutput = false

    init(inbound: Encoding, peerTakesGzip: Bool, limits: Limits) {
        self.inbound = inbound
        self.peerTakesGzip = peerTakesGzip
        maxMessageBytes = limits.maxReceiveMessageBytes
    }

    /// The encoding that the peer's headers named.
    mutating func setInbound(_ encoding: Encoding) { inbound = encoding }

    /// Compresses what is sent from here on, if that is wanted and the peer takes it.
    mutating func enableOutput(_ isWanted: Bool) { compressesOutput = isWanted && peerTakesGzip }

    /// Calls `body` with the message as it was before compression: `limit` bytes at most, where that is less than what
    /// any message may have.
    func withDecoded(
        _ message: UnsafeRawBufferPointer, isCompressed: Bool, limit: Int = .max,
        _ body: (UnsafeRawBufferPointer) throws(RPCError) -> Void
    ) throws(RPCError) {
        guard isCompressed else { return try body(message) }
        guard inbound == .gzip else {
            throw RPCError(.internalError, "A message is compressed, but no grpc-encoding was set.")
        }
        let plain = try Gzip.decompress(message, limit: min(limit, maxMessageBytes))
        var failure: RPCError?
        plain.withUnsafeBytes { bytes in
            do throws(RPCError) { try body(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Queues a message compressed.
    func writeCompressed(
        to buffer: inout OutboundBuffer, limit: Int, _ encode: (inout ByteBuffer) throws -> Void
    ) throws {
        var plain = ByteBuffer()
        try encode(&plain)
        guard plain.readableBytes <= limit else {
            throw RPCError(
                .resourceExhausted, "A message of \(plain.readableBytes) bytes is over the limit of \(limit).")
        }
        let compressed = try plain.withUnsafeReadableBytes { try Gzip.compress($0) }
        try buffer.write(limit: limit + FixedLimits.messageReserveBytes, isCompressed: true) {
            $0.writeBytes(compressed)
        }
    }
}

/// gzip by zlib, one message at a time.
package enum Gzip {
    /// 15 bits of window, and 16 for the gzip wrapper.
    private static let windowBits: Int32 = 15 + 16
    /// The fastest level: messages are small and the CPU is dear.
    private static let level: Int32 = 1

    /// The message as a gzip member.
    package static func compress(_ bytes: UnsafeRawBufferPointer) throws(RPCError) -> [UInt8] {
        var stream = z_stream()
        guard CTransport_deflateInit2(&stream, level, windowBits) == Z_OK else {
            throw RPCError(.internalError, "Compression is not available.")
        }
        defer { deflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let result = output.withUnsafeMutableBufferPointer { target in
            stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(clamping: bytes.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(clamping: target.count)
            return deflate(&stream, Z_FINISH)
        }
        guard result == Z_STREAM_END else { throw RPCError(.internalError, "A message could not be compressed.") }
        output.removeLast(output.count - Int(stream.total_out))
        return output
    }

    /// The message, never longer than `limit` however far it would expand.
    package static func decompress(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(RPCError) -> [UInt8] {
        var stream = z_stream()
        guard CTransport_inflateInit2(&stream, windowBits) == Z_OK else {
            throw RPCError(.internalError, "Decompression is not available.")
        }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(clamping: bytes.count)
        var output = [UInt8](repeating: 0, count: min(limit + 1, max(1024, bytes.count * 4)))
        while true {
            let used = Int(stream.total_out)
            let result = output.withUnsafeMutableBufferPointer { target in
                stream.next_out = target.baseAddress.map { $0 + used }
                stream.avail_out = UInt32(clamping: target.count - used)
                return inflate(&stream, Z_NO_FLUSH)
            }
            let total = Int(stream.total_out)
            guard total <= limit else {
                throw RPCError(
                    .resourceExhausted, "A compressed message expands beyond the limit of \(limit).",
                    cause: LimitExceeded(limit: .maxReceiveMessageBytes))
            }
            if result == Z_STREAM_END {
                guard stream.avail_in == 0 else { throw RPCError(.internalError, "Bytes follow a compressed message.") }
                output.removeLast(output.count - total)
                return output
            }
            guard result == Z_OK, total == output.count else {
                throw RPCError(.internalError, "A compressed message is broken.")
            }
            output.append(contentsOf: repeatElement(0, count: min(output.count, limit + 1 - output.count)))
        }
    }
}
