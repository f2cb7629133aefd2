// SPDX-License-Identifier: Apache-2.0

/// The parts of a set of .proto files that the generator reads.
struct Schema {
    var files: [File]

    struct File {
        /// The path that imports name, for example `trailhound/v1/alert.proto`.
        var path: String
        var package: String
        var dependencies: [String]
        var messages: [MessageType]
        var enums: [EnumType]
        var services: [Service]
        /// The serialized FileDescriptorProto, without source positions.
        var descriptor: [UInt8]
    }

    struct MessageType {
        /// The names from the outermost message to this one.
        var path: [String]
        var package: String
        var comment: String
        var fields: [Field]
        var oneofs: [Oneof]
        var messages: [MessageType]
        var enums: [EnumType]

        var fullName: String { ([package] + path).filter { !$0.isEmpty }.joined(separator: ".") }
        var name: String { path[path.count - 1] }
    }

    struct Oneof {
        var name: String
        var comment: String
    }

    struct Field {
        var name: String
        var number: Int
        var comment: String
        var isRepeated: Bool
        var kind: Kind
        /// The place in the message's `oneofs`, where the field is in one.
        var oneof: Int?
    }

    enum Kind: Equatable {
        /// A number or bool, by its Swift type.
        case number(String)
        case string
        case bytes
        /// By full name, without a leading dot.
        case enumeration(String)
        case message(String)
    }

    struct EnumType {
        var path: [String]
        var package: String
        var comment: String
        var values: [Value]

        var fullName: String { ([package] + path).filter { !$0.isEmpty }.joined(separator: ".") }
        var name: String { path[path.count - 1] }

        struct Value {
            var name: String
            var number: Int32
            var comment: String
        }
    }

    struct Service {
        var name: String
        var package: String
        var comment: String
        var methods: [Method]

        var fullName: String { "\(package).\(name)" }
    }

    struct Method {
        var name: String
        var comment: String
        /// Full names.
        var request: String
        var response: String
        var streamsRequests: Bool
        var streamsResponses: Bool
    }
}

extension Schema {
    /// Every message, outer ones before their inner ones.
    var allMessages: [MessageType] {
        func flat(_ messages: [MessageType]) -> [MessageType] { messages.flatMap { [$0] + flat($0.messages) } }
        return files.flatMap { flat($0.messages) }
    }

    /// Fails where a message contains itself: decoding recurses once for each level of the schema, and protobuf-c bounds
    /// that depth by nothing but the schema.
    func refuseRecursion() throws {
        let byName = Dictionary(uniqueKeysWithValues: allMessages.map { ($0.fullName, $0) })
        func visit(_ name: String, _ trail: [String]) throws {
            if trail.contains(name) {
                throw GeneratorError("\((trail + [name]).joined(separator: " → ")): a message must not contain itself")
            }
            for case .message(let inner) in byName[name]?.fields.map(\.kind) ?? [] {
                try visit(inner, trail + [name])
            }
        }
        for name in byName.keys.sorted() { try visit(name, []) }
    }

    /// The full names of the messages that hold a `bytes` field, or a message that does.
    func messagesHoldingBytes() -> Set<String> {
        let messages = allMessages
        var holding: Set<String> = []
        var grew = true
        while grew {
            grew = false
            for message in messages where !holding.contains(message.fullName) {
                let holds = message.fields.contains { field in
                    switch field.kind {
                    case .bytes: true
                    case .message(let name): holding.contains(name)
                    default: false
                    }
                }
                if holds {
                    holding.insert(message.fullName)
                    grew = true
                }
            }
        }
        return holding
    }
}

/// Why nothing was generated.
struct GeneratorError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
