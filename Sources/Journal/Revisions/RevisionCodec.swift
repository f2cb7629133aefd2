// SPDX-License-Identifier: Apache-2.0

/// The stored form of an alert's revision: a zstd frame with a checksum, whole or as the difference from the revision
/// before. An alert that grows by an event at a time costs what each event adds, not all of it again.
///
/// Rows of earlier versions hold the bytes as they are, which never begin as a frame does.
final class RevisionCodec {
    private let compressor: ZstdCompressor

    init() throws { compressor = try ZstdCompressor(level: JournalLimits.compressionLevel) }

    /// A frame of the whole revision.
    func whole(_ revision: [UInt8]) throws -> [UInt8] {
        try revision.withUnsafeBytes { try compressor.compress($0) }
    }

    /// A frame of what differs from the revision before.
    func difference(_ revision: [UInt8], from before: [UInt8]) throws -> [UInt8] {
        try revision.withUnsafeBytes { revision in
            try before.withUnsafeBytes { try compressor.compress(revision, after: $0) }
        }
    }

    /// The revision of a whole frame, or of bytes that an earlier version stored as they were.
    static func read(_ stored: [UInt8]) throws -> [UInt8] {
        guard stored.starts(with: Zstd.magic) else { return stored }
        return try stored.withUnsafeBytes { try Zstd.decompress($0, limit: JournalLimits.valueBytes) }
    }

    /// The revision of a difference.
    static func read(_ stored: [UInt8], after before: [UInt8]) throws -> [UInt8] {
        try stored.withUnsafeBytes { stored in
            try before.withUnsafeBytes { try Zstd.decompress(stored, after: $0, limit: JournalLimits.valueBytes) }
        }
    }
}
