// SPDX-License-Identifier: Apache-2.0

/// How the records of a file lie in it.
package enum InputLayout: Sendable, Equatable {
    /// One record a line.
    case lines
    /// JSON values one after the other, each on as many lines as it likes.
    case values
    /// A JSON array of records.
    case array
    /// A CloudTrail log file, `{"Records":[…]}`; its records begin this many bytes into the file.
    case logFile(recordsAt: Int)
    /// Nothing of these.
    case unknown

    /// Decides by a file's (decompressed) beginning, and by its name where the content leaves a choice.
    package init(beginning bytes: UnsafeRawBufferPointer, name: String) {
        let isNamedLines = name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson")
            || name.hasSuffix(".jsonl.gz") || name.hasSuffix(".ndjson.gz")
        var reader = TopLevelReader(bytes)
        reader.skipMark()
        switch reader.peek() {
        case UInt8(ascii: "{"):
            if let offset = reader.recordsArray() {
                self = .logFile(recordsAt: offset)
            } else {
                self = isNamedLines ? .lines : .values
            }
        case UInt8(ascii: "["): self = isNamedLines ? .lines : .array
        default: self = isNamedLines ? .lines : .unknown
        }
    }
}

/// Walks over the members of a document's outermost object, as far as its beginning goes.
private struct TopLevelReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Steps over a byte order mark.
    mutating func skipMark() {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    }

    /// The next byte that is no blank, or nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            if byte != 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 { return byte }
            position += 1
        }
        return nil
    }

    /// Where the first element of the member "Records" begins, if that is an array.
    mutating func recordsArray() -> Int? {
        position += 1
        while peek() == UInt8(ascii: "\"") {
            guard let name = string() else { return nil }
            guard peek() == UInt8(ascii: ":") else { return nil }
            position += 1
            let isRecords = bytes[name].elementsEqual("Records".utf8)
            if isRecords { return peek() == UInt8(ascii: "[") ? position + 1 : nil }
            guard skipValue(), peek() == UInt8(ascii: ",") else { return nil }
            position += 1
        }
        return nil
    }

    /// The inside of the string that begins here, as it is written.
    private mutating func string() -> Range<Int>? {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""):
                position += 1
                return start..<(position - 1)
            default: position += 1
            }
        }
        return nil
    }

    private mutating func skipValue() -> Bool {
        var depth = 0
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","):
                if depth == 0 { return true }
                if byte != UInt8(ascii: ",") { depth -= 1 }
                position += 1
            default: position += 1
            }
        }
        return false
    }
}
