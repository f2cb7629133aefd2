// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds where records begin and end in a stream of bytes, without judging them: whether a record is valid is for the
/// service to say. A value that is resumed with more bytes, so a file of any size passes through a small buffer.
package struct RecordScanner: Sendable {
    package enum Step: Equatable, Sendable {
        /// A record, as a range of the buffer.
        case record(Range<Int>)
        /// A record longer than `Limits.record` was passed over.
        case oversized
        /// More bytes are needed behind those from this place on; what lies before it is done with.
        case needsMore(keepFrom: Int)
        /// No record follows.
        case end
    }

    private enum Place {
        case between
        /// Inside a value whose brackets are open `depth` deep.
        case value(depth: Int, inString: Bool)
        /// Inside something that is no object or array: it ends with its line.
        case line
        case finished
    }

    private let layout: InputLayout
    private var place = Place.between
    private var position = 0
    private var recordStart = 0
    private var isSkipping = false
    private var isEntered: Bool
    /// No byte but blanks has been seen: a byte order mark may stand here.
    private var atStart = true

    /// A scanner of a file of this layout, from its first byte on.
    package init(_ layout: InputLayout) {
        self.layout = layout
        isEntered = layout != .array
        if case .logFile(let offset) = layout { position = offset }
    }

    /// The first `count` bytes of the buffer were dropped.
    package mutating func drop(_ count: Int) {
        position -= count
        recordStart -= count
    }

    /// Goes on until something is found. `atEnd` says that no byte follows those of `bytes`.
    package mutating func next(_ bytes: UnsafeRawBufferPointer, atEnd: Bool) -> Step {
        while true {
            switch place {
            case .finished: return .end
            case .between:
                guard findStart(bytes, atEnd: atEnd) else { return atEnd ? .end : .needsMore(keepFrom: min(position, bytes.count)) }
            case .line:
                let found = endOfLine(bytes)
                if !found, !atEnd { return wait() }
                if let step = finish(trimmed: bytes) { return step }
            case .value(var depth, var inString):
                if walk(bytes, &depth, &inString) {
                    if let step = finish(trimmed: nil) { return step }
                } else {
                    place = .value(depth: depth, inString: inString)
                    guard atEnd else { return wait() }
                    // The file ends inside a record: the service will say what is wrong with it.
                    position = bytes.count
                    if let step = finish(trimmed: bytes) { return step }
                }
            }
        }
    }

    /// Steps over what stands between records. False where the bytes end first.
    private mutating func findStart(_ bytes: UnsafeRawBufferPointer, atEnd: Bool) -> Bool {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x20, 0x0A, 0x0D, 0x09:
                position += 1
                continue
            case 0xEF where atStart:
                guard bytes.count >= position + 3 || atEnd else { return false }
                atStart = false
                let isMark = bytes.count >= position + 3 && bytes[position + 1] == 0xBB && bytes[position + 2] == 0xBF
                if isMark { position += 3 }
                continue
            case UInt8(ascii: ",") where layout != .lines:
                position += 1
                continue
            case UInt8(ascii: "[") where !isEntered:
                isEntered = true
                atStart = false
                position += 1
                continue
            case UInt8(ascii: "]") where isList:
                place = .finished
                return true
            default: break
            }
            atStart = false
            recordStart = position
            let isContainer = byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
            place = isContainer && layout != .lines ? .value(depth: 0, inString: false) : .line
            return true
        }
        return false
    }

    private var isList: Bool {
        switch layout {
        case .array, .logFile: true
        case .lines, .values, .unknown: false
        }
    }

    /// Goes to the end of the value. False where the bytes end first.
    private mutating func walk(
        _ bytes: UnsafeRawBufferPointer, _ depth: inout Int, _ inString: inout Bool
    ) -> Bool {
        var index = position
        let count = bytes.count
        while index < count {
            if inString {
                while index < count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") {
                    index += 1
                }
                guard index < count else { break }
                if bytes[index] == UInt8(ascii: "\\") {
                    // An escape that is cut in two is looked at again when the rest is here.
                    guard index + 1 < count else { break }
                    index += 2
                    continue
                }
                inString = false
                index += 1
                continue
            }
            switch bytes[index] {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    position = index + 1
                    return true
                }
            default: break
            }
            index += 1
        }
        position = index
        return false
    }

    /// Goes to the end of the line. False where the bytes end first.
    private mutating func endOfLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, position < bytes.count,
            let found = memchr(base + position, 0x0A, bytes.count - position)
        else {
            position = bytes.count
            return false
        }
        position = UnsafeRawPointer(found) - base
        return true
    }

    private mutating func wait() -> Step {
        if isSkipping || position - recordStart > Limits.record {
            isSkipping = true
            recordStart = position
        }
        return .needsMore(keepFrom: min(recordStart, position))
    }

    /// The record that ends here, without the blanks at its end. Nil where nothing but blanks is left.
    private mutating func finish(trimmed bytes: UnsafeRawBufferPointer?) -> Step? {
        place = .between
        if isSkipping || position - recordStart > Limits.record {
            isSkipping = false
            return .oversized
        }
        var end = position
        if let bytes {
            while end > recordStart, bytes[end - 1] == 0x0D || bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 {
                end -= 1
            }
        }
        return end > recordStart ? .record(recordStart..<end) : nil
    }
}
