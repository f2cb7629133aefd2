// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Writes tagged fields: a tag, a length and that many bytes. Numbers are LEB128.
struct FieldWriter {
    var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string($0) }
    }

    mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
        varint(UInt64(text.count))
        bytes.append(contentsOf: text)
    }

    mutating func text(_ tag: UInt64, _ text: String) {
        varint(tag)
        string(text)
    }

    mutating func number(_ tag: UInt64, _ value: UInt64) {
        varint(tag)
        varint(UInt64(Self.size(of: value)))
        varint(value)
    }

    /// The bytes that `varint` writes.
    static func size(of value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }

    mutating func field(_ tag: UInt64, _ body: (inout FieldWriter) -> Void) {
        var inner = FieldWriter()
        body(&inner)
        varint(tag)
        varint(UInt64(inner.bytes.count))
        bytes.append(contentsOf: inner.bytes)
    }

    /// The time, then the event's id: sixteen bytes for a plain GUID, else its text behind a one.
    mutating func reference(_ reference: EventReference) {
        varint(UInt64(bitPattern: reference.time))
        guard reference.isPlainGUID else {
            varint(1)
            string(reference.text)
            return
        }
        varint(0)
        for half in [reference.id.high, reference.id.low] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: half >> shift))
            }
        }
    }
}

/// Reads what `FieldWriter` wrote; bytes of any other origin are refused, never trapped on.
struct FieldReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    /// What is not read yet.
    var rest: ArraySlice<UInt8> { bytes[position...] }

    /// All of it as text; invalid UTF-8 is repaired.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func byte() -> UInt8? {
        guard position < bytes.endIndex else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(AlertCodec.Malformed) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let next = byte() {
            guard shift < 64 else { break }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
        throw AlertCodec.Malformed()
    }

    mutating func slice() throws(AlertCodec.Malformed) -> ArraySlice<UInt8> {
        let count = try number()
        guard count <= UInt64(bytes.endIndex - position) else { throw AlertCodec.Malformed() }
        let start = position
        position += Int(count)
        return bytes[start..<position]
    }

    mutating func field() throws(AlertCodec.Malformed) -> (UInt64, ArraySlice<UInt8>) {
        (try number(), try slice())
    }

    mutating func string() throws(AlertCodec.Malformed) -> String {
        String(decoding: try slice(), as: UTF8.self)
    }

    /// A raw value that its type knows.
    mutating func raw<Value>(_ make: (UInt8) -> Value?) throws(AlertCodec.Malformed) -> Value {
        guard let small = UInt8(exactly: try number()), let value = make(small) else { throw AlertCodec.Malformed() }
        return value
    }

    /// A time in milliseconds, or a span: within what can be added to another without an overflow.
    mutating func milliseconds() throws(AlertCodec.Malformed) -> Milliseconds {
        let time = Int64(bitPattern: try number())
        guard -DetectLimits.storedTime...DetectLimits.storedTime ~= time else { throw AlertCodec.Malformed() }
        return time
    }

    /// A count that can be added to without an overflow.
    mutating func count() throws(AlertCodec.Malformed) -> UInt64 {
        let count = try number()
        guard count <= UInt64(DetectLimits.storedTime) else { throw AlertCodec.Malformed() }
        return count
    }

    mutating func reference() throws(AlertCodec.Malformed) -> EventReference {
        let time = try milliseconds()
        if try number() == 1 { return EventReference(time: time, text: try string()) }
        var halves: (UInt64, UInt64) = (0, 0)
        for index in 0..<16 {
            guard let next = byte() else { throw AlertCodec.Malformed() }
            if index < 8 { halves.0 = halves.0 << 8 | UInt64(next) } else { halves.1 = halves.1 << 8 | UInt64(next) }
        }
        return EventReference(time: time, id: EventID(high: halves.0, low: halves.1))
    }
}
