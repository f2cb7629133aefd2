// SPDX-License-Identifier: Apache-2.0

/// The stored form of what a correlator learns: a row of items, each an event of a group or marks of one, or how a group's
/// windows wait, that a correlator takes in again in the order in which they were written. Numbers are little-endian; the tags are on disk.
/// Tag 1 is an event as earlier versions wrote it, without its tenant.
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

    private(set) var bytes: [UInt8] = []

    mutating func event(
        _ key: CorrelationKey, correlation: UInt64, tenant: UInt64, reach: Int64, _ entry: CorrelationEntry
    ) {
        begin(Self.eventTag, key)
        number(correlation)
        number(tenant)
        number(UInt64(bitPattern: reach))
        head(entry)
        number(entry.value)
        number(UInt32(truncatingIfNeeded: entry.context.count))
        bytes.append(contentsOf: entry.context)
    }

    mutating func marks(_ key: CorrelationKey, _ entry: CorrelationEntry) {
        begin(Self.marksTag, key)
        head(entry)
    }

    mutating func waits(_ key: CorrelationKey, _ wait: CorrelationWaits.Wait) {
        begin(Self.waitsTag, key)
        number(wait.tenant)
        number(UInt64(bitPattern: wait.delay))
        bytes.append(wait.isBehind ? 1 : 0)
    }

    mutating func settled(_ key: CorrelationKey, before time: Int64) {
        begin(Self.settledTag, key)
        number(UInt64(bitPattern: time))
    }

    mutating func forgotten(_ key: CorrelationKey) { begin(Self.forgottenTag, key) }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    private mutating func begin(_ tag: UInt8, _ key: CorrelationKey) {
        bytes.append(tag)
        number(key.high)
        number(key.low)
    }

    private mutating func head(_ entry: CorrelationEntry) {
        number(UInt64(bitPattern: entry.time))
        number(entry.id.high)
        number(entry.id.low)
        number(entry.member)
        bytes.append(entry.marks.rawValue)
    }

    private mutating func number<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Reads what `CorrelationLog` wrote. Bytes of any other origin end the reading; they are never trapped on.
struct CorrelationLogReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next item; nil at the end, or where something else follows.
    mutating func next() -> CorrelationLog.Item? {
        guard let tag = number(UInt8.self), let high = number(UInt64.self), let low = number(UInt64.self) else {
            return nil
        }
        let key = CorrelationKey(high: high, low: low)
        switch tag {
        case 1, 5:
            guard let correlation = number(UInt64.self), let tenant = tag == 1 ? 0 : number(UInt64.self),
                let reach = number(Int64.self), let head = head(),
                let value = number(UInt64.self), let count = number(UInt32.self),
                Int(count) <= bytes.count - position
            else { return nil }
            let context = Array(bytes[position..<(position + Int(count))])
            position += Int(count)
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
