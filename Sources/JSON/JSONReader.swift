// SPDX-License-Identifier: Apache-2.0

/// A plain recursive-descent reader of one JSON value.
struct JSONReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads the one value that all the input is.
    mutating func document() throws(JSONError) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw JSONError(.invalidUTF8) }
        skipSpace()
        guard at < bytes.count else { throw JSONError(.empty) }
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw JSONError(.trailingData, offset: at) }
        return value
    }

    private var failure: JSONError { JSONError(at >= bytes.count ? .truncated : .notJSON, offset: at) }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { at += 1 }
    }

    /// Takes a byte where it stands next.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: byte) else { return false }
        at += 1
        return true
    }

    private mutating func word(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard at + length <= bytes.count else { return false }
        for offset in 0..<length where bytes[at + offset] != text.utf8Start[offset] { return false }
        at += length
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard at < bytes.count else { throw failure }
        switch bytes[at] {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t") where word("true"): return .bool(true)
        case UInt8(ascii: "f") where word("false"): return .bool(false)
        case UInt8(ascii: "n") where word("null"): return .null
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth < JSONLimits.depth else { throw JSONError(.tooDeep, offset: at) }
        at += 1
        var object = JSONObject()
        skipSpace()
        if take("}") { return object }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw failure }
            let key = try string()
            skipSpace()
            guard take(":") else { throw failure }
            skipSpace()
            object[key] = try value(depth: depth + 1)
            skipSpace()
            if take("}") { return object }
            guard take(",") else { throw failure }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth < JSONLimits.depth else { throw JSONError(.tooDeep, offset: at) }
        at += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return elements }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return elements }
            guard take(",") else { throw failure }
        }
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) { at += 1 }
        guard at > start else { throw failure }
    }

    private mutating func number() throws(JSONError) -> String {
        let start = at
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw JSONError(.notJSON, offset: at - 1)
            default: text.append(byte)
            }
        }
        throw failure
    }

    private mutating func escape() throws(JSONError) -> Character {
        guard at < bytes.count else { throw failure }
        at += 1
        switch bytes[at - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try unicodeEscape())
        default:
            at -= 1
            throw failure
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let high = try hex()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let here = at
        if high < 0xDC00, take("\\"), take("u") {
            let low = try hex()
            if (0xDC00...0xDFFF).contains(low) {
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
            }
        }
        at = here
        return "\u{FFFD}"
    }

    private mutating func hex() throws(JSONError) -> UInt32 {
        guard at + 4 <= bytes.count else { throw JSONError(.truncated, offset: at) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else { throw failure }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}
