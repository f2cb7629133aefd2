// SPDX-License-Identifier: Apache-2.0

import CDescriptor

/// A FileDescriptorSet as protobuf-c decoded it, owned until the end of its life.
final class DescriptorSet {
    typealias Raw = UnsafeMutablePointer<Google__Protobuf__FileDescriptorSet>
    typealias RawFile = UnsafeMutablePointer<Google__Protobuf__FileDescriptorProto>
    typealias RawMessage = UnsafeMutablePointer<Google__Protobuf__DescriptorProto>
    typealias RawField = UnsafeMutablePointer<Google__Protobuf__FieldDescriptorProto>
    typealias RawEnum = UnsafeMutablePointer<Google__Protobuf__EnumDescriptorProto>
    typealias RawService = UnsafeMutablePointer<Google__Protobuf__ServiceDescriptorProto>

    private let raw: Raw

    /// Decodes the output of `protoc --descriptor_set_out`.
    init(decoding bytes: [UInt8]) throws {
        guard let raw = google__protobuf__file_descriptor_set__unpack(nil, bytes.count, bytes) else {
            throw GeneratorError("the input is no FileDescriptorSet")
        }
        self.raw = raw
    }

    deinit {
        google__protobuf__file_descriptor_set__free_unpacked(raw, nil)
    }

    private var rawFiles: [RawFile] { list(raw.pointee.n_file, raw.pointee.file) }

    /// The schema with its comments.
    func schema() throws -> Schema {
        Schema(files: try rawFiles.map(Self.file))
    }

    /// The set with protobuf-c's option `string_as_bytes` on every string field.
    ///
    /// protobuf-c keeps strings NUL-terminated, so that a NUL inside one, which protobuf allows, would hide what follows
    /// it. As bytes, strings carry their length. The option goes in as an unknown field of the field's options, so that
    /// the .proto files stay free of protobuf-c's own extension.
    func encodedWithStringsAsBytes() -> [UInt8] {
        let option = StringAsBytesOption()
        for file in rawFiles {
            for message in list(file.pointee.n_message_type, file.pointee.message_type) { option.apply(to: message) }
        }
        let size = google__protobuf__file_descriptor_set__get_packed_size(raw)
        return withExtendedLifetime(option) {
            [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = google__protobuf__file_descriptor_set__pack(raw, buffer.baseAddress)
                option.remove()
            }
        }
    }

    private static func file(_ raw: RawFile) throws -> Schema.File {
        let file = raw.pointee
        let path = text(file.name)
        let package = text(file.package)
        guard text(file.syntax) == "proto3" else { throw GeneratorError("\(path): only proto3 is generated") }
        let comments = Comments(file.source_code_info)
        let reader = TypeReader(file: path, package: package, comments: comments)
        // Positions and comments are of no use to a client that reflects.
        raw.pointee.source_code_info = nil
        defer { raw.pointee.source_code_info = file.source_code_info }
        let size = google__protobuf__file_descriptor_proto__get_packed_size(raw)
        let descriptor = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = google__protobuf__file_descriptor_proto__pack(raw, buffer.baseAddress)
        }
        return Schema.File(
            path: path,
            package: package,
            dependencies: list(file.n_dependency, file.dependency).map { text($0) },
            messages: try list(file.n_message_type, file.message_type).enumerated().map {
                try reader.message($1, outer: [], at: [4, Int32($0)])
            },
            enums: list(file.n_enum_type, file.enum_type).enumerated().map {
                reader.enumeration($1, outer: [], at: [5, Int32($0)])
            },
            services: list(file.n_service, file.service).enumerated().map {
                reader.service($1, at: [6, Int32($0)])
            },
            descriptor: descriptor)
    }
}

/// The string option, and the memory that it lends to descriptors while they are packed.
private final class StringAsBytesOption {
    /// The number of the extension `pb_c_field` of google.protobuf.FieldOptions, from protobuf-c/protobuf-c.proto.
    private static let extensionNumber: UInt32 = 1019
    /// A length of 2, and field 1 (`string_as_bytes`) of ProtobufCFieldOptions set to true.
    private static let content: [UInt8] = [0x02, 0x08, 0x01]

    private let content: UnsafeMutablePointer<UInt8>
    private let unknown: UnsafeMutablePointer<ProtobufCMessageUnknownField>
    private let options: UnsafeMutablePointer<Google__Protobuf__FieldOptions>
    private var fields: [DescriptorSet.RawField] = []

    init() {
        content = .allocate(capacity: Self.content.count)
        content.initialize(from: Self.content, count: Self.content.count)
        unknown = .allocate(capacity: 1)
        unknown.initialize(
            to: ProtobufCMessageUnknownField(
                tag: Self.extensionNumber, wire_type: PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, len: Self.content.count,
                data: content))
        options = .allocate(capacity: 1)
        google__protobuf__field_options__init(options)
        options.pointee.base.n_unknown_fields = 1
        options.pointee.base.unknown_fields = unknown
    }

    deinit {
        remove()
        options.deallocate()
        unknown.deallocate()
        content.deallocate()
    }

    func apply(to message: DescriptorSet.RawMessage) {
        for field in list(message.pointee.n_field, message.pointee.field)
        where field.pointee.type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING
            && field.pointee.options == nil
        {
            field.pointee.options = options
            fields.append(field)
        }
        for inner in list(message.pointee.n_nested_type, message.pointee.nested_type) { apply(to: inner) }
    }

    /// Takes the lent memory out of the descriptors again.
    func remove() {
        for field in fields { field.pointee.options = nil }
        fields = []
    }
}

/// A C string, empty where there is none.
func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
}

/// protobuf-c's counted array of pointers.
func list<Element>(
    _ count: Int, _ start: UnsafeMutablePointer<UnsafeMutablePointer<Element>?>?
) -> [UnsafeMutablePointer<Element>] {
    UnsafeBufferPointer(start: start, count: start == nil ? 0 : count).compactMap { $0 }
}
