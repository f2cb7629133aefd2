// SPDX-License-Identifier: Apache-2.0

/// Reads the log data that stands as Base64 texts in one document that is in memory as a whole. What the texts of a
/// document hold in sum is bounded, so that a small request can't ask for work without end.
package struct EmbeddedLogData {
    /// Bytes after decompression that may still come.
    private var budget = UInt64(CloudTrailLimits.embeddedBytes)

    package init() {}

    /// Reads a text's data.
    ///
    /// - Parameters:
    ///   - data: what the text decodes to.
    ///   - place: the text's place in the document.
    ///   - body: takes records and findings, each with the place of the text.
    package mutating func forEach(
        _ data: [UInt8], at place: Range<Int>, _ body: (LogDataReader.Step) throws -> Void
    ) rethrows {
        let reader = LogDataReader(recordLimit: CloudTrailLimits.recordBytes, depth: 1, budget: budget)
        data.withUnsafeBytes { reader.feed($0) }
        reader.finish()
        defer { budget -= min(budget, reader.produced) }
        let offset = UInt64(max(0, place.lowerBound))
        while true {
            switch reader.next() {
            case .record(let record, _, _): try body(.record(record, at: offset, extent: place.count))
            case .unreadable(let found, let bytes): try body(.unreadable(found.within(base64: offset), bytes))
            case .needsInput, .end: return
            }
        }
    }
}

extension Unreadable {
    static func tooDeep(at offset: UInt64, extent: Int) -> Unreadable {
        Unreadable(
            .nestedTooDeep, "Base64 texts are read \(CloudTrailLimits.embeddedDepth) levels deep", at: offset,
            extent: UInt64(extent))
    }
}

extension LogSplitter {
    /// True for an element of `Records` that is one of Kinesis, which holds log data in Base64.
    package static func isOfKinesis(_ element: UnsafeRawBufferPointer) -> Bool {
        var walker = JSONWalker()
        walker.begin()
        guard case .end = walker.walk(element, from: 0) else { return false }
        let keys = walker.marks.map(\.key)
        return keys.contains(.kinesis) || keys.contains(.data) && !keys.contains(.eventName)
    }

    /// The log data that the value at hand holds in Base64; nil where it holds none.
    mutating func embedded(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Step? {
        guard walker.marks.contains(where: { $0.key.leadsToBase64 }), let text = base64Text(bytes) else { return nil }
        guard text.count <= CloudTrailLimits.embeddedTextBytes else {
            return .unreadable(
                Unreadable(
                    .recordTooLarge, "a Base64 text has more than \(CloudTrailLimits.embeddedTextBytes) bytes",
                    at: offset(of: text.lowerBound), extent: UInt64(text.count)), nil)
        }
        self.text.removeAll(keepingCapacity: true)
        let content = (text.lowerBound + 1)..<(text.upperBound - 1)
        JSONText.unescape(UnsafeRawBufferPointer(rebasing: bytes[content]), into: &self.text)
        guard Base64Text.decode(&self.text) else {
            return .unreadable(
                Unreadable(
                    .invalidBase64, "the data of a record is no Base64", at: offset(of: value.lowerBound),
                    extent: UInt64(value.count)), value)
        }
        return .embedded(text)
    }

    /// The place of the Base64 text, with its quotes, that the value at hand holds by its kind.
    private func base64Text(_ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        switch frames.last {
        case nil, .array?, .members?: return mark(.awslogs).flatMap { member(.data, of: $0, bytes) }
        case .elements(.firehoseRecords, _)?: return string(mark(.data), bytes)
        case .elements(.records, _)?:
            if let kinesis = mark(.kinesis) { return member(.data, of: kinesis, bytes) }
            return mark(.eventName) == nil ? string(mark(.data), bytes) : nil
        case .elements?: return nil
        }
    }

    /// The string that a member of an object at a place is.
    private func member(_ key: LogKey, of object: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        guard bytes[object.lowerBound] == UInt8(ascii: "{") else { return nil }
        var walker = JSONWalker()
        walker.begin()
        let end = UnsafeRawBufferPointer(rebasing: bytes[..<object.upperBound])
        guard case .end = walker.walk(end, from: object.lowerBound),
            let mark = walker.marks.first(where: { $0.key == key && !$0.value.isEmpty })
        else { return nil }
        let start = object.lowerBound
        return string((start + mark.value.lowerBound)..<(start + mark.value.upperBound), bytes)
    }

    private func string(_ place: Range<Int>?, _ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        place.flatMap { bytes[$0.lowerBound] == UInt8(ascii: "\"") ? $0 : nil }
    }
}

/// Tells records of Firehose from other arrays by the name `records`.
enum FirehoseRecords {
    /// Names of an element's members, of which any may come first.
    private static let keys: [StaticString] = [
        "\"recordId\"", "\"data\"", "\"approximateArrivalTimestamp\"", "\"kinesisRecordMetadata\"", "\"result\"",
    ]

    /// Looks at what follows the bracket; nil where that is not there yet.
    static func begin(_ bytes: UnsafeRawBufferPointer, atEnd: Bool) -> Bool? {
        var index = 0
        var isInObject = false
        while index < min(bytes.count, CloudTrailLimits.firstKeyBytes) {
            let byte = bytes[index]
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            case UInt8(ascii: "{") where !isInObject:
                isInObject = true
                index += 1
            case UInt8(ascii: "\"") where isInObject:
                let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
                if keys.contains(where: { rest.hasPrefix($0) }) { return true }
                let isWhole = atEnd || rest.count >= (keys.map(\.utf8CodeUnitCount).max() ?? 0)
                return isWhole ? false : nil
            default: return false
            }
        }
        return atEnd || bytes.count >= CloudTrailLimits.firstKeyBytes ? false : nil
    }
}
