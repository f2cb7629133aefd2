// SPDX-License-Identifier: Apache-2.0

/// A split-block Bloom filter: each key sets one bit in each of the eight words of one 32-byte block, so that a
/// question costs one cache miss. A false answer "maybe" is possible, a false "no" is not.
///
/// After "Cache-, Hash- and Space-Efficient Bloom Filters" (Putze, Sanders, Singler) as Parquet's specification has it.
package final class SplitBlockFilter {
    private static let salts = SIMD8<UInt32>(
        0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947, 0x5C6B_FB31)

    private let blocks: UnsafeMutableBufferPointer<SIMD8<UInt32>>

    /// An empty filter sized for a number of keys; more only make it answer "maybe" more often.
    package init(expected: Int) {
        let bits = max(expected, 1) * JournalLimits.filterBitsPerEntry
        blocks = .allocate(capacity: (bits + 255) / 256)
        blocks.initialize(repeating: .zero)
    }

    deinit {
        blocks.deallocate()
    }

    /// Bytes held.
    package var bytes: Int { blocks.count * 32 }

    /// Adds a key by its hash.
    @inline(__always)
    package func insert(_ hash: UInt64) {
        let index = index(hash)
        blocks[index] = blocks[index] | mask(hash)
    }

    /// Whether a key may have been added.
    @inline(__always)
    package func mayContain(_ hash: UInt64) -> Bool {
        // The bits that are asked for and not set, looked at 64 at a time: lane by lane is several times slower.
        let missing = unsafeBitCast(mask(hash) & ~blocks[index(hash)], to: SIMD4<UInt64>.self)
        return missing[0] | missing[1] | missing[2] | missing[3] == 0
    }

    @inline(__always)
    private func index(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(truncatingIfNeeded: blocks.count)) >> 32)
    }

    @inline(__always)
    private func mask(_ hash: UInt64) -> SIMD8<UInt32> {
        let shifts = (SIMD8(repeating: UInt32(truncatingIfNeeded: hash)) &* Self.salts) &>> 27
        return SIMD8(repeating: 1) &<< shifts
    }
}
