// SPDX-License-Identifier: Apache-2.0

/// A JSON value to print, with its members in the order they were given.
package enum JSONNode: Sendable, Equatable {
    case null
    case bool(Bool)
    case signed(Int64)
    case unsigned(UInt64)
    /// A number of seconds or the like, printed with three decimals.
    case decimal(Double)
    case string(String)
    case array([JSONNode])
    case object([Member])
    /// JSON text that is printed as it is, for a record. The caller vouches that it is JSON.
    case raw([UInt8])

    /// One member of an object.
    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSONNode

        package init(_ name: String, _ value: JSONNode) {
            self.name = name
            self.value = value
        }
    }

    /// On one line, without blanks.
    package var compact: [UInt8] {
        var out: [UInt8] = []
        write(into: &out, indentation: nil)
        return out
    }

    /// On several lines, indented by two.
    package var pretty: [UInt8] {
        var out: [UInt8] = []
        write(into: &out, indentation: 0)
        return out
    }

    private func write(into out: inout [UInt8], indentation: Int?) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .signed(let value): out.append(contentsOf: String(value).utf8)
        case .unsigned(let value): out.append(contentsOf: String(value).utf8)
        case .decimal(let value): out.append(contentsOf: (value.isFinite ? Numbers.decimal(value, 3) : "null").utf8)
        case .string(let text): Self.write(text, into: &out)
        case .raw(let bytes): out.append(contentsOf: bytes)
        case .array(let items):
            Self.write(items, "[", "]", into: &out, indentation: indentation) { item, out, inner in
                item.write(into: &out, indentation: inner)
            }
        case .object(let members):
            Self.write(members, "{", "}", into: &out, indentation: indentation) { member, out, inner in
                Self.write(member.name, into: &out)
                out.append(contentsOf: (inner == nil ? ":" : ": ").utf8)
                member.value.write(into: &out, indentation: inner)
            }
        }
    }

    private static func write(_ text: String, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        Escaping.json(text, into: &out)
        out.append(UInt8(ascii: "\""))
    }

    private static func write<Item>(
        _ items: [Item], _ open: String, _ close: String, into out: inout [UInt8], indentation: Int?,
        item writeItem: (Item, inout [UInt8], Int?) -> Void
    ) {
        let inner = indentation.map { $0 + 2 }
        out.append(contentsOf: open.utf8)
        for (index, item) in items.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            newline(into: &out, inner)
            writeItem(item, &out, inner)
        }
        if !items.isEmpty { newline(into: &out, indentation) }
        out.append(contentsOf: close.utf8)
    }

    private static func newline(into out: inout [UInt8], _ indentation: Int?) {
        guard let indentation else { return }
        out.append(UInt8(ascii: "\n"))
        out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation))
    }
}

extension JSONNode: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }

    /// An array of strings.
    package static func strings(_ texts: [String]) -> JSONNode { .array(texts.map { .string($0) }) }

    /// An object of the members whose value is neither null nor an empty string.
    package static func sparse(_ members: [Member]) -> JSONNode {
        .object(members.filter { $0.value != .null && $0.value != .string("") })
    }
}
