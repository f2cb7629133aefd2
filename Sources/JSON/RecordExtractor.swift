// SPDX-License-Identifier: Apache-2.0

import CJSON

/// Reads records in one pass: checks all of a record's JSON and keeps the values of the asked fields.
///
/// One worker owns one extractor; after it has warmed up, nothing is allocated per record. The bytes given to it must
/// stay where they are as long as values are read, and need no padding. Of a key that stands twice in one object the
/// last counts. A lone surrogate escape reads as U+FFFD.
public final class RecordExtractor {
    /// What the slots stand for.
    public let fields: CompiledFields
    @usableFromInline let parser: OpaquePointer
    /// `fields.count`, near at hand.
    @usableFromInline let slots: Int
    /// Where the parser's values are. It may move with each record; kept behind a pointer, so that reading it costs no
    /// check of exclusive access.
    @usableFromInline let place: UnsafeMutablePointer<UnsafeMutablePointer<th_json_value>>
    /// Which members of the current record were put off; the parser's own note.
    @usableFromInline let pending: UnsafePointer<UInt64>
    /// The parser's notes of the remembered member and of the slots that hold something.
    @usableFromInline let member: UnsafePointer<th_json_member>
    @usableFromInline let filled: UnsafePointer<th_json_filled>
    /// The parser's note of a member that stands twice.
    @usableFromInline let doubled: UnsafePointer<th_json_doubled>

    public init(_ fields: CompiledFields) {
        self.fields = fields
        slots = fields.count
        parser = th_json_parser_create(fields.handle)
        place = .allocate(capacity: 1)
        place.initialize(to: th_json_values(parser))
        pending = th_json_pending(parser)
        member = th_json_remembered(parser)
        filled = th_json_filled_slots(parser)
        doubled = th_json_doubled_member(parser)
    }

    deinit {
        place.deallocate()
        th_json_parser_destroy(parser)
    }

    @inlinable var table: UnsafeMutablePointer<th_json_value> { place.pointee }

    /// Reads one record: exactly one JSON object.
    @inlinable
    public func extract(_ record: UnsafeRawBufferPointer) throws(JSONError) {
        let bytes = record.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let status = th_json_extract(parser, bytes, record.count)
        place.pointee = th_json_values(parser)
        if status != TH_JSON_OK { throw failure(status) }
    }

    /// What the documents look like.
    public enum DocumentForm: Sendable {
        /// A CloudTrail log file: an object with the array `Records` among its members.
        case recordsObject
        /// That, or a bare array of records.
        case recordsObjectOrArray
    }

    /// What `next` came upon.
    public enum Step: Sendable {
        /// A record at this place of the document; its values are in the slots.
        case record(Range<Int>)
        /// An element at this place that is JSON but no object; the ones after it may be records.
        case notAnObject(Range<Int>)
        /// The document's end.
        case end
    }

    /// Opens a document. Its records follow by `next`, over one parse of the whole.
    public func open(_ document: UnsafeRawBufferPointer, form: DocumentForm = .recordsObject) throws(JSONError) {
        let bytes = document.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let status = th_json_document_open(parser, bytes, document.count, form == .recordsObjectOrArray)
        place.pointee = th_json_values(parser)
        if status != TH_JSON_OK { throw failure(status) }
    }

    /// Reads the open document's next record. An error ends the document: whatever came before it was still right.
    @inlinable
    public func next() throws(JSONError) -> Step {
        var range = th_json_range()
        let status = th_json_document_next(parser, &range)
        place.pointee = th_json_values(parser)
        switch status {
        case TH_JSON_OK: return .record(Int(range.offset)..<Int(range.offset &+ range.length))
        case TH_JSON_ELEMENT_NOT_OBJECT: return .notAnObject(Int(range.offset)..<Int(range.offset &+ range.length))
        case TH_JSON_END: return .end
        default: throw failure(status)
        }
    }

    @usableFromInline
    func failure(_ status: th_json_status) -> JSONError {
        JSONError(status, offset: th_json_error_offset(parser))
    }

