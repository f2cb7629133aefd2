// SPDX-License-Identifier: Apache-2.0

import CJSON
import JSON

/// Which rules are worth trying on records of one combination of the index fields' values, and from which step on.
///
/// The records of a trail are of a few hundred combinations of service, call and kind of caller, and all that rules ask
/// of these fields has the same answers each time. What is remembered is bounded in number and bytes; when it is full,
/// it is forgotten, so that made-up names cost no more than the first record of each combination does.
///
/// Its state stands behind pointers, so that reading it costs no check of exclusive access; its owner frees it.
struct CandidateCache {
    /// A rule, and the first of its steps that is not answered yet: an instruction, or `Program.match`.
    struct Candidate {
        var rule: Int32
        var start: Int32
    }

    /// What the combination of the record at hand is looked for by: its hash, and the bytes that it takes.
    struct Key {
        var hash: UInt64
        var bytes: Int
    }

    private struct Entry {
        var hash: UInt64 = 0
        /// Where its values stand in `texts`.
        var text: Int32 = 0
        var bytes: Int32 = 0
        /// Below 0: free.
        var first: Int32 = -1
        var count: Int32 = 0
    }

    private struct State {
        var entries = 0
        var texts = 0
        var candidates = 0
    }

    private let state: UnsafeMutablePointer<State>
    private let entries: UnsafeMutablePointer<Entry>
    private let texts: UnsafeMutablePointer<UInt8>
    private let candidates: UnsafeMutablePointer<Candidate>
    private let seed = StringTable.seed

    private static let places = SigmaLimits.cachedCombinations * 2
    private static let textBytes = SigmaLimits.cachedCombinations * SigmaLimits.cachedCombinationBytes
    /// Before each value's text stand its kind and its length.
    private static let headBytes = 4

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        entries = .allocate(capacity: Self.places)
        entries.initialize(repeating: Entry(), count: Self.places)
        texts = .allocate(capacity: Self.textBytes)
        candidates = .allocate(capacity: SigmaLimits.cachedCandidates)
    }

    func free() {
        state.deallocate()
        entries.deallocate()
        texts.deallocate()
        candidates.deallocate()
    }

    /// The text of a field that has one, or no value; nil where it has another.
    @inline(__always)
    private static func text(_ entry: UnsafeMutablePointer<th_json_value>) -> UnsafeRawBufferPointer? {
        switch entry.pointee.kind {
        case Evaluator.stringKind: Evaluator.bytes(entry)
        case Evaluator.absentKind, Evaluator.nullKind: UnsafeRawBufferPointer(start: nil, count: 0)
        default: nil
        }
    }

    @inline(__always)
    private static func head(_ entry: UnsafeMutablePointer<th_json_value>, _ text: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: text.count) << 8 | UInt32(entry.pointee.kind)
    }

    /// The combination that the extractor's record has; nil where a field has several values or another than a text.
    @inline(__always)
    func key(_ fields: Frozen<RuleIndex.Field>, _ extractor: RecordExtractor) -> Key? {
        var hash = seed
        var bytes = 0
        for place in 0..<fields.count {
            let entry = extractor.entry(at: UInt32(bitPattern: fields.start[place].slot))
            guard entry.pointee.next == 0, let text = Self.text(entry) else { return nil }
            bytes += Self.headBytes + text.count
            guard bytes <= SigmaLimits.cachedCombinationBytes else { return nil }
            // Each by itself, so that none waits for the one before.
            let own = StringTable.hash(text, seed &+ UInt64(entry.pointee.kind))
            hash = StringTable.mix(hash ^ own)
        }
        return Key(hash: hash, bytes: bytes)
    }

    /// The rules to try on records of the extractor's combination, in ascending order; nil where it is not remembered.
    @inline(__always)
    func find(
        _ wanted: Key, _ fields: Frozen<RuleIndex.Field>, _ extractor: RecordExtractor
    ) -> UnsafeBufferPointer<Candidate>? {
        var at = Int(truncatingIfNeeded: wanted.hash) & (Self.places - 1)
        while true {
            let entry = entries + at
            guard entry.pointee.first >= 0 else { return nil }
            if entry.pointee.hash == wanted.hash, Int(entry.pointee.bytes) == wanted.bytes,
                isSame(texts + Int(entry.pointee.text), fields, extractor)
            {
                return UnsafeBufferPointer(
                    start: candidates + Int(entry.pointee.first), count: Int(entry.pointee.count))
            }
            at = (at + 1) & (Self.places - 1)
        }
    }

    /// Whether a remembered combination of as many bytes is the extractor's.
    @inline(__always)
    private func isSame(
        _ remembered: UnsafePointer<UInt8>, _ fields: Frozen<RuleIndex.Field>, _ extractor: RecordExtractor
    ) -> Bool {
        var at = remembered
        for place in 0..<fields.count {
            let entry = extractor.entry(at: UInt32(bitPattern: fields.start[place].slot))
            guard let text = Self.text(entry),
                UnsafeRawPointer(at).loadUnaligned(as: UInt32.self) == Self.head(entry, text),
                equal(text, at + Self.headBytes, text.count)
            else { return false }
            at += Self.headBytes + text.count
        }
        return true
    }

    /// Remembers what to try on records of the extractor's combination. More than there is room for is not remembered.
    func insert(
        _ new: Key, _ fields: Frozen<RuleIndex.Field>, _ extractor: RecordExtractor, _ found: [Candidate]
    ) {
        guard found.count <= SigmaLimits.cachedCandidates / 4 else { return }
        if state.pointee.entries == SigmaLimits.cachedCombinations
            || state.pointee.candidates + found.count > SigmaLimits.cachedCandidates
            || state.pointee.texts + new.bytes > Self.textBytes
        {
            entries.update(repeating: Entry(), count: Self.places)
            state.pointee = State()
        }
        var at = Int(truncatingIfNeeded: new.hash) & (Self.places - 1)
        while entries[at].first >= 0 { at = (at + 1) & (Self.places - 1) }
        entries[at] = Entry(
            hash: new.hash, text: Int32(state.pointee.texts), bytes: Int32(new.bytes),
            first: Int32(state.pointee.candidates), count: Int32(found.count))
        var text = UnsafeMutableRawPointer(texts + state.pointee.texts)
        for place in 0..<fields.count {
            let entry = extractor.entry(at: UInt32(bitPattern: fields.start[place].slot))
            guard let own = Self.text(entry) else { continue }
            text.storeBytes(of: Self.head(entry, own), as: UInt32.self)
            text += Self.headBytes
            if let from = own.baseAddress { text.copyMemory(from: from, byteCount: own.count) }
            text += own.count
        }
        found.withUnsafeBufferPointer { source in
            if let from = source.baseAddress {
                (candidates + state.pointee.candidates).update(from: from, count: source.count)
            }
        }
        state.pointee.texts += new.bytes
        state.pointee.candidates += found.count
        state.pointee.entries += 1
    }
}
