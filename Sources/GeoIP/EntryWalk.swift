// SPDX-License-Identifier: Apache-2.0

/// Walks through one entry of a database's data section, to see whether it is one: every value within the section, maps
/// with texts for keys, no deeper and no larger than real ones are. Source: "MaxMind DB File Format Specification" 2.0.
struct EntryWalk {
    private let data: UnsafeRawBufferPointer
    private var rest = GeoLimits.entryValues

    init(_ data: UnsafeRawBufferPointer) { self.data = data }

    /// The types of values, by their numbers.
    private enum Kind: Int {
        case pointer = 1, text, double, bytes, uint16, uint32, map, int32, uint64, uint128, array
        case boolean = 14, float
    }

    /// What a value's first bytes say.
    private struct Head {
        let kind: Kind
        let size: Int
        /// Where its own bytes begin.
        let start: Int
    }

    mutating func isSound(at offset: Int) -> Bool { skip(offset, 0) != nil }

    /// Where the value at a place ends; nil where there is none.
    private mutating func skip(_ place: Int, _ depth: Int, isKey: Bool = false) -> Int? {
        rest -= 1
        guard rest >= 0, depth <= GeoLimits.depth, let head = head(place) else { return nil }
        if isKey, head.kind != .text, head.kind != .pointer { return nil }
        switch head.kind {
        case .pointer:
            // One to a pointer is none.
            guard let target = self.head(head.size), target.kind != .pointer, !isKey || target.kind == .text,
                skip(head.size, depth + 1) != nil
            else { return nil }
            return head.start
        case .map, .array:
            var next = head.start
            for _ in 0..<head.size {
                if head.kind == .map {
                    guard let end = skip(next, depth + 1, isKey: true) else { return nil }
                    next = end
                }
                guard let end = skip(next, depth + 1) else { return nil }
                next = end
            }
            return next
        case .boolean: return head.size <= 1 ? head.start : nil
        case .double: return head.size == 8 ? end(head) : nil
        case .float: return head.size == 4 ? end(head) : nil
        case .uint16: return head.size <= 2 ? end(head) : nil
        case .uint32, .int32: return head.size <= 4 ? end(head) : nil
        case .uint64: return head.size <= 8 ? end(head) : nil
        case .uint128: return head.size <= 16 ? end(head) : nil
        case .text, .bytes: return end(head)
        }
    }

    private func end(_ head: Head) -> Int? { head.size <= data.count - head.start ? head.start + head.size : nil }

    /// Reads what stands before a value. Of a pointer the size is the place that it leads to.
    private func head(_ place: Int) -> Head? {
        guard place >= 0, place < data.count else { return nil }
        let control = Int(data[place])
        var next = place + 1
        var number = control >> 5
        if number == 1 { return pointer(control, next) }
        if number == 0 {
            guard let more = take(1, &next) else { return nil }
            number = more + 7
        }
        guard let kind = Kind(rawValue: number) else { return nil }
        var size = control & 31
        if size >= 29 {
            guard let more = take(size - 28, &next) else { return nil }
            size = [29, 285, 65_821][size - 29] + more
        }
        return Head(kind: kind, size: size, start: next)
    }

    private func pointer(_ control: Int, _ place: Int) -> Head? {
        var next = place
        let width = control >> 3 & 3
        guard let value = take(width + 1, &next) else { return nil }
        let high = width == 3 ? 0 : (control & 7) << (8 * (width + 1))
        return Head(kind: .pointer, size: (high | value) + [0, 2_048, 526_336, 0][width], start: next)
    }

    private func take(_ count: Int, _ place: inout Int) -> Int? {
        guard place + count <= data.count else { return nil }
        defer { place += count }
        return data[place..<(place + count)].reduce(0) { $0 << 8 | Int($1) }
    }
}
