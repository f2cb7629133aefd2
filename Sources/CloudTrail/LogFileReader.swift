// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Turns a log file as delivered, plain or gzip, into its JSON document.
///
/// One reader serves one worker: it owns the decompression stream and an output buffer, and keeps both for the next
/// file. A plain file is not copied.
package final class LogFileReader {
    private var buffer: UnsafeMutableRawBufferPointer
    private var inflater: Inflater

    package init() {
        buffer = .allocate(byteCount: 256 * 1_024, alignment: 64)
        inflater = Inflater()
    }

    deinit { buffer.deallocate() }

    /// The document of a log file.
    ///
    /// - Parameter payload: the file as it arrived.
    /// - Returns: bytes that are valid until the next call, and as long as `payload` is.
    package func document(of payload: UnsafeRawBufferPointer) throws(Rejection) -> UnsafeRawBufferPointer {
        guard payload.count <= CloudTrailLimits.logFileBytes else {
            throw Rejection(.decompressedTooLarge, "a log file has at most \(CloudTrailLimits.logFileBytes) bytes")
        }
        guard Self.isGzip(payload) else { return payload }
        shrink()
        return try inflate(payload)
    }

    /// Whether the bytes begin as RFC 1952 says.
    package static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B
    }

    private func inflate(_ payload: UnsafeRawBufferPointer) throws(Rejection) -> UnsafeRawBufferPointer {
        reserve(Self.sizeHint(payload))
        inflater.begin(payload)
        while true {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[inflater.produced...])
            switch try inflater.step(into: room) {
            case .finished: return UnsafeRawBufferPointer(rebasing: buffer[..<inflater.produced])
            case .needsRoom:
                reserve(min(inflater.produced * 2, CloudTrailLimits.documentBytes + 1), keeping: inflater.produced)
            }
        }
    }

    /// The trailer's size of the last member: right for an honest file of one member, and a hint only, so it is
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