    /// The first value of a field; of kind `absent` when it has none.
    @inlinable
    public func first(_ slot: Slot) -> FieldValue {
        precondition(slot >= 0 && slot < slots)
        return value(at: UInt32(truncatingIfNeeded: slot))
    }

    /// Reads what was put off of the current record: of fields that `CompiledFields.isDeferred` the values are there only
    /// afterwards. Costs nothing where nothing was put off.
    ///
    /// - Parameter wanted: what `CompiledFields.deferral` says of the fields to be read, together; all of them.
    @inlinable
    @inline(__always)
    public func fill(_ wanted: UInt64 = .max) {
        if pending.pointee & wanted != 0 { fillNow(wanted) }
    }

    @usableFromInline
    func fillNow(_ wanted: UInt64) {
        th_json_fill(parser, wanted)
        place.pointee = th_json_values(parser)
    }

    /// Every value of a field, in the order of the record. An absent field has none; an empty array has none.
    @inlinable
    public func values(_ slot: Slot) -> FieldValues {
        precondition(slot >= 0 && slot < slots)
        return FieldValues(extractor: self, slot: UInt32(truncatingIfNeeded: slot))
    }

    /// The bytes of a field's first value where that is a string; nil where it is anything else or absent.
    @inlinable
    @inline(__always)
    package func string(_ slot: Slot) -> UnsafeRawBufferPointer? {
        precondition(slot >= 0 && slot < slots)
        let entry = table + slot
        guard entry.pointee.kind == UInt8(truncatingIfNeeded: TH_JSON_STRING.rawValue) else { return nil }
        return UnsafeRawBufferPointer(start: entry.pointee.text, count: Int(entry.pointee.length))
    }

    /// The bytes of a field's first value where that is a string and no element of an array itself.
    @inlinable
    @inline(__always)
    package func member(_ slot: Slot) -> UnsafeRawBufferPointer? {
        precondition(slot >= 0 && slot < slots)
        let entry = table + slot
        guard entry.pointee.kind == UInt8(truncatingIfNeeded: TH_JSON_STRING.rawValue), entry.pointee.element == 0
        else {
            return nil
        }
        return UnsafeRawBufferPointer(start: entry.pointee.text, count: Int(entry.pointee.length))
    }

    /// Whether a field's first value is an element of an array itself.
    package func isElement(_ slot: Slot) -> Bool {
        precondition(slot >= 0 && slot < slots)
        return table[slot].element != 0
    }

    /// True where a member that leads to a field stands twice in one object of the record, so that readers disagree on its
    /// value. Of members that were put off it is known once `fill` has read them.
    @inlinable
    @inline(__always)
    package var hasDoubledMember: Bool { doubled.pointee.path != nil }

