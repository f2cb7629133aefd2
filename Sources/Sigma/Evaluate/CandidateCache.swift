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

    /// A combination: `bytes` of `key`, which hash to `hash`.
    struct Key {
        var hash: UInt64
        var bytes: Int
    }

    private struct Entry {
        var hash: UInt64 = 0
        /// Where its key's bytes stand in `texts`.
        var text: Int32 = 0
        /// 0: free.
        var bytes: Int32 = 0
        var first: Int32 = 0
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
    /// The combination of the record at hand.
    private let key: UnsafeMutablePointer<UInt8>

    private static let places = SigmaLimits.cachedCombinations * 2
    private static let textBytes = SigmaLimits.cachedCombinations * SigmaLimits.cachedCombinationBytes

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        entries = .allocate(capacity: Self.places)
        entries.initialize(repeating: Entry(), count: Self.places)
        texts = .allocate(capacity: Self.textBytes)
        candidates = .allocate(capacity: SigmaLimits.cachedCandidates)
        key = .allocate(capacity: SigmaLimits.cachedCombinationBytes + Self.spareBytes)
    }

    func free() {
        state.deallocate()
        entries.deallocate()
        texts.deallocate()
        candidates.deallocate()
        key.deallocate()
    }

    /// Behind a key's bytes stand zeros, up to a whole word, so that no key is empty and all are hashed by words.
    private static let spareBytes = 8

    /// The combination that the extractor's record has; nil where a field has several values or another than a text.
    @inline(__always)
    func key(_ fields: Frozen<RuleIndex.Field>, _ extractor: RecordExtractor) -> Key? {
        var at = 0
        for place in 0..<fields.count {
            let entry = extractor.entry(at: UInt32(bitPattern: fields.start[place].slot))
            let length = Int(entry.pointee.length)
            guard at + 3 + length <= SigmaLimits.cachedCombinationBytes, entry.pointee.next == 0 else { return nil }
            key[at] = entry.pointee.kind
            key[at + 1] = UInt8(truncatingIfNeeded: length)
            key[at + 2] = UInt8(truncatingIfNeeded: length >> 8)
            at += 3
            switch entry.pointee.kind {
            case Evaluator.absentKind, Evaluator.nullKind: break
            case Evaluator.stringKind:
                if length > 0, let text = entry.pointee.text {
                    UnsafeMutableRawPointer(key + at).copyMemory(from: text, byteCount: length)
                    at += length
                }
            default: return nil
            }
        }
        UnsafeMutableRawPointer(key + at).storeBytes(of: 0, as: UInt64.self)
        let bytes = (at + 8) & ~7
        return Key(hash: StringTable.hash(UnsafeRawBufferPointer(start: key, count: bytes)), bytes: bytes)
    }

    /// The rules to try on records of the combination that `key` was last made of, in ascending order; nil where it is
    /// not remembered.
    @inline(__always)
    func find(_ wanted: Key) -> UnsafeBufferPointer<Candidate>? {
        var at = Int(truncatingIfNeeded: wanted.hash) & (Self.places - 1)
        while true {
            let entry = entries + at
            guard entry.pointee.bytes > 0 else { return nil }
            if entry.pointee.hash == wanted.hash, Int(entry.pointee.bytes) == wanted.bytes,
                equal(
                    UnsafeRawBufferPointer(start: key, count: wanted.bytes), texts + Int(entry.pointee.text),
                    wanted.bytes)
            {
                return UnsafeBufferPointer(
                    start: candidates + Int(entry.pointee.first), count: Int(entry.pointee.count))
            }
            at = (at + 1) & (Self.places - 1)
        }
    }

    /// Remembers what to try on records of the combination that `key` was last made of. More than there is room for is
    /// not remembered.
    func insert(_ new: Key, _ found: [Candidate]) {
        guard found.count <= SigmaLimits.cachedCandidates / 4 else { return }
        if state.pointee.entries == SigmaLimits.cachedCombinations
            || state.pointee.candidates + found.count > SigmaLimits.cachedCandidates
            || state.pointee.texts + new.bytes > Self.textBytes
        {
            entries.update(repeating: Entry(), count: Self.places)
            state.pointee = State()
        }
        var at = Int(truncatingIfNeeded: new.hash) & (Self.places - 1)
        while entries[at].bytes > 0 { at = (at + 1) & (Self.places - 1) }
        entries[at] = Entry(
            hash: new.hash, text: Int32(state.pointee.texts), bytes: Int32(new.bytes),
            first: Int32(state.pointee.candidates), count: Int32(found.count))
        (texts + state.pointee.texts).update(from: key, count: new.bytes)
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
