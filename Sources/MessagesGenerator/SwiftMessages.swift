// SPDX-License-Identifier: Apache-2.0

/// Writes the Swift value types of messages and enums.
struct SwiftMessages {
    var schema: Schema
    private let holdingBytes: Set<String>
    private let swiftNames: [String: String]

    init(_ schema: Schema) {
        self.schema = schema
        holdingBytes = schema.messagesHoldingBytes()
        var names: [String: String] = [:]
        func add(_ enums: [Schema.EnumType]) {
            for type in enums { names[type.fullName] = Self.swiftName(type.package, type.path) }
        }
        for file in schema.files { add(file.enums) }
        for message in schema.allMessages {
            names[message.fullName] = Self.swiftName(message.package, message.path)
            add(message.enums)
        }
        swiftNames = names
    }

    private static func swiftName(_ package: String, _ path: [String]) -> String {
        ([Names.namespace(package)].compactMap { $0 } + path.map(Names.type)).joined(separator: ".")
    }

    /// The Swift name of a type by its full protobuf name.
    func swiftName(_ fullName: String) throws -> String {
        guard let name = swiftNames[fullName] else { throw GeneratorError("\(fullName) is in no file of the set") }
        return name
    }

    /// The namespaces of all packages but the home package.
    func namespaces() -> String {
        var out = SourceText(swiftFrom: "the packages of Protos")
        for package in Set(schema.files.map(\.package)).sorted() {
            guard let namespace = Names.namespace(package) else { continue }
            out.doc("", or: "The types of the package `\(package)`.")
            out.line("package enum \(namespace) {}")
            out.line()
        }
        return out.text
    }

    /// The list of all message types.
    func typeList() throws -> String {
        var out = SourceText(swiftFrom: "the messages of Protos")
        out.doc("", or: "The message types of the contract.")
        try out.block("package enum MessageTypes") { out in
            out.doc("", or: "All of them, inner ones included.")
            out.line("package static let all: [any Message.Type] = [")
            for message in schema.allMessages { out.line("    \(try swiftName(message.fullName)).self,") }
            out.line("]")
        }
        return out.text
    }

    /// The types of one file.
    func source(_ file: Schema.File) throws -> String {
        var out = SourceText(swiftFrom: file.path)
        out.line("internal import CMessages")
        let body: (inout SourceText) throws -> Void = { out in
            for type in file.enums {
                out.line()
                enumeration(type, &out)
            }
            for type in file.messages {
                out.line()
                try declaration(type, &out)
            }
        }
        if let namespace = Names.namespace(file.package) {
            out.line()
            try out.block("extension \(namespace)", body)
        } else {
            try body(&out)
        }
        for message in Schema(files: [file]).allMessages {
            out.line()
            let wire = try SwiftWire(self, message, holdsBytes: holdingBytes.contains(message.fullName))
            wire.conformance(&out)
        }
        return out.text
    }

    private func enumeration(_ type: Schema.EnumType, _ out: inout SourceText) {
        let cases = type.values.map { Names.enumCase($0.name, of: type.name) }
        out.doc(type.comment, or: "The enum `\(type.fullName)`.")
        out.block("package enum \(type.name): RawRepresentable, Hashable, Sendable, CaseIterable") { out in
            for (value, name) in zip(type.values, cases) {
                out.doc(value.comment, or: "`\(value.name)`.")
                out.line("case \(Names.escaped(name))")
            }
            out.doc("", or: "A number that this version of the contract doesn't name.")
            out.line("case unrecognized(Int32)")
            out.line()
            out.doc("", or: "The named values in the order of the contract.")
            out.line("package static let allCases: [\(type.name)] = [")
            out.indented { out in
                for name in cases { out.line(".\(name),") }
            }
            out.line("]")
            out.line()
            out.doc("", or: "The value's number in the contract.")
            out.block("package var rawValue: Int32") { out in
                out.block("switch self") { out in
                    for (value, name) in zip(type.values, cases) { out.line("case .\(name): \(value.number)") }
                    out.line("case .unrecognized(let number): number")
                }
            }
            out.line()
            out.doc("", or: "The value of a number.")
            out.block("package init(rawValue: Int32)") { out in
                out.block("switch rawValue") { out in
                    for (value, name) in zip(type.values, cases) { out.line("case \(value.number): self = .\(name)") }
                    out.line("default: self = .unrecognized(rawValue)")
                }
            }
            out.line()
            out.doc("", or: "The value's name in the contract, or its number where it has no name.")
            out.block("package var protoName: String") { out in
                out.block("switch self") { out in
                    for (value, name) in zip(type.values, cases) { out.line("case .\(name): \"\(value.name)\"") }
                    out.line("case .unrecognized(let number): String(number)")
                }
            }
        }
    }

