// SPDX-License-Identifier: Apache-2.0

/// The stored form of what a correlator learns: a row of items, each an event of a group or marks of one, or how a group's
/// windows wait, that a correlator takes in again in the order in which they were written. Numbers are little-endian; the tags are on disk.
/// Tag 1 is an event as earlier versions wrote it, without its tenant; tag 7 one whose context is that of the event before.
struct CorrelationLog: Sendable {
    enum Item {
        case event(CorrelationKey, correlation: UInt64, tenant: UInt64, reach: Int64, CorrelationEntry)
        case marks(CorrelationKey, CorrelationEntry)
        /// Windows of a group wait; which ones its events say.
        case waits(CorrelationKey, tenant: UInt64, delay: Int64, isBehind: Bool)
        /// Those that end before a time do so no more.
        case settled(CorrelationKey, before: Int64)
        /// A group that is no more: its time was over, or there were too many.
        case forgotten(CorrelationKey)
    }

    private static let marksTag: UInt8 = 2
    private static let waitsTag: UInt8 = 3
    private static let settledTag: UInt8 = 4
    private static let eventTag: UInt8 = 5
    private static let forgottenTag: UInt8 = 6

    private static let sameContextTag: UInt8 = 7

    private(set) var bytes: [UInt8] = []
    /// The context of the event before, of which an event of the same one keeps none of its own.
    private var lastContext: [UInt8]?

    mutating func event(
        _ key: CorrelationKey, correlation: UInt64, tenant: UInt64, reach: Int64, _ entry: CorrelationEntry
    ) {
        let isSame = lastContext == entry.context
        append(isSame ? Self.sameContextTag : Self.eventTag, key) { item in
            item.number(correlation)
            item.number(tenant)
            item.number(UInt64(bitPattern: reach))
            item.head(entry)
            item.number(entry.value)
            if !isSame { item.number(UInt32(truncatingIfNeeded: entry.context.count)) }
        }
        guard !isSame else { return }
        bytes.append(contentsOf: entry.context)
        lastContext = entry.context
    }

    mutating func marks(_ key: CorrelationKey, _ entry: CorrelationEntry) {
        append(Self.marksTag, key) { $0.head(entry) }
    }

    mutating func waits(_ key: CorrelationKey, _ wait: CorrelationWaits.Wait) {
        append(Self.waitsTag, key) { item in
            item.number(wait.tenant)
            item.number(UInt64(bitPattern: wait.delay))
            item.number(wait.isBehind ? UInt8(1) : 0)
        }
    }

    mutating func settled(_ key: CorrelationKey, before time: Int64) {
        append(Self.settledTag, key) { $0.number(UInt64(bitPattern: time)) }
    }

    mutating func forgotten(_ key: CorrelationKey) { append(Self.forgottenTag, key) { _ in } }

    mutating func take() -> [UInt8] {
        defer { self = CorrelationLog() }
        return bytes
    }

    /// Appends an item in one piece: a tag, a key, and what `body` writes.
    private mutating func append(_ tag: UInt8, _ key: CorrelationKey, _ body: (inout Item.Writer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: Item.Writer.capacity, alignment: 8) { room in
            var item = Item.Writer(room)
            item.number(tag)
            item.number(key.high)
            item.number(key.low)
            body(&item)
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: room[..<item.count]))
        }
    }
}

extension CorrelationLog.Item {
    /// Writes an item's fields into room that is on the stack.
    struct Writer {
        /// More than the longest item has: a tag, nine numbers of eight bytes, one of four, one of two and a byte of marks.
        static let capacity = 96

        private let room: UnsafeMutableRawBufferPointer
        private(set) var count = 0

        init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

        mutating func number<Number: FixedWidthInteger>(_ number: Number) {
            room.storeBytes(of: number.littleEndian, toByteOffset: count, as: Number.self)
            count += MemoryLayout<Number>.size
        }

        mutating func head(_ entry: CorrelationEntry) {
            number(UInt64(bitPattern: entry.time))
            number(entry.id.high)
            number(entry.id.low)
            number(entry.member)
            number(entry.marks.rawValue)
        }
    }
}

/// Reads what `CorrelationLog` wrote. Bytes of any other origin end the reading; they are never trapped on.
struct CorrelationLogReader {
    private let bytes: [UInt8]
    private var position = 0
    private var lastContext: [UInt8]?

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next item; nil at the end, or where something else follows.
    mutating func next() -> CorrelationLog.Item? {
        guard let tag = number(UInt8.self), let high = number(UInt64.self), let low = number(UInt64.self) else {
            return nil
        }
        let key = CorrelationKey(high: high, low: low)
        switch tag {
        case 1, 5, 7:
            guard let correlation = number(UInt64.self), let tenant = tag == 1 ? 0 : number(UInt64.self),
                let reach = number(Int64.self), let head = head(), let value = number(UInt64.self),
                let context = tag == 7 ? lastContext : context()
            else { return nil }
            lastContext = context
            return .event(
                key, correlation: correlation, tenant: tenant, reach: reach, entry(head, value, context))
        case 2: return head().map { .marks(key, entry($0, 0, [])) }
        case 3:
            guard let tenant = number(UInt64.self), let delay = number(Int64.self), let isBehind = number(UInt8.self),
                0...CorrelationWaits.longestDelay ~= delay
            else { return nil }
            return .waits(key, tenant: tenant, delay: delay, isBehind: isBehind != 0)
        case 4: return number(Int64.self).map { .settled(key, before: $0) }
        case 6: return .forgotten(key)
        default: return nil
        }
    }

    private mutating func context() -> [UInt8]? {
        guard let count = number(UInt32.self), Int(count) <= bytes.count - position else { return nil }
        defer { position += Int(count) }
        return Array(bytes[position..<(position + Int(count))])
    }

    private typealias Head = (time: Int64, id: CorrelationEvent.ID, member: UInt16, marks: UInt8)

    private mutating func head() -> Head? {
        guard let time = number(Int64.self), let high = number(UInt64.self), let low = number(UInt64.self),
            let member = number(UInt16.self), let marks = number(UInt8.self),
            -CorrelationWaits.longestDelay...CorrelationWaits.longestDelay ~= time
        else { return nil }
        return (time, .init(high: high, low: low), member, marks)
    }

    private func entry(_ head: Head, _ value: UInt64, _ context: [UInt8]) -> CorrelationEntry {
        CorrelationEntry(
            time: head.time, id: head.id, value: value, member: head.member,
            marks: .init(rawValue: head.marks), context: context)
    }

    private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.count - position >= size else { return nil }
        defer { position += size }
        return bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: type)) }
    }
}
