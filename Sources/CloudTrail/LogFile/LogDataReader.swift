// SPDX-License-Identifier: Apache-2.0

/// Reads log data of any size, form and compression in a bounded memory: bytes go in as they come, records and findings
/// of damage come out. It does no I/O itself.
package final class LogDataReader {
    package enum Step {
        /// A record, or what stands in the place of one: its bytes, valid until the next call, and where it begins and how
        /// long it is in the decompressed data.
        case record(UnsafeRawBufferPointer, at: UInt64, extent: Int)
        /// Damage, with its bytes where they are still there.
        case unreadable(Unreadable, UnsafeRawBufferPointer)
        /// All that was fed is read: `feed` or `finish` has to follow.
        case needsInput
        case end
    }

    private var decoder = StreamDecoder()
    private var splitter: LogSplitter
    private var input: [UInt8] = []
    private var taken = 0
    private var isLast = false
    private var buffer: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var isDecoded = false
    private var text = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1)
    private let recordLimit: Int
    /// Base64 texts that this data stands in.
    private let depth: Int
    /// Bytes that the data may have after decompression; nil for data outside of Base64, which has no end.
    private let budget: UInt64?
    /// Bytes, after decompression, of the Base64 texts that are done with.
    private var embedded: UInt64 = 0
    /// The reader of the Base64 text at hand, and the text's place.
    private var inner: (reader: LogDataReader, offset: UInt64, extent: Int)?

    /// - Parameter recordLimit: larger records are unreadable.
    package convenience init(recordLimit: Int = CloudTrailLimits.recordBytes) {
        self.init(recordLimit: recordLimit, depth: 0, budget: nil)
    }

    init(recordLimit: Int, depth: Int, budget: UInt64?) {
        self.recordLimit = recordLimit
        self.depth = depth
        self.budget = budget
        splitter = LogSplitter(recordLimit: recordLimit)
        let chunk = depth == 0 ? 2 * CloudTrailLimits.decodedChunk : CloudTrailLimits.embeddedChunk
        buffer = .allocate(byteCount: chunk, alignment: 64)
    }

    deinit {
        buffer.deallocate()
        text.deallocate()
    }

    /// Bytes of the data after decompression, with those of the Base64 texts in it.
    var produced: UInt64 { decoder.produced + embedded }

    /// Bytes of input that are read.
    package var consumed: UInt64 { decoder.consumed }

    /// Takes the next bytes of the data.
    package func feed(_ bytes: UnsafeRawBufferPointer) {
        input.removeFirst(taken)
        taken = 0
        input.append(contentsOf: bytes)
    }

    /// No more bytes follow.
    package func finish() { isLast = true }

    /// Goes on to the next record or finding.
    package func next() -> Step {
        while true {
            if let step = nextEmbedded() { return step }
            let view = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
            switch splitter.next(view, atEnd: isDecoded) {
            case .record(let range):
                return .record(
                    UnsafeRawBufferPointer(rebasing: view[range]), at: splitter.offset(of: range.lowerBound),
                    extent: range.count)
            case .text(let range):
                return .record(
                    textCopy(), at: splitter.offset(of: range.lowerBound), extent: range.count)
            case .embedded(let range):
                let offset = splitter.offset(of: range.lowerBound)
                guard depth < CloudTrailLimits.embeddedDepth else {
                    return .unreadable(
                        .tooDeep(at: offset, extent: range.count), UnsafeRawBufferPointer(rebasing: view[range]))
                }
                let rest = budget.map { $0 - min($0, produced) } ?? UInt64(CloudTrailLimits.embeddedBytes)
                let reader = LogDataReader(recordLimit: recordLimit, depth: depth + 1, budget: rest)
                splitter.text.withUnsafeBytes { reader.feed($0) }
                reader.finish()
                inner = (reader, offset, range.count)
            case .unreadable(let unreadable, let range):
                return .unreadable(unreadable, UnsafeRawBufferPointer(rebasing: view[range ?? 0..<0]))
            case .end: return .end
            case .needsMore(let keepFrom):
                if let step = refill(keepFrom) { return step }
            }
        }
    }

    /// Goes on within a Base64 text; nil outside of one. What is found has the place of the text.
    private func nextEmbedded() -> Step? {
        guard let inner else { return nil }
        switch inner.reader.next() {
        case .record(let record, _, _): return .record(record, at: inner.offset, extent: inner.extent)
        case .unreadable(let found, let bytes): return .unreadable(found.within(base64: inner.offset), bytes)
        case .needsInput, .end:
            embedded += inner.reader.produced
            self.inner = nil
            return nil
        }
    }

    /// The splitter's text, at an address that stays.
    private func textCopy() -> UnsafeRawBufferPointer {
        if text.count < splitter.text.count {
            text.deallocate()
            text = .allocate(byteCount: splitter.text.count * 2, alignment: 16)
        }
        text.copyBytes(from: splitter.text)
        return UnsafeRawBufferPointer(rebasing: text[..<splitter.text.count])
    }

    /// Drops what is done with and decompresses more.
    private func refill(_ keepFrom: Int) -> Step? {
        drop(min(keepFrom, filled))
        if filled == buffer.count { grow() }
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
        let step = input.withUnsafeBytes { decoder.step($0, &taken, isLast: isLast, into: room) }
        switch step {
        case .output(let count):
            filled += count
            if let bomb = checkExpansion() { return bomb }
            return count == 0 ? .needsInput : nil
        case .damaged(let unreadable):
            splitter.noteDamage()
            return .unreadable(unreadable, UnsafeRawBufferPointer(start: nil, count: 0))
        case .finished:
            isDecoded = true
            return nil
        }
    }

    /// Ends where the data expands as nothing does that was logged.
    private func checkExpansion() -> Step? {
        let grace = depth == 0 ? CloudTrailLimits.documentBytes : CloudTrailLimits.expansionGrace
        let isBomb =
            decoder.produced > grace && decoder.produced / UInt64(CloudTrailLimits.expansionRatio) > decoder.consumed
        let isBeyondBudget = budget.map { produced > $0 } ?? false
        guard isBomb || isBeyondBudget else { return nil }
        filled = 0
        isDecoded = true
        splitter.noteDamage()
        return .unreadable(
            Unreadable(
                .decompressedTooLarge,
                isBomb
                    ? "the data expands more than \(CloudTrailLimits.expansionRatio) times"
                    : "the Base64 texts of a document have at most \(CloudTrailLimits.embeddedBytes) bytes in sum",
                at: decoder.consumed, extent: 0, in: .compressed), UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private func drop(_ count: Int) {
        guard count > 0, let start = buffer.baseAddress else { return }
        start.copyMemory(from: start + count, byteCount: filled - count)
        filled -= count
        splitter.drop(count)
    }

    private func grow() {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
        buffer.deallocate()
        buffer = larger
    }
}

extension LogDataReader {
    /// Reads data that is in memory as a whole.
    package static func forEach(
        _ data: UnsafeRawBufferPointer, recordLimit: Int = CloudTrailLimits.recordBytes, _ body: (Step) -> Void
    ) {
        let reader = LogDataReader(recordLimit: recordLimit)
        reader.feed(data)
        reader.finish()
        while true {
            let step = reader.next()
            switch step {
            case .end, .needsInput: return
            case .record, .unreadable: body(step)
            }
        }
    }
}