    private func declaration(_ type: Schema.MessageType, _ out: inout SourceText) throws {
        out.doc(type.comment, or: "The message `\(type.fullName)`.")
        try out.block("package struct \(Names.type(type.name)): Message") { out in
            for inner in type.enums {
                enumeration(inner, &out)
                out.line()
            }
            for inner in type.messages {
                try declaration(inner, &out)
                out.line()
            }
            for index in type.oneofs.indices {
                try oneof(index, of: type, &out)
                out.line()
            }
            let members = try self.members(type)
            for member in members {
                out.doc(member.comment, or: member.fallback)
                out.line("package var \(Names.escaped(member.name)): \(member.type)")
            }
            if !members.isEmpty {
                out.line()
                out.doc("", or: "A message of these fields.")
                out.line("package init(")
                out.indented { out in
                    for (index, member) in members.enumerated() {
                        let comma = index + 1 < members.count ? "," : ""
                        out.line("\(member.name): \(member.type) = \(member.fallbackValue)\(comma)")
                    }
                }
                out.block(")") { out in
                    for member in members { out.line("self.\(member.name) = \(Names.escaped(member.name))") }
                }
                out.line()
            }
            out.doc("", or: "Every field at its default.")
            out.block("package init()") { out in
                for member in members { out.line("\(Names.escaped(member.name)) = \(member.fallbackValue)") }
            }
        }
    }

    private func oneof(_ index: Int, of type: Schema.MessageType, _ out: inout SourceText) throws {
        let oneof = type.oneofs[index]
        out.doc(oneof.comment, or: "The alternatives of `\(oneof.name)`.")
        try out.block("package enum \(Names.upperCamel(oneof.name)): Sendable, Equatable") { out in
            for field in type.fields where field.oneof == index {
                out.doc(field.comment, or: "Field \(field.number), `\(field.name)`.")
                out.line("case \(Names.escaped(Names.lowerCamel(field.name)))(\(try elementType(field.kind)))")
            }
        }
    }

    /// A stored property.
    struct Member {
        var name: String
        var type: String
        var fallbackValue: String
        var comment: String
        var fallback: String
    }

    /// The properties in the order of the fields; a oneof stands where its first field does.
    private func members(_ type: Schema.MessageType) throws -> [Member] {
        var members: [Member] = []
        var seen: Set<Int> = []
        for field in type.fields {
            if let index = field.oneof {
                guard seen.insert(index).inserted else { continue }
                let oneof = type.oneofs[index]
                members.append(
                    Member(
                        name: Names.lowerCamel(oneof.name), type: "\(Names.upperCamel(oneof.name))?",
                        fallbackValue: "nil", comment: oneof.comment, fallback: "Which of `\(oneof.name)` is set."))
                continue
            }
            let element = try elementType(field.kind)
            let isMessage = if case .message = field.kind { true } else { false }
            members.append(
                Member(
                    name: Names.lowerCamel(field.name),
                    type: field.isRepeated ? "[\(element)]" : isMessage ? "\(element)?" : element,
                    fallbackValue: field.isRepeated ? "[]" : fallbackValue(field.kind),
                    comment: field.comment, fallback: "Field \(field.number), `\(field.name)`."))
        }
        return members
    }

    func elementType(_ kind: Schema.Kind) throws -> String {
        switch kind {
        case .number(let type): type
        case .string: "String"
        case .bytes: "Bytes"
        case .enumeration(let name), .message(let name): try swiftName(name)
        }
    }

    private func fallbackValue(_ kind: Schema.Kind) -> String {
        switch kind {
        case .number("Bool"): "false"
        case .number: "0"
        case .string: "\"\""
        case .bytes: "Bytes()"
        case .enumeration(let name): (try? ".init(rawValue: 0) as \(swiftName(name))") ?? ""
        case .message: "nil"
        }
    }
}
