// SPDX-License-Identifier: Apache-2.0

import CDescriptor

/// The comments before declarations, by the declaration's path of field numbers and indexes in FileDescriptorProto.
struct Comments {
    private var byPath: [[Int32]: String] = [:]

    init(_ info: UnsafeMutablePointer<Google__Protobuf__SourceCodeInfo>?) {
        guard let info else { return }
        for location in list(info.pointee.n_location, info.pointee.location) {
            guard location.pointee.leading_comments != nil else { continue }
            let path = Array(UnsafeBufferPointer(start: location.pointee.path, count: location.pointee.n_path))
            byPath[path] = text(location.pointee.leading_comments)
        }
    }

    /// The comment before a declaration, empty where there is none.
    subscript(path: [Int32]) -> String { byPath[path] ?? "" }
}

/// Reads the declarations of one file.
struct TypeReader {
    var file: String
    var package: String
    var comments: Comments

    func message(_ raw: DescriptorSet.RawMessage, outer: [String], at place: [Int32]) throws -> Schema.MessageType {
        let message = raw.pointee
        let path = outer + [text(message.name)]
        let name = path.joined(separator: ".")
        guard message.options?.pointee.map_entry != 1, message.n_extension == 0, message.n_extension_range == 0 else {
            throw GeneratorError("\(file): \(name): maps and extensions are not generated")
        }
        return Schema.MessageType(
            path: path,
            package: package,
            comment: comments[place],
            fields: try list(message.n_field, message.field).enumerated().map {
                try field($1, of: name, at: place + [2, Int32($0)])
            },
            oneofs: list(message.n_oneof_decl, message.oneof_decl).enumerated().map {
                Schema.Oneof(name: text($1.pointee.name), comment: comments[place + [8, Int32($0)]])
            },
            messages: try list(message.n_nested_type, message.nested_type).enumerated().map {
                try self.message($1, outer: path, at: place + [3, Int32($0)])
            },
            enums: list(message.n_enum_type, message.enum_type).enumerated().map {
                enumeration($1, outer: path, at: place + [4, Int32($0)])
            })
    }

    private func field(_ raw: DescriptorSet.RawField, of message: String, at place: [Int32]) throws -> Schema.Field {
        let field = raw.pointee
        let name = text(field.name)
        guard field.proto3_optional == 0 else {
            throw GeneratorError("\(file): \(message).\(name): `optional` is not generated; wrap it in a message")
        }
        return Schema.Field(
            name: name,
            number: Int(field.number),
            comment: comments[place],
            isRepeated: field.label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED,
            kind: try kind(field, "\(message).\(name)"),
            oneof: field.has_oneof_index == 0 ? nil : Int(field.oneof_index))
    }

    private func kind(_ field: Google__Protobuf__FieldDescriptorProto, _ name: String) throws -> Schema.Kind {
        let typeName = String(text(field.type_name).drop { $0 == "." })
        // The numbers of google.protobuf.FieldDescriptorProto.Type.
        switch field.type.rawValue {
        case 1: return .number("Double")
        case 2: return .number("Float")
        case 3, 16, 18: return .number("Int64")
        case 4, 6: return .number("UInt64")
        case 5, 15, 17: return .number("Int32")
        case 7, 13: return .number("UInt32")
        case 8: return .number("Bool")
        case 9: return .string
        case 11: return .message(typeName)
        case 12: return .bytes
        case 14: return .enumeration(typeName)
        default: throw GeneratorError("\(file): \(name): its type is not generated")
        }
    }

    func enumeration(_ raw: DescriptorSet.RawEnum, outer: [String], at place: [Int32]) -> Schema.EnumType {
        Schema.EnumType(
            path: outer + [text(raw.pointee.name)],
            package: package,
            comment: comments[place],
            values: list(raw.pointee.n_value, raw.pointee.value).enumerated().map {
                Schema.EnumType.Value(
                    name: text($1.pointee.name), number: $1.pointee.number,
                    comment: comments[place + [2, Int32($0)]])
            })
    }

    func service(_ raw: DescriptorSet.RawService, at place: [Int32]) -> Schema.Service {
        Schema.Service(
            name: text(raw.pointee.name),
            package: package,
            comment: comments[place],
            methods: list(raw.pointee.n_method, raw.pointee.method).enumerated().map {
                let method = $1.pointee
                return Schema.Method(
                    name: text(method.name),
                    comment: comments[place + [2, Int32($0)]],
                    request: String(text(method.input_type).drop { $0 == "." }),
                    response: String(text(method.output_type).drop { $0 == "." }),
                    streamsRequests: method.client_streaming != 0,
                    streamsResponses: method.server_streaming != 0)
            })
    }
}
