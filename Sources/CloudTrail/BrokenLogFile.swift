// SPDX-License-Identifier: Apache-2.0

/// Splits a log file that the JSON parser refused, so that one bad record does not cost its neighbours.
///
/// It only matches brackets and quotes; whoever reads an element checks it. An element with unbalanced brackets takes
/// what follows it along. The time is linear in the bytes.
package struct BrokenLogFile {
    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    private var isAtEnd = false

    /// Finds the array `Records`, or the array that the whole document is; nil where there is none.
    package init?(_ document: UnsafeRawBufferPointer, allowingArray: Bool = false) {
        bytes = document
        position = 0
        skipSpace()
        guard position < bytes.count else { return nil }
        if allowingArray, bytes[position] == UInt8(ascii: "[") {
            position += 1
            return
        }
        guard bytes[position] == UInt8(ascii: "{"), findRecords() else { return nil }
    }

    /// The place of the next element, which need not be JSON; nil behind the last.
    package mutating func next() -> Range<Int>? {
        guard !isAtEnd else { return nil }
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: ",") {
            position += 1
            skipSpace()
        }
        guard position < bytes.count, bytes[position] != UInt8(ascii: "]") else {
            isAtEnd = true
            return nil
        }
        let start = position
        skipValue()
        // A closing bracket without an opening one: one step on, so that the walk ends.
        if position == start { position += 1 }
        var end = position
        while end > start + 1, Self.isSpace(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Walks the members of the outermost object up to the array.
    private mutating func findRecords() -> Bool {
        position += 1
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return false }
            let start = position
            skipString()
            let isRecords = UnsafeRawBufferPointer(rebasing: bytes[start..<position]).equals("\"Records\"")
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return false }
            position += 1
            skipSpace()
            if isRecords, position < bytes.count, bytes[position] == UInt8(ascii: "[") {
                position += 1
                return true
            }
            skipValue()
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return false }
            position += 1
        }
    }

    /// Steps over a value: to its closing bracket, or to what ends a scalar.
    private mutating func skipValue() {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                skipString()
                if depth == 0 { return }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                position += 1
                if depth == 0 { return }
            case UInt8(ascii: ",") where depth == 0: return
            default: position += 1
            }
        }
    }

    /// Steps over a string, from its opening quote on.
    private mutating func skipString() {
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        position = min(position, bytes.count)
    }

    private mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
