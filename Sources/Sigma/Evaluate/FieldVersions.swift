// SPDX-License-Identifier: Apache-2.0

import CJSON
import JSON

/// Tells whether a field has the value that it had in the record before, by a number that changes with the value.
///
/// The records of a log file are mostly by few callers, each with one user agent, address and identity: what rules ask of
/// such a field is answered once for a run of records. A field of several values, of an object or of a long text counts as
/// changed.
///
/// Its state stands behind pointers, so that reading it costs no check of exclusive access; its owner frees it.
struct FieldVersions {
    private struct Field {
        var version: UInt64 = 0
        /// The record that `version` was made sure of for.
        var record: UInt64 = 0
        /// The version of the remembered member that `version` was made sure of for; 0 for another field.
        var member: UInt64 = 0
        var length: Int32 = 0
        var kind: UInt8 = 0
        /// Whether it lies below the remembered member.
        var isOfMember = false
        /// The bit of what `RecordExtractor.fill` has to be given before it is read; 64 for none.
        var deferral: UInt8 = 64
    }

    private let fields: UnsafeMutablePointer<Field>
    private let texts: UnsafeMutablePointer<UInt8>
    private struct State {
        /// Counts records and versions: each gets a number of its own.
        var last: UInt64 = 0
        var record: UInt64 = 0
        /// The version of the remembered member in the record at hand, or what no field has.
        var member = UInt64.max
    }

    private let state: UnsafeMutablePointer<State>

    init(_ compiled: CompiledFields) {
        let count = compiled.count
        fields = .allocate(capacity: max(1, count))
        fields.initialize(repeating: Field(), count: max(1, count))
        for slot in 0..<count {
            fields[slot].isOfMember = compiled.isRemembered(slot)
            fields[slot].deferral = UInt8(compiled.deferral(slot).trailingZeroBitCount)
        }
        texts = .allocate(capacity: max(1, count * SigmaLimits.rememberedValueBytes))
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    func free() {
        fields.deallocate()
        texts.deallocate()
        state.deallocate()
    }

    /// The number of the record at hand.
    @inline(__always) var record: UInt64 { state.pointee.record }

    /// Goes on to the extractor's record.
    @inline(__always)
    func begin(_ extractor: RecordExtractor) {
        state.pointee.last &+= 1
        state.pointee.record = state.pointee.last
        state.pointee.member = extractor.remembered?.version ?? .max
    }

    /// The version of a field in the record at hand.
    @inline(__always)
    func version(_ slot: Int32, _ extractor: RecordExtractor) -> UInt64 {
        let field = fields + Int(slot)
        let isKnown = field.pointee.record == state.pointee.record || field.pointee.member == state.pointee.member
        return isKnown ? field.pointee.version : look(field, slot, extractor)
    }

    @inline(never)
    private func look(_ field: UnsafeMutablePointer<Field>, _ slot: Int32, _ extractor: RecordExtractor) -> UInt64 {
        field.pointee.record = state.pointee.record
        if field.pointee.deferral < 64 { extractor.fill(1 << UInt64(field.pointee.deferral)) }
        if field.pointee.isOfMember {
            field.pointee.member = state.pointee.member == .max ? 0 : state.pointee.member
        }
        let entry = extractor.entry(at: UInt32(bitPattern: slot))
        let length = Int(entry.pointee.length)
        let text = texts + Int(slot) * SigmaLimits.rememberedValueBytes
        let bytes = UnsafeRawBufferPointer(start: entry.pointee.text, count: length)
        // What is remembered is plain, so that a value like it is, if it is the only one.
        if entry.pointee.kind == field.pointee.kind, Int(field.pointee.length) == length, entry.pointee.next == 0,
            equal(bytes, text, length), field.pointee.version > 0
        {
            return field.pointee.version
        }
        let isPlain =
            entry.pointee.next == 0 && entry.pointee.kind <= Evaluator.boolKind
            && length <= SigmaLimits.rememberedValueBytes
        state.pointee.last &+= 1
        field.pointee.version = state.pointee.last
        if isPlain {
            field.pointee.length = Int32(length)
            field.pointee.kind = entry.pointee.kind
            if let from = bytes.baseAddress, length > 0 {
                UnsafeMutableRawPointer(text).copyMemory(from: from, byteCount: length)
            }
        } else {
            field.pointee.length = -1
        }
        return field.pointee.version
    }
}
