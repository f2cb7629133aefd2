// SPDX-License-Identifier: Apache-2.0

import Messages

/// Records one behind the other in one piece of memory, which requests view without copying it.
package struct RecordSlab: Sendable {
    /// Memory that is written while it has one owner, before the slab is made, and only read from then on.
    private final class Memory: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer

        init(_ count: Int) { bytes = .allocate(byteCount: max(1, count), alignment: 8) }

        deinit { bytes.deallocate() }
    }

    private let memory: Memory
    private let ranges: [Range<Int>]
    /// Bytes of all records.
    package let bytes: Int

    /// Copies the bytes; the ranges must lie within them.
    package init(_ bytes: [UInt8], ranges: [Range<Int>]) {
        memory = Memory(bytes.count)
        memory.bytes.copyBytes(from: bytes)
        self.ranges = ranges
        self.bytes = bytes.count
    }

    /// How many there are.
    package var count: Int { ranges.count }

    /// The records, as views that keep the memory alive.
    package var records: [Bytes] {
        ranges.map { Bytes(owner: memory, viewing: UnsafeRawBufferPointer(rebasing: memory.bytes[$0])) }
    }
}
