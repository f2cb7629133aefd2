// SPDX-License-Identifier: Apache-2.0

import CJSON
import JSON

/// All values of the current record, for keywords.
struct AllValues {
    struct Value {
        var bytes: UnsafeRawBufferPointer
        var folded: UnsafeRawBufferPointer
        var isNumber: Bool
    }

    var generation: UInt32 = 0
    var values: [Value] = []
}

extension Evaluator {
    /// Answers a predicate.
    func test(_ predicate: UnsafePointer<Predicate>, _ extractor: RecordExtractor) -> Bool {
        let slot = predicate.pointee.slot
        if slot < 0 { return testAllValues(predicate, extractor) }
        extractor.fill(predicate.pointee.deferral)
        switch predicate.pointee.kind {
        case .exists: return extractor.entry(at: UInt32(bitPattern: slot)).pointee.kind != Self.absentKind
        case .null: return isNull(slot, extractor)
        case .fieldReference: return testReference(predicate, extractor)
        default: break
        }
        var at = UInt32(bitPattern: slot)
        repeat {
            let entry = extractor.entry(at: at)
            if entry.pointee.kind > Self.nullKind {
                let bytes = Self.bytes(entry)
                let text = predicate.pointee.cased ? bytes : folded.text(Int(at), bytes)
                let isNumber = entry.pointee.kind == Self.numberKind
                if test(predicate, text, isNumber: isNumber) { return true }
            }
            at = entry.pointee.next
        } while at != 0
        return false
    }

    @inline(__always) static var absentKind: UInt8 { UInt8(truncatingIfNeeded: TH_JSON_ABSENT.rawValue) }
    @inline(__always) static var numberKind: UInt8 { UInt8(truncatingIfNeeded: TH_JSON_NUMBER.rawValue) }
    @inline(__always) static var boolKind: UInt8 { UInt8(truncatingIfNeeded: TH_JSON_BOOL.rawValue) }

    /// Asks one text, which is folded unless the predicate is cased.
    private func test(_ predicate: UnsafePointer<Predicate>, _ text: UnsafeRawBufferPointer, isNumber: Bool) -> Bool {
        let length = Int(predicate.pointee.length)
        let payload = Int(predicate.pointee.payload)
        let own = plan.bytes.start + Int(predicate.pointee.offset)
        switch predicate.pointee.kind {
        case .oneOf:
            if plan.tables[payload].find(text) >= 0 { return true }
            return isNumber && length > 0 && hasNumber(predicate, text)
        case .exact: return text.count == length && equal(text, own, length)
        case .prefix: return text.count >= length && equal(text, own, length)
        case .suffix:
            guard text.count >= length else { return false }
            return equal(UnsafeRawBufferPointer(rebasing: text[(text.count - length)...]), own, length)
        case .contains: return find(own, length, in: text) != nil
        case .anyText: return true
        case .wildcard: return plan.wildcards[payload].matches(text)
        case .compare:
            guard let number = TextReading.number(text) else { return false }
            return predicate.pointee.comparison.holds(number, predicate.pointee.number)
        case .regex:
            if length > 0, !plan.wildcards[Int(predicate.pointee.offset)].matches(text) { return false }
            return regexes.matches(plan.regexCodes[payload], text)
        case .network: return IPAddress(text).map { plan.networks[payload].contains($0) } ?? false
        case .datePart:
            guard let part = TextReading.datePart(predicate.pointee.datePart, text) else { return false }
            return predicate.pointee.comparison.holds(Double(part), predicate.pointee.number)
        case .null, .exists, .fieldReference: return false
        }
    }

    private func hasNumber(_ predicate: UnsafePointer<Predicate>, _ text: UnsafeRawBufferPointer) -> Bool {
        guard let number = TextReading.number(text) else { return false }
        let numbers = plan.numbers.start + Int(predicate.pointee.offset)
        var low = 0
        var high = Int(predicate.pointee.length)
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < Int(predicate.pointee.length) && numbers[low] == number
    }

    private func isNull(_ slot: Int32, _ extractor: RecordExtractor) -> Bool {
        var entry = extractor.entry(at: UInt32(bitPattern: slot))
        if entry.pointee.kind == Self.absentKind { return true }
        while true {
            if entry.pointee.kind == Self.nullKind { return true }
            if entry.pointee.next == 0 { return false }
            entry = extractor.entry(at: entry.pointee.next)
        }
    }

    /// Whether any value of the field stands in the relation to any value of the other field.
    private func testReference(_ predicate: UnsafePointer<Predicate>, _ extractor: RecordExtractor) -> Bool {
        // Most records lack one of the two.
        let other = extractor.entry(at: UInt32(bitPattern: predicate.pointee.payload))
        if other.pointee.kind == Self.absentKind { return false }
        var at = UInt32(bitPattern: predicate.pointee.slot)
        repeat {
            let entry = extractor.entry(at: at)
            if entry.pointee.kind > Self.nullKind, testReference(predicate, entry, at, extractor) { return true }
            at = entry.pointee.next
        } while at != 0
        return false
    }

    private func testReference(
        _ predicate: UnsafePointer<Predicate>, _ entry: UnsafeMutablePointer<th_json_value>, _ index: UInt32,
        _ extractor: RecordExtractor
    ) -> Bool {
        let cased = predicate.pointee.cased
        let left = cased ? Self.bytes(entry) : folded.text(Int(index), Self.bytes(entry))
        var at = UInt32(bitPattern: predicate.pointee.payload)
        repeat {
            let other = extractor.entry(at: at)
            if other.pointee.kind > Self.nullKind {
                let right = cased ? Self.bytes(other) : folded.text(Int(at), Self.bytes(other))
                if relates(left, predicate.pointee.relation, right) { return true }
                if predicate.pointee.relation == .equals, entry.pointee.kind == Self.numberKind,
                    other.pointee.kind == Self.numberKind, let left = TextReading.number(left),
                    left == TextReading.number(right)
                {
                    return true
                }
            }
            at = other.pointee.next
        } while at != 0
        return false
    }

    private func relates(
        _ left: UnsafeRawBufferPointer, _ relation: SigmaTextRelation, _ right: UnsafeRawBufferPointer
    ) -> Bool {
        guard left.count >= right.count else { return false }
        guard let other = right.baseAddress?.assumingMemoryBound(to: UInt8.self), right.count > 0 else {
            return relation != .equals || left.isEmpty
        }
        switch relation {
        case .equals: return left.count == right.count && equal(left, other, right.count)
        case .startsWith: return equal(left, other, right.count)
        case .endsWith:
            return equal(UnsafeRawBufferPointer(rebasing: left[(left.count - right.count)...]), other, right.count)
        case .contains: return find(other, right.count, in: left) != nil
        }
    }

    /// Asks every value of the record.
    private func testAllValues(_ predicate: UnsafePointer<Predicate>, _ extractor: RecordExtractor) -> Bool {
        if allValues.generation != generation.pointee {
            allValues.generation = generation.pointee
            allValues.values.removeAll(keepingCapacity: true)
            for value in extractor.allValues() {
                let bytes = UnsafeRawBufferPointer(start: value.text, count: Int(value.length))
                allValues.values.append(
                    AllValues.Value(bytes: bytes, folded: folded.fold(bytes), isNumber: value.kind == Self.numberKind))
            }
        }
        return allValues.values.contains { value in
            test(predicate, predicate.pointee.cased ? value.bytes : value.folded, isNumber: value.isNumber)
        }
    }
}
