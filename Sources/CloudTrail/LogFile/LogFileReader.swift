// SPDX-License-Identifier: Apache-2.0

/// Turns a log file as delivered, plain, gzip or zstd, into its documents.
///
/// One reader serves one worker: it owns the decompression streams and an output buffer, and keeps both for the next
/// file. A plain file is not copied.
package final class LogFileReader {
    private var buffer: UnsafeMutableRawBufferPointer
    private var decoder = StreamDecoder()
    private let inflater = WholeInflater()

    package init() {
        buffer = .allocate(byteCount: CloudTrailLimits.decodedChunk, alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// The document of a log file that is whole.
    ///
    /// - Parameter payload: the file as it arrived.
    /// - Returns: bytes that are valid until the next call, and as long as `payload` is.
    package func document(of payload: UnsafeRawBufferPointer) throws(Rejection) -> UnsafeRawBufferPointer {
        let (document, damage) = try read(payload)
        if let first = damage.first { throw first.rejection }
        return document
    }

    /// The documents of a log file as far as they can be had, and the damage of its compression.
    ///
    /// - Returns: bytes that are valid until the next call, and as long as `payload` is.
    /// - Throws: where the file is beyond a limit.
    package func read(
        _ payload: UnsafeRawBufferPointer
    ) throws(Rejection) -> (document: UnsafeRawBufferPointer, damage: [Unreadable]) {
        guard payload.count <= CloudTrailLimits.logFileBytes else {
            throw Rejection(.decompressedTooLarge, "a log file has at most \(CloudTrailLimits.logFileBytes) bytes")
        }
        guard Self.isCompressed(payload) else { return (payload, []) }
        shrink()
        return try decompress(payload)
    }

    /// The magic numbers of gzip and zstd.
    package static func isCompressed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0x1F, 0x8B]) || bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
    }

    private func decompress(
        _ payload: UnsafeRawBufferPointer
    ) throws(Rejection) -> (UnsafeRawBufferPointer, [Unreadable]) {
        reserve(Self.sizeHint(payload))
        if payload[0] == 0x1F, let count = inflater.inflate(payload, into: UnsafeMutableRawBufferPointer(buffer)) {
            try checkExpansion(count, payload.count)
            return (UnsafeRawBufferPointer(rebasing: buffer[..<count]), [])
        }
        decoder.reset()
        var taken = 0
        var filled = 0
        var damage: [Unreadable] = []
        while true {
            if filled == buffer.count {
                reserve(min(filled * 2, CloudTrailLimits.documentBytes + 1), keeping: filled)
            }
            // Not all of the room at once, so that a bomb is noticed soon.
            let end = min(buffer.count, filled + CloudTrailLimits.expansionGrace)
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<end])
            switch decoder.step(payload, &taken, isLast: true, into: room) {
            case .output(let count): filled += count
            case .damaged(let found): damage.append(found)
            case .finished: return (UnsafeRawBufferPointer(rebasing: buffer[..<filled]), damage)
            }
            try checkExpansion(filled, taken)
        }
    }

    private func checkExpansion(_ produced: Int, _ consumed: Int) throws(Rejection) {
        if produced > CloudTrailLimits.documentBytes {
            throw Rejection(
                .decompressedTooLarge,
                "a log file has at most \(CloudTrailLimits.documentBytes) bytes after decompression")
        }
        if produced > CloudTrailLimits.expansionGrace, produced > consumed * CloudTrailLimits.expansionRatio {
            throw Rejection(
                .decompressedTooLarge, "the log file expands more than \(CloudTrailLimits.expansionRatio) times")
        }
    }

    /// The trailer's size of the last gzip member: right for an honest file of one member, and a hint only, so it is
    /// believed no further than the expansion limit.
    private static func sizeHint(_ payload: UnsafeRawBufferPointer) -> Int {
        guard payload.count >= 18 else { return 0 }
        let size = Int(UInt32(littleEndian: payload.loadUnaligned(fromByteOffset: payload.count - 4, as: UInt32.self)))
        return min(size, payload.count * 32, CloudTrailLimits.documentBytes) + 1
    }

    private func reserve(_ count: Int, keeping kept: Int = 0) {
        guard count > buffer.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<kept]))
        buffer.deallocate()
        buffer = larger
    }

    private func shrink() {
        guard buffer.count > CloudTrailLimits.retainedBufferBytes else { return }
        buffer.deallocate()
        buffer = .allocate(byteCount: CloudTrailLimits.retainedBufferBytes, alignment: 64)
    }
}
