// SPDX-License-Identifier: Apache-2.0

/// Reads the XML that AWS answers with. A document type declaration is refused, so there are no entities but the five
/// of XML itself and numbered characters; depth and count of elements are bounded.
package struct XMLReader {
    private let bytes: [UInt8]
    private var index = 0
    private var open: [XMLElement] = []
    private var root: XMLElement?
    private var count = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The root element of a document.
    package static func read(_ bytes: [UInt8]) throws(XMLError) -> XMLElement {
        var reader = XMLReader(bytes)
        return try reader.document()
    }

    private mutating func document() throws(XMLError) -> XMLElement {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "<") { try markup() } else { try text() }
        }
        guard open.isEmpty, let root else { throw failure("the document ends early") }
        return root
    }

    private func failure(_ message: String) -> XMLError { XMLError(message: message, offset: index) }

    private func starts(_ text: StaticString) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { wanted in wanted.indices.allSatisfy { bytes[index + $0] == wanted[$0] } }
    }

    /// Moves behind the next `text` and returns where it begins.
    private mutating func skip(to text: StaticString) throws(XMLError) -> Int {
        while index < bytes.count {
            if starts(text) {
                defer { index += text.utf8CodeUnitCount }
                return index
            }
            index += 1
        }
        throw failure("the document ends early")
    }

    private mutating func markup() throws(XMLError) {
        if starts("<?") {
            _ = try skip(to: "?>")
        } else if starts("<!--") {
            index += 4
            _ = try skip(to: "-->")
        } else if starts("<![CDATA[") {
            index += 9
            let start = index
            let end = try skip(to: "]]>")
            try append(String(decoding: bytes[start..<end], as: UTF8.self))
        } else if starts("<!") {
            throw failure("a document type declaration is refused")
        } else if starts("</") {
            index += 2
            try close(try name())
        } else {
            index += 1
            try openElement()
        }
    }

    private mutating func name() throws(XMLError) -> String {
        let start = index
        var local = index
        loop: while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: ":"): local = index + 1
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), 0x80...:
                break
            default: break loop
            }
            index += 1
        }
        guard index > start, index > local else { throw failure("a name is missing") }
        return String(decoding: bytes[local..<index], as: UTF8.self)
    }

    private mutating func openElement() throws(XMLError) {
        guard root == nil else { throw failure("there is more than one root") }
        let element = XMLElement(name: try name(), text: "", children: [])
        count += 1
        guard count <= AWSLimits.xmlElements else { throw failure("there are too many elements") }
        guard open.count < AWSLimits.xmlDepth else { throw failure("elements nest too deep") }
        open.append(element)
        try attributes()
        if starts("/>") {
            index += 2
            try finish()
        } else if starts(">") {
            index += 1
        } else {
            throw failure("a tag does not end")
        }
    }

    /// Skips attributes, in which `>` may stand between quotes.
    private mutating func attributes() throws(XMLError) {
        while index < bytes.count, bytes[index] != UInt8(ascii: ">"), !starts("/>") {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else {
                if byte == UInt8(ascii: "<") { throw failure("a tag does not end") }
                continue
            }
            while index < bytes.count, bytes[index] != byte { index += 1 }
            guard index < bytes.count else { throw failure("the document ends early") }
            index += 1
        }
    }

    private mutating func close(_ name: String) throws(XMLError) {
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        guard starts(">"), let last = open.last, last.name == name else {
            throw failure("an end tag has no start")
        }
        index += 1
        try finish()
    }

    private mutating func finish() throws(XMLError) {
        guard var element = open.popLast() else { throw failure("an end tag has no start") }
        if !element.children.isEmpty, element.text.utf8.allSatisfy({ isBlank($0) }) { element.text = "" }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    private mutating func append(_ text: String) throws(XMLError) {
        guard !open.isEmpty else { throw failure("there is text outside the root") }
        open[open.count - 1].text += text
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private mutating func text() throws(XMLError) {
        var run: [UInt8] = []
        while index < bytes.count, bytes[index] != UInt8(ascii: "<") {
            if bytes[index] == UInt8(ascii: "&") {
                run.append(contentsOf: try entity().utf8)
            } else {
                run.append(bytes[index])
                index += 1
            }
        }
        if open.isEmpty {
            guard run.allSatisfy(isBlank) else { throw failure("there is text outside the root") }
        } else {
            try append(String(decoding: run, as: UTF8.self))
        }
    }

    private mutating func entity() throws(XMLError) -> String {
        // The longest is a numbered character with leading zeros, which nobody needs more than twelve bytes for.
        guard let end = bytes[index..<min(bytes.count, index + 12)].firstIndex(of: UInt8(ascii: ";")) else {
            throw failure("an entity does not end")
        }
        let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        let result: String?
        switch name {
        case "amp": result = "&"
        case "lt": result = "<"
        case "gt": result = ">"
        case "quot": result = "\""
        case "apos": result = "'"
        default: result = Self.character(name).map { String(Character($0)) }
        }
        guard let result else { throw failure("an entity is unknown") }
        index = end + 1
        return result
    }

    private static func character(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }
    }
}
