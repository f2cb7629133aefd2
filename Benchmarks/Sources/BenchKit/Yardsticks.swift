// SPDX-License-Identifier: Apache-2.0

import CZstd
import JSON

/// Bytes with simdjson's padding behind them.
package struct Padded: Sendable {
    package let bytes: [UInt8]
    package let count: Int

    package init(_ contents: [UInt8]) {
        bytes = contents + [UInt8](repeating: 0, count: SimdjsonYardstick.padding)
        count = contents.count
    }

    /// Calls `body` with the bytes but not the padding.
    package func withContents<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}

/// What the machine can do with the same bytes at best: one core parsing them and doing nothing with them, one core
/// compressing them as the journal does.
package final class Yardsticks {
    private let parser = SimdjsonYardstick()
    private let compressor = ZSTD_createCCtx()
    private var compressed: [UInt8] = []

    package init() {}

    deinit { ZSTD_freeCCtx(compressor) }

    /// simdjson's DOM parse of a document.
    package func parse(_ document: Padded) {
        let isJSON = document.bytes.withUnsafeBytes { parser.parse($0, length: document.count) }
        precondition(isJSON, "the benchmark's own data is JSON")
    }

    /// zstd at level 1. Returns the compressed size.
    @discardableResult
    package func compress(_ document: Padded) -> Int {
        let bound = ZSTD_compressBound(document.count)
        if compressed.count < bound { compressed = [UInt8](repeating: 0, count: bound) }
        let size = ZSTD_compressCCtx(compressor, &compressed, compressed.count, document.bytes, document.count, 1)
        precondition(ZSTD_isError(size) == 0, "the output has room for the worst case")
        return size
    }
}
