// SPDX-License-Identifier: Apache-2.0

internal import CMessages

/// Reads the members of protobuf-c's structures; the generated code calls these.
enum WireReader {
    /// A string; protobuf-c leaves checking its UTF-8 to us.
    @inline(__always)
    static func text(_ data: ProtobufCBinaryData, _ name: StaticString) throws(MessageError) -> String {
        guard data.len > 0, let start = data.data else { return "" }
        guard let text = String(validating: UnsafeBufferPointer(start: start, count: data.len), as: UTF8.self) else {
            throw MessageError(.invalidUTF8, name.description)
        }
        return text
    }

    /// A field of type `bytes`, where it lies.
    @inline(__always)
    static func bytes(_ data: ProtobufCBinaryData, _ arena: Arena?) -> Bytes {
        guard data.len > 0, let start = data.data, let arena else { return Bytes() }
        return Bytes(owner: arena, viewing: UnsafeRawBufferPointer(start: start, count: data.len))
    }

    /// A message inside the message, where there is one.
    static func message<M: WireMessage>(
        _ pointer: UnsafeMutablePointer<M.Wire>?, _ arena: Arena?
    ) throws(MessageError) -> M? {
        guard let pointer else { return nil }
        return try M(wire: UnsafePointer(pointer), arena: arena)
    }

    /// A repeated field of numbers, as protobuf-c stores them.
    static func numbers<Number>(_ count: Int, _ start: UnsafeMutablePointer<Number>?) -> [Number] {
        Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    /// A repeated field of strings.
    static func texts(
        _ count: Int, _ start: UnsafeMutablePointer<ProtobufCBinaryData>?, _ name: StaticString
    ) throws(MessageError) -> [String] {
        guard count > 0, let start else { return [] }
        var texts: [String] = []
        texts.reserveCapacity(count)
        for index in 0..<count { texts.append(try text(start[index], name)) }
        return texts
    }

    /// A repeated field of type `bytes`.
    static func list(_ count: Int, _ start: UnsafeMutablePointer<ProtobufCBinaryData>?, _ arena: Arena?) -> [Bytes] {
        guard count > 0, let start else { return [] }
        return [Bytes](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in 0..<count { buffer.initializeElement(at: index, to: bytes(start[index], arena)) }
            filled = count
        }
    }

    /// A repeated field of messages.
    static func messages<M: WireMessage>(
        _ count: Int, _ start: UnsafeMutablePointer<UnsafeMutablePointer<M.Wire>?>?, _ arena: Arena?
    ) throws(MessageError) -> [M] {
        guard count > 0, let start else { return [] }
        var messages: [M] = []
        messages.reserveCapacity(count)
        for index in 0..<count {
            guard let element = start[index] else { continue }
            messages.append(try M(wire: UnsafePointer(element), arena: arena))
        }
        return messages
    }
}

/// Lays out protobuf-c's structures for encoding; the generated code calls its methods.
struct WireBuilder {
    var allocator: BumpAllocator

    init(_ allocator: BumpAllocator) {
        self.allocator = allocator
    }

    /// Memory for `count` values, not initialised.
    private mutating func space<Value>(_ count: Int, of type: Value.Type) -> UnsafeMutablePointer<Value> {
        guard let place = allocator.allocate(MemoryLayout<Value>.stride * count) else {
            preconditionFailure("encoding has no budget to exceed")
        }
        return place.bindMemory(to: Value.self, capacity: count)
    }

    /// A message's structure.
    mutating func lay<M: WireMessage>(_ message: M) -> UnsafeMutablePointer<M.Wire> {
        let wire = space(1, of: M.Wire.self)
        message.fill(wire, &self)
        return wire
    }

    /// A message inside the message.
    mutating func message<M: WireMessage>(_ message: M?) -> UnsafeMutablePointer<M.Wire>? {
        guard let message else { return nil }
        return lay(message)
    }

    /// A copy of a string's UTF-8.
    mutating func text(_ text: String) -> ProtobufCBinaryData {
        var text = text
        return text.withUTF8 { utf8 in
            guard let source = utf8.baseAddress, !utf8.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
            let copy = space(utf8.count, of: UInt8.self)
            copy.initialize(from: source, count: utf8.count)
            return ProtobufCBinaryData(len: utf8.count, data: copy)
        }
    }

    /// A payload, where it lies. protobuf-c never writes to it, but declares it mutable.
    func bytes(_ bytes: Bytes) -> ProtobufCBinaryData {
        let view = bytes.unsafeBytes
        let start = UnsafeMutableRawPointer(mutating: view.baseAddress)
        return ProtobufCBinaryData(len: view.count, data: start?.assumingMemoryBound(to: UInt8.self))
    }

    /// A repeated field of numbers.
    mutating func numbers<Number>(_ numbers: [Number]) -> UnsafeMutablePointer<Number>? {
        guard !numbers.isEmpty else { return nil }
        let places = space(numbers.count, of: Number.self)
        for (index, number) in numbers.enumerated() { (places + index).initialize(to: number) }
        return places
    }

    /// A repeated field of strings.
    mutating func texts(_ texts: [String]) -> UnsafeMutablePointer<ProtobufCBinaryData>? {
        guard !texts.isEmpty else { return nil }
        let places = space(texts.count, of: ProtobufCBinaryData.self)
        for (index, element) in texts.enumerated() { (places + index).initialize(to: text(element)) }
        return places
    }

    /// A repeated field of type `bytes`.
    mutating func list(_ list: [Bytes]) -> UnsafeMutablePointer<ProtobufCBinaryData>? {
        guard !list.isEmpty else { return nil }
        let places = space(list.count, of: ProtobufCBinaryData.self)
        for (index, element) in list.enumerated() { (places + index).initialize(to: bytes(element)) }
        return places
    }

    /// A repeated field of messages.
    mutating func messages<M: WireMessage>(
        _ messages: [M]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<M.Wire>?>? {
        guard !messages.isEmpty else { return nil }
        let places = space(messages.count, of: UnsafeMutablePointer<M.Wire>?.self)
        for (index, element) in messages.enumerated() { (places + index).initialize(to: lay(element)) }
        return places
    }
}
