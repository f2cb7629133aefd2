// SPDX-License-Identifier: Apache-2.0

import CJSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whether so many bytes are the same.
@inline(__always)
func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    guard count > 0, let start = left.baseAddress else { return true }
    guard count >= 8 else { return memcmp(start, right, count) == 0 }
    // Most texts are short: words that may overlap are quicker than a call.
    let other = UnsafeRawPointer(right)
    func isSame(_ at: Int) -> Bool {
        start.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            == other.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    }
    guard isSame(0), isSame(count - 8) else { return false }
    if count <= 16 { return true }
    guard isSame(8), isSame(count - 16) else { return false }
    return count <= 32 || memcmp(start + 16, other + 16, count - 32) == 0
}

/// Where a text stands in another, or nil. Linear in time.
@inline(__always)
func find(_ needle: UnsafePointer<UInt8>, _ length: Int, in text: UnsafeRawBufferPointer) -> Int? {
    let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let place = th_text_find(start, text.count, needle, length)
    return place < 0 ? nil : place
}

/// A pattern with wildcards in its middle, ready to match: literal segments between stars. Each segment is searched
/// from where the one before it ended, and the last one is tried at the end only, so that the work is never more than the
/// length of the text times that of the pattern.
struct WildcardMatcher {
    struct Segment {
        var offset: Int
        var length: Int
        var hasAnyCharacter: Bool
    }

    /// The bytes of all segments; 0xFF, which is in no UTF-8, stands for `?`.
    private let bytes: Frozen<UInt8>
    private let segments: Frozen<Segment>
    private let startsWithStar: Bool
    private let endsWithStar: Bool

    static let anyCharacter: UInt8 = 0xFF

    init(_ pattern: SigmaPattern) {
        var bytes: [UInt8] = []
        var segments: [Segment] = []
        var isOpen = false
        for part in pattern.parts {
            if part == .anyText {
                isOpen = false
                continue
            }
            if !isOpen { segments.append(Segment(offset: bytes.count, length: 0, hasAnyCharacter: false)) }
            isOpen = true
            let last = segments.count - 1
            switch part {
            case .literal(let literal): bytes += literal
            default:
                bytes.append(Self.anyCharacter)
                segments[last].hasAnyCharacter = true
            }
            segments[last].length = bytes.count - segments[last].offset
        }
        self.bytes = Frozen(bytes)
        self.segments = Frozen(segments)
        startsWithStar = pattern.parts.first == .anyText
        endsWithStar = pattern.parts.last == .anyText
    }

    func free() {
        bytes.free()
        segments.free()
    }

    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        var first = 0
        var last = segments.count
        if !startsWithStar {
            guard last > 0 else { return text.isEmpty }
            guard let end = match(segments[0], text, at: 0) else { return false }
            at = end
            first = 1
            if first == last { return endsWithStar || at == text.count }
        }
        if !endsWithStar {
            last -= 1
            guard let start = matchBackwards(segments[last], text), start >= at else { return false }
            let rest = UnsafeRawBufferPointer(rebasing: text[..<start])
            return middle(first..<last, rest, from: at)
        }
        return middle(first..<last, text, from: at)
    }

    private func middle(_ range: Range<Int>, _ text: UnsafeRawBufferPointer, from start: Int) -> Bool {
        var at = start
        for index in range {
            guard let end = search(segments[index], text, from: at) else { return false }
            at = end
        }
        return true
    }

    /// The end of the first place from `start` on where a segment stands.
    private func search(_ segment: Segment, _ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        if !segment.hasAnyCharacter {
            let rest = UnsafeRawBufferPointer(rebasing: text[start...])
            return find(bytes.start + segment.offset, segment.length, in: rest).map { start + $0 + segment.length }
        }
        var at = start
        while at < text.count {
            if text[at] & 0xC0 != 0x80, let end = match(segment, text, at: at) { return end }
            at += 1
        }
        return nil
    }

    /// The end of a segment that stands at a place.
    private func match(_ segment: Segment, _ text: UnsafeRawBufferPointer, at start: Int) -> Int? {
        var at = start
        for place in segment.offset..<(segment.offset + segment.length) {
            guard at < text.count else { return nil }
            if bytes[place] == Self.anyCharacter {
                at += 1
                while at < text.count, text[at] & 0xC0 == 0x80 { at += 1 }
            } else {
                guard text[at] == bytes[place] else { return nil }
                at += 1
            }
        }
        return at
    }

    /// The start of a segment that stands at the end of the text.
    private func matchBackwards(_ segment: Segment, _ text: UnsafeRawBufferPointer) -> Int? {
        var at = text.count
        for place in (segment.offset..<(segment.offset + segment.length)).reversed() {
            guard at > 0 else { return nil }
            at -= 1
            if bytes[place] == Self.anyCharacter {
                while at > 0, text[at] & 0xC0 == 0x80 { at -= 1 }
            } else {
                guard text[at] == bytes[place] else { return nil }
            }
        }
        return at
    }
}

