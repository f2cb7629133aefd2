// SPDX-License-Identifier: Apache-2.0

/// The stored form of what a correlator learns: a row of items, each an event of a group or marks of one, that a
/// correlator takes in again in the order in which they were written. Numbers are little-endian; the tags are on disk.
struct CorrelationLog: Sendable {
    enum Item {
        case event(CorrelationKey, correlation: UInt64, reach: Int64, CorrelationEntry)
        case marks(CorrelationKey, CorrelationEntry)
    }

    private static let eventTag: UInt8 = 1
    private static let marksTag: UInt8 = 2

    private(set) var bytes: [UInt8] = []

    mutating func event(_ key: CorrelationKey, correlation: UInt64, reach: Int64, _ entry: CorrelationEntry) {
        bytes.append(Self.eventTag)
        number(key.high)
        number(key.low)
        number(correlation)
        number(UInt64(bitPattern: reach))
        head(entry)
        number(entry.value)
        number(UInt32(truncatingIfNeeded: entry.context.count))
        bytes.append(contentsOf: entry.context)
    }

    mutating func marks(_ key: CorrelationKey, _ entry: CorrelationEntry) {
        bytes.append(Self.marksTag)
        number(key.high)
        number(key.low)
        head(entry)
    }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
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
        case 1:
            guard let correlation = number(UInt64.self), let reach = number(Int64.self), let head = head(),
                let value = number(UInt64.self), let count = number(UInt32.self),
                Int(count) <= bytes.count - position
            else { return nil }
            let context = Array(bytes[position..<(position + Int(count))])
            position += Int(count)
            return .event(key, correlation: correlation, reach: reach, entry(head, value, context))
        case 2: return head().map { .marks(key, entry($0, 0, [])) }
        default: return nil
        }
    }

    private typealias Head = (time: Int64, id: CorrelationEvent.ID, member: UInt16, marks: UInt8)

    private mutating func head() -> Head? {
        guard let time = number(Int64.self), let high = number(UInt64.self), let low = number(UInt64.self),
            let member = number(UInt16.self), let marks = number(UInt8.self)
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
