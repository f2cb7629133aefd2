// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Records that are stored together: compressed into one zstd frame, with what they are found by.
///
/// The frame's content is the records' bytes end to end, then the length of each (32 bits, little-endian), then their
/// count and the layout's version (32 bits each). The lengths stand last, so that a builder needs no second pass.
package struct Block: Sendable {
    /// The layout that builders write and decoders know.
    static let version: UInt32 = 1

    /// How many records the block holds: 1 or more.
    package let recordCount: Int
    /// The records' bytes before compression.
    package let rawBytes: Int
    /// The zstd frame.
    package let compressed: [UInt8]
    /// The earliest event time, in milliseconds since 1970.
    package let firstTime: Int64
    /// The latest event time, in milliseconds since 1970.
    package let lastTime: Int64
    /// What the block is found by: ascending, each once.
    package let tokens: [LookupToken]
    /// The tokens as words of the full-text index; made by the worker, since the writer's time is scarcer.
    package let words: [UInt8]

    /// The records of this block.
    package func decode() throws -> DecodedBlock { try DecodedBlock(compressed) }
}

/// The number of a stored block: ascending in the order of commits, never used twice.
package typealias BlockID = Int64

/// The records of a block after decompression, byte for byte as they came.
package struct DecodedBlock: Sendable {
    private let bytes: [UInt8]
    /// The start of each record and, last, the end of all.
    private let offsets: [Int]

    /// Decodes a frame. Throws `JournalError.Code.damaged` for bytes that no builder wrote.
    package init(_ compressed: [UInt8]) throws {
        self = try compressed.withUnsafeBytes { try DecodedBlock(frame: $0) }
    }

    init(frame: UnsafeRawBufferPointer) throws {
        bytes = try Zstd.decompress(frame, limit: JournalLimits.blockRawBytes)
        offsets = try bytes.withUnsafeBytes { try Self.readOffsets($0) }
    }

    /// How many records there are.
    package var count: Int { offsets.count - 1 }

    /// Bytes that the decoded block takes.
    var rawBytes: Int { bytes.count }

    /// Lends the bytes of one record. `index` is below `count`.
    package func withRecord<T>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        let range = offsets[index]..<offsets[index + 1]
        return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// A copy of one record. `index` is below `count`.
    package subscript(index: Int) -> [UInt8] { Array(bytes[offsets[index]..<offsets[index + 1]]) }

    private static func readOffsets(_ raw: UnsafeRawBufferPointer) throws -> [Int] {
        func word(at offset: Int) -> Int {
            Int(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        guard raw.count >= 8 else { throw JournalError(.damaged, "a block of \(raw.count) bytes") }
        let version = word(at: raw.count - 4)
        guard version == Block.version else { throw JournalError(.damaged, "a block of layout \(version)") }
        let count = word(at: raw.count - 8)
        let lengths = raw.count - 8 - count * 4
        guard count > 0, count <= JournalLimits.recordsPerBlock, lengths >= 0 else {
            throw JournalError(.damaged, "a block of \(count) records in \(raw.count) bytes")
        }
        var offsets = [Int]()
        offsets.reserveCapacity(count + 1)
        var end = 0
        offsets.append(0)
        for index in 0..<count {
            end += word(at: lengths + index * 4)
            offsets.append(end)
        }
        guard end == lengths else { throw JournalError(.damaged, "a block's lengths don't add up") }
        return offsets
    }
}
