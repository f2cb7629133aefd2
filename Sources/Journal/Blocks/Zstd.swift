// SPDX-License-Identifier: Apache-2.0

import CZstd

/// A zstd compressor whose context is reused from block to block. Not thread-safe: each owner has its own.
final class ZstdCompressor {
    private let context: OpaquePointer
    private var scratch: [UInt8] = []

    init(level: Int32) throws {
        guard let context = ZSTD_createCCtx() else { throw JournalError(.outOfBounds, "no memory for zstd") }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// One frame with its content size and a checksum.
    ///
    /// - Parameter prefix: what is known to whoever decodes; the frame then holds what differs from it, about.
    func compress(_ raw: UnsafeRawBufferPointer, after prefix: UnsafeRawBufferPointer? = nil) throws -> [UInt8] {
        // A prefix is for the next frame alone.
        if let prefix { ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count) }
        let bound = ZSTD_compressBound(raw.count)
        if scratch.count < bound { scratch = [UInt8](repeating: 0, count: bound) }
        let written = scratch.withUnsafeMutableBytes { out in
            ZSTD_compress2(context, out.baseAddress, out.count, raw.baseAddress, raw.count)
        }
        guard ZSTD_isError(written) == 0 else {
            throw JournalError(.outOfBounds, "zstd: \(String(cString: ZSTD_getErrorName(written)))")
        }
        return [UInt8](scratch[0..<written])
    }
}

enum Zstd {
    /// What every frame begins with.
    static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// Decodes one frame that was written after a prefix.
    static func decompress(
        _ frame: UnsafeRawBufferPointer, after prefix: UnsafeRawBufferPointer, limit: Int
    ) throws -> [UInt8] {
        guard let context = ZSTD_createDCtx() else { throw JournalError(.outOfBounds, "no memory for zstd") }
        defer { ZSTD_freeDCtx(context) }
        ZSTD_DCtx_refPrefix(context, prefix.baseAddress, prefix.count)
        return try decode(frame, limit: limit) {
            ZSTD_decompressDCtx(context, $0.baseAddress, $0.count, $1.baseAddress, $1.count)
        }
    }

    /// Decodes one frame that was written by `ZstdCompressor`; anything else is damage.
    static func decompress(_ frame: UnsafeRawBufferPointer, limit: Int) throws -> [UInt8] {
        try decode(frame, limit: limit) { ZSTD_decompress($0.baseAddress, $0.count, $1.baseAddress, $1.count) }
    }

    private static func decode(
        _ frame: UnsafeRawBufferPointer, limit: Int,
        _ run: (UnsafeMutableBufferPointer<UInt8>, UnsafeRawBufferPointer) -> Int
    ) throws -> [UInt8] {
        let size = czstd_content_size(frame.baseAddress, frame.count)
        guard size >= 0, size <= limit else {
            throw JournalError(.damaged, "a block's frame claims \(size) bytes, the limit is \(limit)")
        }
        var problem: String?
        let raw = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            let written = run(buffer, frame)
            if ZSTD_isError(written) != 0 {
                problem = String(cString: ZSTD_getErrorName(written))
            } else {
                count = written
            }
        }
        if let problem { throw JournalError(.damaged, "zstd: \(problem)") }
        return raw
    }
}
