// SPDX-License-Identifier: Apache-2.0

internal import CMessages

/// What the generator gives each message: its way from and to protobuf-c's structure.
protocol WireMessage: Message {
    /// The structure that protoc-c generated.
    associatedtype Wire

    /// protobuf-c's description of the structure, a constant of the program.
    static var wireDescriptor: UnsafePointer<ProtobufCMessageDescriptor> { get }
    /// True where the message or one inside it has a field of type `bytes`, and so has to keep its arena.
    static var holdsBytes: Bool { get }

    /// Reads the structure; `arena` owns the memory that it points to.
    init(wire: UnsafePointer<Wire>, arena: Arena?) throws(MessageError)
    /// Initialises the structure; what it points to lives in this value or in the builder.
    func fill(_ wire: UnsafeMutablePointer<Wire>, _ builder: inout WireBuilder)
}

/// The two directions between bytes and messages.
enum Codec {
    /// Decodes one message.
    static func decode<M: WireMessage>(_ type: M.Type, _ bytes: UnsafeRawBufferPointer) throws(MessageError) -> M {
        guard bytes.count <= MessageLimits.wireBytes else { throw MessageError(.tooLong, M.messageName) }
        let budget = MessageLimits.arenaBytesAlways + bytes.count * MessageLimits.arenaBytesPerWireByte
        if M.holdsBytes {
            // Room for the payload, its structures and protobuf-c's list of fields in one piece, as a rule.
            var allocator = BumpAllocator(capacity: bytes.count + bytes.count / 8 + 512, budget: budget)
            defer { allocator.freeChunks() }
            let wire = try unpack(M.self, bytes, &allocator)
            return try M(wire: wire, arena: Arena(adopting: &allocator))
        }
        return try withUnsafeTemporaryAllocation(
            byteCount: MessageLimits.stackChunkBytes, alignment: BumpAllocator.alignment
        ) { (chunk) throws(MessageError) -> M in
            var allocator = BumpAllocator(lent: chunk, budget: budget)
            defer { allocator.freeChunks() }
            return try M(wire: try unpack(M.self, bytes, &allocator), arena: nil)
        }
    }

    /// Has protobuf-c read the bytes into memory of the allocator.
    private static func unpack<M: WireMessage>(
        _ type: M.Type, _ bytes: UnsafeRawBufferPointer, _ allocator: inout BumpAllocator
    ) throws(MessageError) -> UnsafePointer<M.Wire> {
        let message = withUnsafeMutablePointer(to: &allocator) { allocator in
            var callbacks = ProtobufCAllocator(
                alloc: { data, size in
                    data?.assumingMemoryBound(to: BumpAllocator.self).pointee.allocate(size)
                },
                free: { _, _ in },
                allocator_data: UnsafeMutableRawPointer(allocator))
            return protobuf_c_message_unpack(
                M.wireDescriptor, &callbacks, bytes.count, bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        }
        guard let message else {
            throw MessageError(allocator.isOverBudget ? .unfoldsTooLarge : .malformed, M.messageName)
        }
        return UnsafePointer(UnsafeMutableRawPointer(message).assumingMemoryBound(to: M.Wire.self))
    }

    /// Lays a message out and lends it to `body`.
    static func encode<M: WireMessage>(_ message: M, _ body: (borrowing EncodableMessage) -> Void) {
        withUnsafeTemporaryAllocation(
            byteCount: MessageLimits.stackChunkBytes, alignment: BumpAllocator.alignment
        ) { chunk in
            var builder = WireBuilder(BumpAllocator(lent: chunk, budget: Int.max))
            defer { builder.allocator.freeChunks() }
            let wire = builder.lay(message)
            // `message` owns the payloads' memory that the structure points to.
            defer { withExtendedLifetime(message) {} }
            body(EncodableMessage(UnsafeRawPointer(wire).assumingMemoryBound(to: ProtobufCMessage.self)))
        }
    }
}

/// A message that is laid out in memory and measured, for the time of one call.
package struct EncodableMessage: ~Copyable {
    private let wire: UnsafePointer<ProtobufCMessage>
    /// The length of the encoded message.
    package let size: Int

    fileprivate init(_ wire: UnsafePointer<ProtobufCMessage>) {
        self.wire = wire
        size = protobuf_c_message_get_packed_size(wire)
    }

    /// protobuf-c's sink, over a buffer of the caller. `base` comes first because protobuf-c passes its address.
    private struct Sink {
        var base: ProtobufCBuffer
        var place: UnsafeMutableRawPointer
        var space: Int
    }

    /// Writes the encoded message to the start of `buffer`, which must have room for `size` bytes, and returns `size`.
    package func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(buffer.count >= size, "the buffer is shorter than the message")
        guard size > 0, let start = buffer.baseAddress else { return 0 }
        // Packing to a sink spares protobuf_c_message_pack's moving of each inner message after its length.
        var sink = Sink(
            base: ProtobufCBuffer(append: { base, count, data in
                guard count > 0, let base, let data else { return }
                UnsafeMutableRawPointer(base).withMemoryRebound(to: Sink.self, capacity: 1) { sink in
                    precondition(count <= sink.pointee.space, "protobuf-c writes more than it measured")
                    sink.pointee.place.copyMemory(from: data, byteCount: count)
                    sink.pointee.place += count
                    sink.pointee.space -= count
                }
            }),
            place: start, space: size)
        withUnsafeMutablePointer(to: &sink) { sink in
            let base = UnsafeMutableRawPointer(sink).assumingMemoryBound(to: ProtobufCBuffer.self)
            _ = protobuf_c_message_pack_to_buffer(wire, base)
        }
        return size
    }
}
