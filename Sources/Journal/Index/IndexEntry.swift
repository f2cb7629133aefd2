// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Where an event is stored: its block and its index there.
package struct EventLocation: Hashable, Sendable {
    /// The block.
    package let block: BlockID
    /// The record's place in the block, from 0.
    package let index: Int

    /// A place; nothing says that there is an event.
    package init(block: BlockID, index: Int) {
        self.block = block
        self.index = index
    }

    /// Both in 64 bits, ordered by block.
    var packed: UInt64 { UInt64(bitPattern: block) << 16 | UInt64(index & 0xFFFF) }

    init(packed: UInt64) {
        block = BlockID(bitPattern: packed >> 16)
        index = Int(packed & 0xFFFF)
    }
}

/// One identity and where its event is, as the runs hold it.
struct IndexEntry {
    var id: EventID
    /// `EventLocation.packed`.
    var location: UInt64

    var block: BlockID { BlockID(bitPattern: location >> 16) }
}

/// The layout of a page of a run: entries of 24 bytes, ascending by identity; all numbers little-endian.
enum EntryPage {
    static let entryBytes = 24
    static let bytes = JournalLimits.entriesPerPage * entryBytes

    /// The entries of a page, or damage.
    static func count(_ page: UnsafeRawBufferPointer) throws -> Int {
        guard page.count > 0, page.count <= bytes, page.count % entryBytes == 0 else {
            throw JournalError(.damaged, "a page of \(page.count) bytes in the index of events")
        }
        return page.count / entryBytes
    }

    @inline(__always)
    static func entry(_ page: UnsafeRawBufferPointer, _ index: Int) -> IndexEntry {
        let offset = index * entryBytes
        return IndexEntry(id: id(page, index), location: word(page, offset + 16))
    }

    @inline(__always)
    static func id(_ page: UnsafeRawBufferPointer, _ index: Int) -> EventID {
        let offset = index * entryBytes
        return EventID(high: word(page, offset), low: word(page, offset + 8))
    }

    /// The location stored with an identity.
    static func find(_ id: EventID, in page: UnsafeRawBufferPointer) throws -> UInt64? {
        var low = 0
        var high = try count(page)
        let end = high
        while low < high {
            let middle = (low + high) / 2
            if Self.id(page, middle) < id { low = middle + 1 } else { high = middle }
        }
        guard low < end else { return nil }
        let entry = entry(page, low)
        return entry.id == id ? entry.location : nil
    }

    @inline(__always)
    static func append(_ entry: IndexEntry, to page: inout [UInt8]) {
        withUnsafeBytes(of: (entry.id.high.littleEndian, entry.id.low.littleEndian, entry.location.littleEndian)) {
            page.append(contentsOf: $0)
        }
    }

    @inline(__always)
    private static func word(_ page: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: page.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
