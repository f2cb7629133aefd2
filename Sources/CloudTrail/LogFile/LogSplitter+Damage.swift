// SPDX-License-Identifier: Apache-2.0

/// Looks for the end of a value that is no JSON: where its brackets close, or before that where another record or
/// document visibly begins.
struct DamageWalker {
    private var depth = 0
    private var isInString = false
    /// Bytes passed, from the value's first on.
    private(set) var position = 0
    /// How far the walk had come that found the damage.
    private(set) var reach = 0

    /// - Parameter isInside: the walk begins within a value whose beginning is gone, so nothing closes it but another one.
    mutating func begin(reach: Int, isInside: Bool) {
        (depth, isInString, position) = (isInside ? .max / 2 : 0, false, 0)
        self.reach = reach
    }

    enum Outcome {
        case closed(Int)
        case next(Int)
        case more
    }

    /// Goes on over `bytes`. Brackets in strings do not count, except those that begin a record: where quotes are missing
    /// nobody knows what is a string.
    mutating func walk(
        _ bytes: UnsafeRawBufferPointer, from origin: Int, atEnd: Bool, looksForNext: Bool
    ) -> Outcome {
        while origin + position < bytes.count {
            let index = origin + position
            let byte = bytes[index]
            if byte == UInt8(ascii: "{"), position > 0, looksForNext {
                guard atEnd || index + Self.lookAhead <= bytes.count else { return .more }
                if Self.beginsRecord(bytes, index) { return .next(position) }
            }
            position += 1
            if isInString {
                if byte == UInt8(ascii: "\\") {
                    // A newline ends a line of its own, whatever stands before it.
                    guard index + 1 < bytes.count || atEnd else {
                        position -= 1
                        return .more
                    }
                    if index + 1 < bytes.count, bytes[index + 1] != 0x0A { position += 1 }
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                    if depth == 0 { return .closed(position) }
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth <= 0 { return .closed(position) }
            case UInt8(ascii: ","): if depth == 0 { return .closed(position - 1) }
            default: break
            }
        }
        return .more
    }

    private static let lookAhead = 20
    /// The bytes before a brace that tell whether it begins a line, or follows a line's timestamp.
    static let lookBehind = 3

    /// A brace at the beginning of a line, behind its timestamp, or before the key that CloudTrail writes first.
    private static func beginsRecord(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        if index > 0, bytes[index - 1] == 0x0A { return true }
        if index >= 3, bytes[index - 1] == 0x20, bytes[index - 2] == UInt8(ascii: "Z"),
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index - 3])
        {
            return true
        }
        var key = index + 1
        if key < bytes.count, bytes[key] == 0x20 { key += 1 }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[min(key, bytes.count)...])
        return rest.hasPrefix("\"eventVersion\"") || rest.hasPrefix("\"Records\"")
    }
}

extension LogSplitter {
    /// The value at hand is no JSON from this place on.
    mutating func beginDamage(at place: Int) -> Step? {
        mode = .damaged
        // Not by what happens to be in the buffer: the cut makes no difference.
        isSkipping = place > recordLimit
        damage.begin(reach: place, isInside: isSkipping)
        // Its beginning is gone: what follows is passed over from here.
        if isSkipping { position = max(0, start + place - 1) }
        return nil
    }

    /// Passes over a damaged value.
    mutating func passDamage(_ bytes: UnsafeRawBufferPointer, _ atEnd: Bool) -> Step? {
        // A value that was too large is no longer there from its beginning.
        let origin = isSkipping ? position : start
        switch damage.walk(bytes, from: origin, atEnd: atEnd, looksForNext: credit > 0) {
        case .closed(let count): return endDamage(bytes, origin + max(count, 1), isNext: false)
        case .next(let count):
            credit -= damage.reach
            return endDamage(bytes, origin + count, isNext: true)
        case .more:
            if atEnd { return endDamage(bytes, bytes.count, isNext: false) }
            if !isSkipping, origin + damage.position - start > recordLimit {
                isSkipping = true
                position = start
            }
            // Some bytes more, which tell whether a line begins.
            let kept = origin + damage.position - DamageWalker.lookBehind
            return .needsMore(keepFrom: isSkipping ? max(0, kept) : max(start, 0))
        }
    }

    /// What was read of a damaged value stands for one record, and is given on as such.
    private mutating func endDamage(_ bytes: UnsafeRawBufferPointer, _ index: Int, isNext: Bool) -> Step? {
        // Of what is too large only the end is still there: its extent is told untrimmed, however the data was cut.
        let isWhole = !isSkipping && index - start <= recordLimit
        var end = index
        while isWhole, end > start + 1, Self.isSeparator(bytes[end - 1], isNext: isNext) { end -= 1 }
        leave(at: index)
        if isNext { after = .comma }
        isAfterDamage = true
        isSkipping = false
        if isWhole { return .record(start..<end) }
        return .unreadable(
            Unreadable(
                .notJSON, "a damaged record of more than \(recordLimit) bytes", at: offset(of: start),
                extent: UInt64(end - start)), nil)
    }

    private static func isSeparator(_ byte: UInt8, isNext: Bool) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte) || isNext && byte == UInt8(ascii: ",")
    }

    /// Passes over bytes that begin no value: to the end of the line, or to what may be one.
    mutating func passJunk(_ bytes: UnsafeRawBufferPointer, _ atEnd: Bool) -> Step? {
        let isDocument = frames.isEmpty
        var index = max(position, start + 1)
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0A { break }
            if isDocument, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                guard index + 1 < bytes.count || atEnd else { break }
                if index + 1 < bytes.count, Self.mayFollowBracket(bytes[index + 1]) { break }
            } else if !isDocument,
                byte == UInt8(ascii: "{") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]")
            {
                break
            }
            index += 1
        }
        position = index
        let isCutOff =
            index == bytes.count || isDocument && bytes[index] != 0x0A && index + 1 == bytes.count
        if isCutOff, !atEnd {
            if index - start > CloudTrailLimits.keptJunkBytes { isSkipping = true }
            return .needsMore(keepFrom: isSkipping ? index : max(start, 0))
        }
        if isCutOff, atEnd { index = bytes.count }
        return endJunk(bytes, index)
    }

    private mutating func endJunk(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Step {
        let isWhole = !isSkipping && index - start <= CloudTrailLimits.keptJunkBytes
        var end = index
        while isWhole, end > start + 1, Self.isSeparator(bytes[end - 1], isNext: false) { end -= 1 }
        leave(at: index)
        isSkipping = false
        isAfterDamage = !frames.isEmpty
        return .unreadable(
            Unreadable(.notJSON, "no JSON object begins here", at: offset(of: start), extent: UInt64(end - start)),
            isWhole ? start..<end : nil)
    }

    private static func mayFollowBracket(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), 0x20,
            0x09...0x0D:
            true
        default: false
        }
    }

    /// Passes over all of the data, which is of another form.
    mutating func passForeign(_ name: String, _ bytes: UnsafeRawBufferPointer, _ atEnd: Bool) -> Step {
        guard atEnd else { return .needsMore(keepFrom: bytes.count) }
        position = bytes.count
        mode = .between
        after = .value
        return .unreadable(
            Unreadable(
                .notALogFile, "\(name), which is no log data", at: offset(of: start),
                extent: UInt64(max(0, bytes.count - start))), nil)
    }
}
