// SPDX-License-Identifier: Apache-2.0

/// Finds the records in log data of any form, without judging them: log files, arrays, lines and documents one behind
/// the other, and the envelopes that AWS puts records into. A value without I/O that is resumed with more bytes, so data
/// of any size passes through a small buffer, and the steps do not depend on how it is cut.
///
/// A damaged value costs itself alone. What is damaged so badly that it has no end of its own ends where the next record
/// or document visibly begins.
package struct LogSplitter {
    package enum Step: Equatable {
        /// A record, or what stands in the place of one, at this place of the buffer.
        case record(Range<Int>)
        /// A record whose text is the string at this place; the text is in `text`, until the next call.
        case text(Range<Int>)
        /// Log data within the data, a Base64 string at this place; what it decodes to is in `text`, until the next call.
        case embedded(Range<Int>)
        /// Damage, with its bytes where the buffer still has them.
        case unreadable(Unreadable, Range<Int>?)
        /// More bytes are needed behind those from this place on. The caller drops the others and says so by `drop`.
        case needsMore(keepFrom: Int)
        case end
    }

    enum Frame {
        /// An array of documents.
        case array
        /// Behind an array of an envelope, among its other members.
        case members
        /// Within an array of an envelope.
        case elements(LogKey, isControl: Bool)
    }

    enum After { case nothing, comma, value }

    enum Mode {
        case between, walking, damaged, junk
        /// At an array `records` that opened at this place, in search of its first element's first key.
        case peeking(Int)
        /// Data of another form, passed over to its end.
        case foreign(String)
    }

    var frames: [Frame] = []
    var after = After.nothing
    var mode = Mode.between
    /// The next byte to look at, between values; an index of the buffer.
    var position = 0
    /// The first byte of the value at hand, which may lie before the buffer.
    var start = 0
    var commaAt = 0
    /// Bytes of the data before the buffer.
    var base: UInt64 = 0
    var walker = JSONWalker()
    var damage = DamageWalker()
    /// The value at hand is too large; its bytes are not kept.
    var isSkipping = false
    /// The damage that has been told explains what follows from it: a missing comma, an array without an end.
    var isAfterDamage = false
    var hasSeenValue = false
    /// The data was damaged before it came here, which explains an end within a document.
    private var isDamagedBefore = false
    /// Bytes that may be read twice in search of the end of damaged values: it keeps the time linear.
    var credit = CloudTrailLimits.damageCredit
    let recordLimit: Int
    /// The largest value that is kept: a Base64 text may be twice as long as a record.
    let valueLimit: Int
    package internal(set) var text: [UInt8] = []

    /// - Parameter recordLimit: larger records are passed over as unreadable; values of more than twice that leave the buffer.
    package init(recordLimit: Int = .max) {
        self.recordLimit = recordLimit
        valueLimit = recordLimit > .max / 2 ? .max : 2 * recordLimit
    }

    /// The first `count` bytes of the buffer were dropped.
    package mutating func drop(_ count: Int) {
        base += UInt64(count)
        position -= count
        start -= count
        commaAt -= count
    }

    /// The data is what could be had of damaged data: its end is not told once more.
    package mutating func noteDamage() {
        isDamagedBefore = true
        hasSeenValue = true
    }

    /// The place in the data of a place in the buffer.
    package func offset(of index: Int) -> UInt64 { UInt64(bitPattern: Int64(bitPattern: base) + Int64(index)) }

    /// Goes on until something is found. `atEnd` says that no byte follows those of `bytes`.
    package mutating func next(_ bytes: UnsafeRawBufferPointer, atEnd: Bool) -> Step {
        while true {
            let step: Step?
            switch mode {
            case .between: step = between(bytes, atEnd)
            case .walking: step = walk(bytes, atEnd)
            case .peeking(let place): step = peek(place, bytes, atEnd)
            case .damaged: step = passDamage(bytes, atEnd)
            case .junk: step = passJunk(bytes, atEnd)
            case .foreign(let name): step = passForeign(name, bytes, atEnd)
            }
            if let step { return step }
        }
    }

    // MARK: Between values

    private mutating func between(_ bytes: UnsafeRawBufferPointer, _ atEnd: Bool) -> Step? {
        if case .members? = frames.last {
            start = position
            walker.beginBehindMember()
            mode = .walking
            return nil
        }
        guard skipSpace(bytes, atEnd) else {
            return atEnd ? finish(bytes) : .needsMore(keepFrom: position)
        }
        if !hasSeenValue {
            guard bytes.count - position >= 8 || atEnd else { return .needsMore(keepFrom: position) }
            hasSeenValue = true
            if offset(of: position) == 0,
                let name = LogForm.binary(UnsafeRawBufferPointer(rebasing: bytes[position...]))
            {
                start = position
                mode = .foreign(name)
                return nil
            }
        }
        let isDocument = frames.isEmpty
        switch bytes[position] {
        case UInt8(ascii: "]") where !isDocument: return closeArray()
        case UInt8(ascii: ","): return comma()
        case UInt8(ascii: "["):
            if isDocument || isArray && frames.count < CloudTrailLimits.nestedArrays {
                if let step = missingComma() { return step }
                frames.append(.array)
                after = .nothing
                position += 1
                return nil
            }
            return beginValue()
        case UInt8(ascii: "{"), UInt8(ascii: "\""): return beginValue()
        case UInt8(ascii: "}"), UInt8(ascii: ":"), UInt8(ascii: "]"): break
        case UInt8(ascii: "0")...UInt8(ascii: "9") where isDocument:
            switch LinePrefix(UnsafeRawBufferPointer(rebasing: bytes[position...]), atEnd: atEnd) {
            case .undecided: return .needsMore(keepFrom: position)
            case .timestamp(let count):
                position += count
                return beginValue()
            case .none: break
            }
        default: if !isDocument { return beginValue() }
        }
        start = position
        mode = .junk
        return nil
    }

    private var isArray: Bool {
        if case .array? = frames.last { return true }
        return false
    }

    private mutating func beginValue() -> Step? {
        if let step = missingComma() { return step }
        start = position
        isSkipping = false
        walker.begin()
        mode = .walking
        return nil
    }

    private mutating func missingComma() -> Step? {
        guard !frames.isEmpty, after == .value else { return nil }
        after = .comma
        if isAfterDamage { return nil }
        isAfterDamage = true
        return .unreadable(
            Unreadable(.notJSON, "a comma between two elements is missing", at: offset(of: position), extent: 0), nil)
    }

    private mutating func comma() -> Step? {
        defer {
            commaAt = position
            position += 1
            after = .comma
        }
        return after == .value || isAfterDamage ? nil : strayComma(position)
    }

    private mutating func closeArray() -> Step? {
        if after == .comma, !isAfterDamage {
            after = .value
            return strayComma(commaAt)
        }
        frames.removeLast()
        after = .value
        isAfterDamage = false
        position += 1
        return nil
    }

    private func strayComma(_ index: Int) -> Step {
        let isInBuffer = index >= 0
        return .unreadable(
            Unreadable(.notJSON, "a comma that separates nothing", at: offset(of: index), extent: 1),
            isInBuffer ? index..<(index + 1) : nil)
    }

    /// False where the bytes end before anything but blanks, byte-order marks and record separators.
    private mutating func skipSpace(_ bytes: UnsafeRawBufferPointer, _ atEnd: Bool) -> Bool {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09...0x0D: position += 1
            // RFC 7464 puts one before each text.
            case 0x1E where frames.isEmpty: position += 1
            case 0xEF where frames.isEmpty:
                guard bytes.count >= position + 3 else { return atEnd }
                guard bytes[position + 1] == 0xBB, bytes[position + 2] == 0xBF else { return true }
                position += 3
            default: return true
            }
        }
        return false
    }

    /// The data's end.
    private mutating func finish(_ bytes: UnsafeRawBufferPointer) -> Step {
        let end = offset(of: bytes.count)
        if !hasSeenValue {
            hasSeenValue = true
            return .unreadable(Unreadable(.notALogFile, "the log file is empty", at: 0, extent: 0), nil)
        }
        let isOpen = !frames.isEmpty
        let hasComma = after == .comma
        frames.removeAll()
        after = .nothing
        guard !isAfterDamage, !isDamagedBefore else { return .end }
        if isOpen {
            return .unreadable(
                Unreadable(
                    .notJSON, "the data is cut off within a document, behind its last record", at: end, extent: 0), nil)
        }
        return hasComma ? strayComma(commaAt) : .end
    }
}