    /// The path of the first member that stands twice; nil where none does.
    package var doubledMember: String? {
        guard let path = doubled.pointee.path else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: path, count: doubled.pointee.length), as: UTF8.self)
    }

    /// Takes a field for absent in the current record where its only value is an empty string.
    @inlinable
    @inline(__always)
    package func clearEmpty(_ slot: Slot) {
        precondition(slot >= 0 && slot < slots)
        let entry = table + slot
        guard entry.pointee.kind == UInt8(truncatingIfNeeded: TH_JSON_STRING.rawValue), entry.pointee.length == 0,
            entry.pointee.next == 0
        else { return }
        th_json_clear(parser, UInt32(truncatingIfNeeded: slot))
    }

    /// The object of the member that `FieldSet.compile(remembering:)` named: its bytes; where it is remembered; and a
    /// number that the same bytes have again. Nil where it may be that no other record has the same one.
    @inlinable
    @inline(__always)
    package var remembered: (bytes: UnsafeRawBufferPointer, place: Int, version: UInt64)? {
        guard member.pointee.version != 0 else { return nil }
        let bytes = UnsafeRawBufferPointer(start: member.pointee.start, count: Int(member.pointee.length))
        return (bytes, Int(member.pointee.place), member.pointee.version)
    }

    /// Whether a field is absent or null, and nothing else stands for it.
    @inlinable
    @inline(__always)
    package func isAbsentOrNull(_ slot: Slot) -> Bool {
        precondition(slot >= 0 && slot < slots)
        let kind = table[slot].kind
        return kind == UInt8(truncatingIfNeeded: TH_JSON_ABSENT.rawValue)
            || kind == UInt8(truncatingIfNeeded: TH_JSON_NULL.rawValue) && table[slot].next == 0
    }

    /// Calls `body` with each string of the fields of some slots.
    ///
    /// - Parameter besideRemembered: that none of them is of the remembered member, whose values are passed over then.
    @inlinable
    @inline(__always)
    package func forEachString(
        of wanted: Range<Slot>, besideRemembered: Bool, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        precondition(wanted.lowerBound >= 0 && wanted.upperBound <= slots)
        let table = table
        let stringKind = UInt8(truncatingIfNeeded: TH_JSON_STRING.rawValue)
        let first = besideRemembered ? Int(filled.pointee.standing) : 0
        for index in first..<Int(filled.pointee.count) {
            let slot = Int(filled.pointee.slots[index])
            guard wanted.contains(slot) else { continue }
            var entry = table + slot
            while true {
                if entry.pointee.kind == stringKind {
                    body(UnsafeRawBufferPointer(start: entry.pointee.text, count: Int(entry.pointee.length)))
                }
                guard entry.pointee.next != 0 else { break }
                entry = table + Int(entry.pointee.next)
            }
        }
    }

    /// Whether the path leads anywhere, be it to null or to an empty array.
    @inlinable
    public func exists(_ slot: Slot) -> Bool { first(slot).kind != .absent }

    /// Calls `body` with every string, number and boolean of the record, at any depth, until it returns true. Returns
    /// whether it did. This walks the record again.
    public func contains(anyValue body: (FieldValue) -> Bool) -> Bool {
        for value in allValues() {
            let bytes = UnsafeRawBufferPointer(start: value.text, count: Int(value.length))
            if body(FieldValue(kind: FieldValue.Kind(rawValue: value.kind) ?? .absent, bytes: bytes)) { return true }
        }
        return false
    }

    /// The entry at an index of the table. An object is turned into compact text now. A slot's first value stands at
    /// the slot's number; the address is good until the next record.
    @inlinable
    package func entry(at index: UInt32) -> UnsafeMutablePointer<th_json_value> {
        let entry = table + Int(index)
        if entry.pointee.kind == UInt8(truncatingIfNeeded: TH_JSON_RAW_OBJECT.rawValue) {
            th_json_object_text(parser, entry)
        }
        return entry
    }

    /// Every string, number and boolean of the record, at any depth. Good until the next call or record.
    package func allValues() -> UnsafeBufferPointer<th_json_value> {
        var count = 0
        let start = th_json_all_values(parser, &count)
        return UnsafeBufferPointer(start: start, count: count)
    }

    /// The value at an index of the table.
    @inlinable
    func value(at index: UInt32) -> FieldValue {
        let entry = entry(at: index)
        let bytes = UnsafeRawBufferPointer(start: entry.pointee.text, count: Int(entry.pointee.length))
        return FieldValue(kind: FieldValue.Kind(rawValue: entry.pointee.kind) ?? .absent, bytes: bytes)
    }
}

/// The values of one field. Valid until the extractor reads the next record.
public struct FieldValues: Sequence, IteratorProtocol {
    @usableFromInline let extractor: RecordExtractor
    @usableFromInline var index: UInt32
    @usableFromInline var hasNext: Bool

    @inlinable
    init(extractor: RecordExtractor, slot: UInt32) {
        self.extractor = extractor
        index = slot
        let kind = extractor.table[Int(slot)].kind
        hasNext = kind > UInt8(truncatingIfNeeded: TH_JSON_EMPTY_ARRAY.rawValue)
    }

    @inlinable
    public mutating func next() -> FieldValue? {
        guard hasNext else { return nil }
        let value = extractor.value(at: index)
        index = extractor.table[Int(index)].next
        hasNext = index != 0
        return value
    }
}
