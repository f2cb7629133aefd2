// SPDX-License-Identifier: Apache-2.0

/// Walks over one JSON value, byte by byte, and can be resumed with more bytes. It checks how the tokens follow each
/// other and no token by itself: escapes, numbers and UTF-8 are judged by whoever reads the value.
///
/// Places are counted from the value's first byte, so the bytes before it may be dropped meanwhile.
struct JSONWalker {
    enum Outcome: Equatable {
        /// The value ends before this place.
        case end(Int)
        /// No JSON goes on with the byte at this place.
        case broken(Int)
        /// The member of the outermost object that is known by this key is an array, and opens at this place. The walk
        /// can go on into it.
        case array(LogKey, Int)
        /// The bytes end within the value.
        case more
    }

    /// A member of the outermost object that says what the object is.
    struct Mark {
        let key: LogKey
        /// Empty until the value has ended.
        var value: Range<Int>
    }

    private enum Expected {
        case value, valueOrEnd, keyOrEnd, key, colon, commaOrEnd
    }

    private var expected = Expected.value
    private var isInString = false
    private var isKey = false
    private var isInScalar = false
    private var depth = 0
    /// A bit for each open bracket, the innermost lowest: 1 for an object.
    private var objects: UInt128 = 0
    private var tokenStart = 0
    private var openMark = false
    private var pendingKey: LogKey?
    /// Bytes walked so far.
    private(set) var position = 0
    private(set) var marks: [Mark] = []

    /// The place from which the bytes are still needed to read a key.
    var keyStart: Int { isInString && isKey && depth == 1 ? tokenStart : position }

    /// Starts with the first byte of a value.
    mutating func begin() { reset(.value) }

    /// Starts within an object, behind one of its members.
    mutating func beginBehindMember() {
        reset(.commaOrEnd)
        depth = 1
        objects = 1
    }

    private mutating func reset(_ expected: Expected) {
        self.expected = expected
        (isInString, isKey, isInScalar, openMark) = (false, false, false, false)
        (depth, objects, tokenStart, position) = (0, 0, 0, 0)
        pendingKey = nil
        marks.removeAll(keepingCapacity: true)
    }

    /// Goes on over `bytes`, of which the first is the value's first.
    mutating func walk(_ bytes: UnsafeRawBufferPointer, from origin: Int) -> Outcome {
        while origin + position < bytes.count {
            if isInString {
                guard walkString(bytes, origin) else { return .more }
                if isInString { return .broken(position) }
                if depth == 0 { return .end(position) }
                continue
            }
            let byte = bytes[origin + position]
            if isInScalar {
                if Self.isScalar(byte) {
                    position += 1
                    continue
                }
                isInScalar = false
                if depth == 0 { return .end(position) }
                endValue()
                continue
            }
            if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
                position += 1
                continue
            }
            if let outcome = token(byte) { return outcome }
        }
        return .more
    }

    /// The end of a value that the data ends with: a number or word at the top has no other end.
    var endsWithData: Bool { isInScalar && depth == 0 }

    /// True where the string's end was reached, or a newline that can't be in it: `isInString` stays set then.
    private mutating func walkString(_ bytes: UnsafeRawBufferPointer, _ origin: Int) -> Bool {
        var index = origin + position
        let count = bytes.count
        while index < count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                isInString = false
                position = index + 1 - origin
                endString(bytes, origin)
                return true
            }
            if byte == UInt8(ascii: "\\") {
                // An escape that is cut in two is looked at again when the rest is here.
                guard index + 1 < count else { break }
                index += 2
                continue
            }
            if byte == 0x0A {
                position = index - origin
                return true
            }
            index += 1
        }
        position = index - origin
        return false
    }

    private mutating func endString(_ bytes: UnsafeRawBufferPointer, _ origin: Int) {
        guard isKey else { return endValue() }
        expected = .colon
        guard depth == 1, origin + tokenStart >= 0 else { return }
        pendingKey = LogKey(
            UnsafeRawBufferPointer(rebasing: bytes[(origin + tokenStart + 1)..<(origin + position - 1)]))
    }

    private mutating func token(_ byte: UInt8) -> Outcome? {
        switch expected {
        case .value: return value(byte)
        case .valueOrEnd: return byte == UInt8(ascii: "]") ? close(byte) : value(byte)
        case .keyOrEnd where byte == UInt8(ascii: "}"): return close(byte)
        case .key, .keyOrEnd:
            guard byte == UInt8(ascii: "\"") else { return .broken(position) }
            beginString(isKey: true)
        case .colon:
            guard byte == UInt8(ascii: ":") else { return .broken(position) }
            position += 1
            expected = .value
        case .commaOrEnd:
            guard byte == UInt8(ascii: ",") else { return close(byte) }
            position += 1
            expected = objects & 1 == 1 ? .key : .value
        }
        return nil
    }

    private mutating func beginString(isKey: Bool) {
        self.isKey = isKey
        isInString = true
        tokenStart = position
        position += 1
    }

    private mutating func value(_ byte: UInt8) -> Outcome? {
        if depth == 1, let key = pendingKey {
            marks.append(Mark(key: key, value: position..<position))
            openMark = true
        }
        switch byte {
        case UInt8(ascii: "\""): beginString(isKey: false)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < CloudTrailLimits.walkedDepth else { return .broken(position) }
            let isObject = byte == UInt8(ascii: "{")
            let key = depth == 1 ? pendingKey : nil
            depth += 1
            objects = objects << 1 | (isObject ? 1 : 0)
            expected = isObject ? .keyOrEnd : .valueOrEnd
            position += 1
            pendingKey = nil
            if !isObject, let key, key.holdsElements { return .array(key, position - 1) }
        default:
            guard Self.isScalar(byte) else { return .broken(position) }
            isInScalar = true
            position += 1
        }
        return nil
    }

    private mutating func close(_ byte: UInt8) -> Outcome? {
        guard byte == (objects & 1 == 1 ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return .broken(position) }
        position += 1
        depth -= 1
        objects >>= 1
        if depth == 0 { return .end(position) }
        endValue()
        return nil
    }

    private mutating func endValue() {
        expected = .commaOrEnd
        guard depth == 1 else { return }
        pendingKey = nil
        if openMark {
            openMark = false
            let last = marks.count - 1
            marks[last].value = marks[last].value.lowerBound..<position
        }
    }

    /// A byte of a number, `true`, `false` or `null`.
    private static func isScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