/// Numbers and dates in texts.
enum TextReading {
    /// The number that a text is, by the grammar of JSON with an optional plus sign, or nil.
    static func number(_ text: UnsafeRawBufferPointer) -> Double? {
        guard text.count > 0, text.count < 64, isNumber(text) else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer -> Double? in
            buffer.copyMemory(from: text)
            buffer[text.count] = 0
            guard let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
            let value = strtod(start, nil)
            return value.isFinite ? value : nil
        }
    }

    private static func isNumber(_ text: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        func digits() -> Bool {
            let start = at
            while at < text.count, text[at] &- 48 < 10 { at += 1 }
            return at > start
        }
        if text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") { at = 1 }
        guard digits() else { return false }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            guard digits() else { return false }
        }
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") { at += 1 }
            guard digits() else { return false }
        }
        return at == text.count
    }

    /// A part of a date such as 2026-01-31 or 2026-01-31T12:30:00Z, as it stands there, or nil.
    static func datePart(_ part: SigmaDatePart, _ text: UnsafeRawBufferPointer) -> Int? {
        func field(_ start: Int, _ length: Int) -> Int? {
            guard start + length <= text.count else { return nil }
            var value = 0
            for at in start..<(start + length) {
                guard text[at] &- 48 < 10 else { return nil }
                value = value * 10 + Int(text[at] - 48)
            }
            return value
        }
        guard text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), let year = field(0, 4),
            let month = field(5, 2), let day = field(8, 2), 1...12 ~= month, 1...31 ~= day
        else { return nil }
        switch part {
        case .year: return year
        case .month: return month
        case .day: return day
        case .week: return week(year, month, day)
        case .hour, .minute:
            guard text.count >= 16, text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: " "),
                text[13] == UInt8(ascii: ":"), let hour = field(11, 2), let minute = field(14, 2), hour < 24,
                minute < 60
            else { return nil }
            return part == .hour ? hour : minute
        }
    }

    /// The week's number by ISO 8601.
    private static func week(_ year: Int, _ month: Int, _ day: Int) -> Int {
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        // Weekday of 1 January, Monday being 0.
        func firstDay(_ year: Int) -> Int {
            let before = year - 1
            return (before + before / 4 - before / 100 + before / 400) % 7
        }
        func weeks(_ year: Int) -> Int {
            let first = firstDay(year)
            return first == 3 || (first == 2 && isLeap(year)) ? 53 : 52
        }
        let starts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
        let ordinal = starts[month - 1] + day + (month > 2 && isLeap(year) ? 1 : 0)
        let weekday = (firstDay(year) + ordinal - 1) % 7 + 1
        let week = (ordinal - weekday + 10) / 7
        if week < 1 { return year > 1 ? weeks(year - 1) : 52 }
        return week > weeks(year) ? 1 : week
    }
}
