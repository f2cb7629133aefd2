// SPDX-License-Identifier: Apache-2.0

/// Bytes that are no protobuf message.
struct WireError: Error {}

/// A field of a protobuf message as it stands on the wire.
enum WireValue {
    case number(UInt64)
    case bytes(UnsafeRawBufferPointer)

    /// The number of an integer field.
    func number() throws -> UInt64 {
        guard case .number(let number) = self else { throw WireError() }
        return number
    }

    /// An int32, which travels sign-extended.
    func int32() throws -> Int32 { Int32(truncatingIfNeeded: try number()) }

    /// The bytes of a length-delimited field.
    func bytes() throws -> UnsafeRawBufferPointer {
        guard case .bytes(let bytes) = self else { throw WireError() }
        return bytes
    }
}

/// Reads the fields of a protobuf message in order.
struct WireReader {
    private var rest: UnsafeRawBufferPointer.SubSequence

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    /// The next field's number and value; nil at the end.
    mutating func next() throws -> (field: Int, value: WireValue)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint()
        guard let field = Int(exactly: key >> 3), field > 0 else { throw WireError() }
        switch key & 7 {
        case 0: return (field, .number(try varint()))
        case 1: return (field, .bytes(try take(8)))
        case 2:
            guard let count = Int(exactly: try varint()) else { throw WireError() }
            return (field, .bytes(try take(count)))
        case 5: return (field, .bytes(try take(4)))
        default: throw WireError()
        }
    }

    private mutating func varint() throws -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            guard let byte = rest.popFirst() else { throw WireError() }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        throw WireError()
    }

    private mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count >= 0, count <= rest.count else { throw WireError() }
        defer { rest = rest.dropFirst(count) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }
}

/// Writes the fields of a protobuf message.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    /// An integer field; left out where it is zero.
    mutating func number(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        varint(UInt64(field) << 3)
        varint(value)
    }

    /// An int32 field; left out where it is zero.
    mutating func int32(_ field: Int, _ value: Int32) { number(field, UInt64(bitPattern: Int64(value))) }

    /// A field of bytes or text; left out where it is empty.
    mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
        guard !value.isEmpty else { return }
        run(field, value)
    }

    /// A message in a field; left out where it is nil.
    mutating func message(_ field: Int, _ value: (some WireMessage)?) {
        guard let value else { return }
        run(field, value.encoded)
    }

    private mutating func run(_ field: Int, _ value: some Collection<UInt8>) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }
}

/// A protobuf message. Written by hand, so that the transport is tested without the project's own codec.
protocol WireMessage: Sendable {
    init()
    /// Takes a field; ignores one that it doesn't know.
    mutating func take(_ field: Int, _ value: WireValue) throws
    /// Writes the fields.
    func write(to writer: inout WireWriter)
}

extension WireMessage {
    /// Reads a message.
    init(decoding bytes: UnsafeRawBufferPointer) throws {
        self.init()
        var reader = WireReader(bytes)
        while let (field, value) = try reader.next() { try take(field, value) }
    }

    /// The message's bytes.
    var encoded: [UInt8] {
        var writer = WireWriter()
        write(to: &writer)
        return writer.bytes
    }
}
