// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Makes blocks of records. Each worker has its own and uses it block after block: its buffers and its zstd context are
/// kept, so that a record costs one copy and no allocation.
package final class BlockBuilder {
    private let compressor: ZstdCompressor
    private var raw: [UInt8] = []
    private var lengths: [UInt32] = []
    private var tokens = TokenSet()
    private var firstTime = Int64.max
    private var lastTime = Int64.min
    /// Tokens left out because a block had too many, since this builder was made.
    package private(set) var tokensLeftOut = 0

    /// An empty builder of zstd's level.
    package init(level: Int32 = JournalLimits.compressionLevel) throws {
        compressor = try ZstdCompressor(level: level)
        raw.reserveCapacity(JournalLimits.blockTargetBytes)
    }

    /// Records taken since the last block.
    package var count: Int { lengths.count }

    /// Bytes taken since the last block.
    package var rawBytes: Int { raw.count }

    /// Takes a record, or answers false when the block is full: then `finish` it and offer the record again.
    ///
    /// - Parameters:
    ///   - record: the record's bytes, at most `JournalLimits.recordBytes`; copied.
    ///   - time: the event time in milliseconds since 1970.
    package func append(_ record: UnsafeRawBufferPointer, time: Int64) throws -> Bool {
        guard record.count <= JournalLimits.recordBytes else {
            let limit = JournalLimits.recordBytes
            throw JournalError(.outOfBounds, "a record of \(record.count) bytes; the limit is \(limit)")
        }
        if !lengths.isEmpty {
            guard lengths.count < JournalLimits.recordsPerBlock,
                raw.count + record.count <= JournalLimits.blockTargetBytes
            else { return false }
        }
        raw.append(contentsOf: record)
        lengths.append(UInt32(record.count))
        firstTime = min(firstTime, time)
        lastTime = max(lastTime, time)
        return true
    }

    /// Names something that the record just taken is to be found by; repeats within a block are free.
    package func add(_ token: LookupToken) {
        withUnsafePointer(to: token) { add(UnsafeBufferPointer(start: $0, count: 1)) }
    }

    /// Names what the record just taken is to be found by. All of a record's at once: each call costs checks of exclusive
    /// access.
    package func add(_ found: UnsafeBufferPointer<LookupToken>) {
        tokensLeftOut += tokens.insert(found, limit: JournalLimits.tokensPerBlock)
    }

    /// The block of everything taken since the last one, or nil where nothing was. The builder is empty afterwards.
    package func finish() throws -> Block? {
        guard !lengths.isEmpty else {
            reset()
            return nil
        }
        defer { reset() }
        let sorted = tokens.sorted()
        return try Block(
            recordCount: lengths.count, rawBytes: raw.count, compressed: seal(), firstTime: firstTime,
            lastTime: lastTime, tokens: sorted, words: TokenWords.text(sorted))
    }

    /// A block of some of another's records, in their order, with that block's times and tokens; nil where none is
    /// kept. The builder must be empty.
    func rebuild(_ block: Block, keeping keep: [Bool]) throws -> Block? {
        reset()
        defer { reset() }
        let records = try block.decode()
        guard records.count == keep.count else {
            throw JournalError(.damaged, "a block of \(records.count) records has \(keep.count) identities")
        }
        for index in 0..<records.count where keep[index] {
            records.withRecord(index) { raw.append(contentsOf: $0) }
            lengths.append(UInt32(records.withRecord(index) { $0.count }))
        }
        guard !lengths.isEmpty else { return nil }
        return try Block(
            recordCount: lengths.count, rawBytes: raw.count, compressed: seal(), firstTime: block.firstTime,
            lastTime: block.lastTime, tokens: block.tokens, words: block.words)
    }

    /// Forgets what was taken since the last block.
    package func reset() {
        raw.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        tokens.removeAll()
        firstTime = .max
        lastTime = .min
    }

    /// Compresses the records with their trailer, which it takes off again.
    private func seal() throws -> [UInt8] {
        let body = raw.count
        lengths.append(UInt32(lengths.count))
        lengths.append(Block.version)
        lengths.withUnsafeBytes { raw.append(contentsOf: $0) }
        lengths.removeLast(2)
        defer { raw.removeLast(raw.count - body) }
        return try raw.withUnsafeBytes { try compressor.compress($0) }
    }
}
