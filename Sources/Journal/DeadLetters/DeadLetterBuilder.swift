// SPDX-License-Identifier: Apache-2.0

/// Packs the refused bytes of one request into dead letters. A worker has one: it compresses there, so that the writer
/// only stores.
package final class DeadLetterBuilder {
    /// Records with this in common share a letter.
    private struct Key: Hashable {
        let reason: String
        let detail: String
        let accountID: String
    }

    private struct Pack {
        let firstIndex: Int
        let detail: String
        var records = 0
        var totalBytes = 0
        var keptBytes = 0
        /// Each record with its length before it.
        var body: [UInt8] = []
    }

    private let compressor: ZstdCompressor
    private var packs: [Key: Pack] = [:]
    /// Keys in the order in which they came.
    private var order: [Key] = []
    private var last: Key?
    private var openBytes = 0
    private var drafts: [DeadLetterDraft] = []

    package init() throws { compressor = try ZstdCompressor(level: JournalLimits.compressionLevel) }

    /// Forgets a request that came to nothing.
    package func reset() {
        packs.removeAll()
        order.removeAll()
        drafts.removeAll()
        last = nil
        openBytes = 0
    }

    /// Adds a refused record.
    package func add(
        _ record: UnsafeRawBufferPointer, index: Int, reason: String, detail: String, accountID: String = ""
    ) throws {
        var key = Key(reason: reason, detail: detail, accountID: accountID)
        // Details that are all different (a byte's place) must not make a letter each.
        if key != last, packs[key] == nil, packs.count >= JournalLimits.deadLetterDetails {
            key = Key(reason: reason, detail: "", accountID: accountID)
        }
        if packs[key] == nil {
            packs[key] = Pack(firstIndex: index, detail: detail)
            order.append(key)
        }
        last = key
        let kept = record.prefix(JournalLimits.deadLetterBytes)
        let length = UInt32(truncatingIfNeeded: kept.count)
        withUnsafeBytes(of: length.littleEndian) { length in
            packs[key]?.body.append(contentsOf: length)
            packs[key]?.body.append(contentsOf: kept)
        }
        packs[key]?.records += 1
        packs[key]?.totalBytes += record.count
        packs[key]?.keptBytes += kept.count
        openBytes += kept.count + 4
        if openBytes >= JournalLimits.deadLetterPackBytes { try close() }
    }

    /// Adds a log file that was refused as a whole, or that has damage outside its records.
    package func add(logFile: UnsafeRawBufferPointer, reason: String, detail: String) throws {
        let kept = UnsafeRawBufferPointer(rebasing: logFile.prefix(JournalLimits.deadLetterBytes))
        drafts.append(
            DeadLetterDraft(
                reason: reason, detail: detail, accountID: "", form: .logFile, firstIndex: 0, records: 1,
                totalBytes: logFile.count, keptBytes: kept.count, body: try compressed(kept)))
    }

    /// The letters of the request; the builder is empty afterwards.
    package func finish() throws -> [DeadLetterDraft] {
        if !packs.isEmpty { try close() }
        defer { drafts.removeAll() }
        return drafts
    }

    private func close() throws {
        for key in order {
            guard let pack = packs[key] else { continue }
            let body = try pack.body.withUnsafeBytes { try compressed($0) }
            drafts.append(
                DeadLetterDraft(
                    reason: key.reason, detail: pack.detail, accountID: key.accountID, form: .records,
                    firstIndex: pack.firstIndex, records: pack.records, totalBytes: pack.totalBytes,
                    keptBytes: pack.keptBytes, body: body))
        }
        packs.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
        last = nil
        openBytes = 0
    }

    /// Bytes compressed, or as they are where that is shorter: a log file that came as gzip.
    private func compressed(_ raw: UnsafeRawBufferPointer) throws -> DeadLetterDraft.Body {
        let frame = try compressor.compress(raw)
        return frame.count < raw.count
            ? DeadLetterDraft.Body(bytes: frame, isCompressed: true)
            : DeadLetterDraft.Body(bytes: Array(raw), isCompressed: false)
    }
}

/// A dead letter before it is stored.
package struct DeadLetterDraft: Sendable {
    struct Body: Sendable {
        let bytes: [UInt8]
        let isCompressed: Bool

        /// The bytes as they were refused, with the lengths of records between them.
        func content(_ form: DeadLetterRow.Form, keptBytes: Int, records: Int) throws -> DeadLetterContent {
            // Damaged numbers must not ask for more memory than any letter has.
            let limit = min(keptBytes + 4 * records, 2 * JournalLimits.deadLetterBytes)
            let raw = isCompressed ? try bytes.withUnsafeBytes { try Zstd.decompress($0, limit: limit) } : bytes
            switch form {
            case .singleRecord: return .records([raw])
            case .logFile: return .logFile(raw)
            case .records: return .records(try Self.split(raw))
            }
        }

        private static func split(_ raw: [UInt8]) throws -> [[UInt8]] {
            var records: [[UInt8]] = []
            var rest = raw[...]
            while rest.count >= 4 {
                let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(4)
                guard length <= rest.count else { break }
                records.append(Array(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            guard rest.isEmpty else { throw JournalError(.damaged, "a dead letter's records do not fit its length") }
            return records
        }
    }

    let reason: String
    let detail: String
    let accountID: String
    let form: DeadLetterRow.Form
    let firstIndex: Int
    /// How many records it holds.
    package let records: Int
    let totalBytes: Int
    let keptBytes: Int
    let body: Body

    /// What it takes in memory and in the store.
    package var storedBytes: Int { body.bytes.count }
}
