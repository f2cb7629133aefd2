// SPDX-License-Identifier: Apache-2.0

/// Writes a message's way from and to protobuf-c's structure.
struct SwiftWire {
    private let types: SwiftMessages
    private let message: Schema.MessageType
    private let holdsBytes: Bool
    private let swiftName: String

    init(_ types: SwiftMessages, _ message: Schema.MessageType, holdsBytes: Bool) throws {
        self.types = types
        self.message = message
        self.holdsBytes = holdsBytes
        swiftName = try types.swiftName(message.fullName)
    }

    func conformance(_ out: inout SourceText) {
        out.block("extension \(swiftName): WireMessage") { out in
            out.line("package static var messageName: String { \"\(message.fullName)\" }")
            out.line()
            out.block("package init(decoding bytes: UnsafeRawBufferPointer) throws(MessageError)") { out in
                out.line("self = try Codec.decode(Self.self, bytes)")
            }
            out.line()
            out.block("package func withEncoding(_ body: (borrowing EncodableMessage) -> Void)") { out in
                out.line("Codec.encode(self, body)")
            }
            out.line()
            let descriptor = "trailhound_descriptor_\(Names.cFunction(message.fullName))()"
            out.line("static var wireDescriptor: UnsafePointer<ProtobufCMessageDescriptor> { \(descriptor) }")
            out.line("static var holdsBytes: Bool { \(holdsBytes) }")
            out.line()
            let cType = Names.cType(message.fullName)
            out.block("init(wire: UnsafePointer<\(cType)>, arena: Arena?) throws(MessageError)") { out in
                for field in message.fields where field.oneof == nil { decode(field, &out) }
                for index in message.oneofs.indices { decodeOneof(index, &out) }
            }
            out.line()
            out.block("func fill(_ wire: UnsafeMutablePointer<\(cType)>, _ builder: inout WireBuilder)") { out in
                out.line("\(Names.cFunction(message.fullName))__init(wire)")
                for field in message.fields where field.oneof == nil { encode(field, &out) }
                for index in message.oneofs.indices { encodeOneof(index, &out) }
            }
        }
    }

    private func decode(_ field: Schema.Field, _ out: inout SourceText) {
        let property = "self.\(Names.lowerCamel(field.name))"
        let member = "wire.pointee.\(Names.cField(field.name))"
        guard field.isRepeated else {
            out.line("\(property) = \(read(field, member))")
            return
        }
        let counted = "wire.pointee.n_\(Names.cField(field.name)), \(member)"
        switch field.kind {
        case .number("Bool"): out.line("\(property) = WireReader.numbers(\(counted)).map { $0 != 0 }")
        case .number: out.line("\(property) = WireReader.numbers(\(counted))")
        case .enumeration:
            out.line(
                "\(property) = WireReader.numbers(\(counted)).map { .init(rawValue: .init(truncatingIfNeeded: $0.rawValue)) }"
            )
        case .string: out.line("\(property) = try WireReader.texts(\(counted), \"\(message.fullName).\(field.name)\")")
        case .bytes: out.line("\(property) = WireReader.list(\(counted), arena)")
        case .message: out.line("\(property) = try WireReader.messages(\(counted), arena)")
        }
    }

    /// The expression that reads a single field.
    private func read(_ field: Schema.Field, _ member: String) -> String {
        switch field.kind {
        case .number("Bool"): "\(member) != 0"
        case .number: member
        case .enumeration: ".init(rawValue: .init(truncatingIfNeeded: \(member).rawValue))"
        case .string: "try WireReader.text(\(member), \"\(message.fullName).\(field.name)\")"
        case .bytes: "WireReader.bytes(\(member), arena)"
        case .message: "try WireReader.message(\(member), arena)"
        }
    }

    private func decodeOneof(_ index: Int, _ out: inout SourceText) {
        let oneof = message.oneofs[index]
        let property = "self.\(Names.lowerCamel(oneof.name))"
        out.block("switch wire.pointee.\(Names.cField(oneof.name))_case.rawValue") { out in
            for field in message.fields where field.oneof == index {
                let value = read(field, "wire.pointee.\(Names.cField(field.name))")
                let name = Names.lowerCamel(field.name)
                if case .message = field.kind {
                    out.line(
                        "case \(field.number): \(property) = (\(value)).map(\(Names.upperCamel(oneof.name)).\(name))")
                } else {
                    out.line("case \(field.number): \(property) = .\(name)(\(value))")
                }
            }
            out.line("default: \(property) = nil")
        }
    }

    private func encode(_ field: Schema.Field, _ out: inout SourceText) {
        let property = "self.\(Names.lowerCamel(field.name))"
        let member = "wire.pointee.\(Names.cField(field.name))"
        guard field.isRepeated else {
            out.line("\(member) = \(write(field.kind, property))")
            return
        }
        out.line("wire.pointee.n_\(Names.cField(field.name)) = \(property).count")
        switch field.kind {
        case .number("Bool"): out.line("\(member) = builder.numbers(\(property).map { $0 ? 1 : 0 })")
        case .number: out.line("\(member) = builder.numbers(\(property))")
        case .enumeration:
            out.line(
                "\(member) = builder.numbers(\(property).map { .init(rawValue: .init(truncatingIfNeeded: $0.rawValue)) })"
            )
        case .string: out.line("\(member) = builder.texts(\(property))")
        case .bytes: out.line("\(member) = builder.list(\(property))")
        case .message: out.line("\(member) = builder.messages(\(property))")
        }
    }

    /// The expression that makes a single field's C value.
    private func write(_ kind: Schema.Kind, _ value: String) -> String {
        switch kind {
        case .number("Bool"): "\(value) ? 1 : 0"
        case .number: value
        case .enumeration: ".init(rawValue: .init(truncatingIfNeeded: \(value).rawValue))"
        case .string: "builder.text(\(value))"
        case .bytes: "builder.bytes(\(value))"
        case .message: "builder.message(\(value))"
        }
    }

    private func encodeOneof(_ index: Int, _ out: inout SourceText) {
        let oneof = message.oneofs[index]
        out.block("switch self.\(Names.lowerCamel(oneof.name))") { out in
            for field in message.fields where field.oneof == index {
                out.line("case .\(Names.lowerCamel(field.name))(let value):")
                out.indented { out in
                    out.line("wire.pointee.\(Names.cField(oneof.name))_case = .init(rawValue: \(field.number))")
                    out.line("wire.pointee.\(Names.cField(field.name)) = \(write(field.kind, "value"))")
                }
            }
            out.line("case nil: break")
        }
    }
}
