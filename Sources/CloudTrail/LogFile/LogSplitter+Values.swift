// SPDX-License-Identifier: Apache-2.0

extension LogSplitter {
    /// Goes on within a value, or among the members of an envelope.
    mutating func walk(_ bytes: UnsafeRawBufferPointer, _ atEnd: Bool) -> Step? {
        let isMembers: Bool
        if case .members? = frames.last { isMembers = true } else { isMembers = false }
        switch walker.walk(bytes, from: start) {
        case .end(let count):
            if isMembers {
                frames.removeLast()
                leave(at: start + count)
                return nil
            }
            return complete(bytes, count)
        case .array(.firehoseRecords, let place):
            mode = .peeking(place)
            return nil
        case .array(let key, let place):
            return enter(key, place, bytes, isMembers: isMembers)
        case .broken(let place):
            return isMembers ? breakEnvelope(bytes, start + place) : beginDamage(at: place)
        case .more:
            guard atEnd else { return wait(isMembers) }
            if isMembers {
                position = bytes.count
                mode = .between
                frames.removeLast()
                // Any open frame will do for the end to be told.
                frames.append(.array)
                return nil
            }
            return walker.endsWithData ? complete(bytes, walker.position) : beginDamage(at: walker.position)
        }
    }

    private mutating func wait(_ isMembers: Bool) -> Step {
        if isMembers { return .needsMore(keepFrom: start + walker.keyStart) }
        if walker.position > valueLimit { isSkipping = true }
        // Some bytes more, which tell whether a line begins.
        let kept = start + walker.keyStart - DamageWalker.lookBehind
        return .needsMore(keepFrom: isSkipping ? max(0, kept) : max(start, 0))
    }

    /// Enters an array `records` of Firehose; of others it is a member like any.
    mutating func peek(_ place: Int, _ bytes: UnsafeRawBufferPointer, _ atEnd: Bool) -> Step? {
        let isMembers: Bool
        if case .members? = frames.last { isMembers = true } else { isMembers = false }
        let content = UnsafeRawBufferPointer(rebasing: bytes[(start + place + 1)...])
        guard let isFirehose = FirehoseRecords.begin(content, atEnd: atEnd) else { return wait(isMembers) }
        mode = .walking
        return isFirehose ? enter(.firehoseRecords, place, bytes, isMembers: isMembers) : nil
    }

    /// Goes back between values, behind one.
    mutating func leave(at index: Int) {
        position = index
        after = .value
        mode = .between
    }

    /// An array of elements opens in the object at hand.
    private mutating func enter(
        _ key: LogKey, _ place: Int, _ bytes: UnsafeRawBufferPointer, isMembers: Bool
    ) -> Step? {
        var finding: Step?
        switch frames.last {
        case nil, .array?: frames.append(.members)
        case .members?: break
        case .elements(.records, _)? where key == .records:
            // No record has such a member: the log file before was cut, and another follows.
            if !isAfterDamage {
                finding = .unreadable(
                    Unreadable(
                        .notJSON, "the document is cut off where the next begins", at: offset(of: start), extent: 0),
                    nil)
            }
            frames = [.members]
        // An object among elements that has such a member is an element all the same.
        case .elements?: return nil
        }
        let isControl = walker.marks.contains { mark in
            mark.key == .messageType && !isSkipping
                && UnsafeRawBufferPointer(rebasing: bytes[shifted(mark.value)]).equals("\"CONTROL_MESSAGE\"")
        }
        frames.append(.elements(key, isControl: isControl))
        position = start + place + 1
        after = .nothing
        isAfterDamage = false
        isSkipping = false
        mode = .between
        return finding
    }

    private func shifted(_ range: Range<Int>) -> Range<Int> {
        // Marks lie in the buffer as long as the value's bytes are kept.
        max(0, start + range.lowerBound)..<max(0, start + range.upperBound)
    }

    /// The members of an envelope do not go on as JSON does: its end is missing.
    private mutating func breakEnvelope(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Step? {
        frames.removeLast()
        leave(at: index)
        let isAtValue = bytes[index] == UInt8(ascii: "{") || bytes[index] == UInt8(ascii: "[")
        guard isAtValue else {
            start = index
            mode = .junk
            return nil
        }
        isAfterDamage = true
        return .unreadable(
            Unreadable(.notJSON, "the document before is not closed", at: offset(of: index), extent: 0), nil)
    }

    /// A value has come to its end.
    private mutating func complete(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> Step? {
        let value = start..<(start + count)
        leave(at: value.upperBound)
        isAfterDamage = false
        credit = min(credit + count, CloudTrailLimits.damageCredit)
        if !isSkipping, count <= valueLimit, let step = embedded(bytes, value) { return step }
        guard !isSkipping, count <= recordLimit else {
            isSkipping = false
            return .unreadable(
                Unreadable(
                    .recordTooLarge, "a record has more than \(recordLimit) bytes", at: offset(of: value.lowerBound),
                    extent: UInt64(count)), nil)
        }
        switch frames.last {
        case nil, .array?, .members?: return document(bytes, value)
        case .elements(.records, _)?: return .record(value)
        case .elements(.queryResultRows, _)?: return row(bytes, value)
        case .elements(_, let isControl)?: return isControl ? nil : element(bytes, value)
        }
    }

    // MARK: Envelopes of one record

    func mark(_ key: LogKey) -> Range<Int>? {
        walker.marks.first { $0.key == key && !$0.value.isEmpty }.map { shifted($0.value) }
    }

    /// A value that is no part of an envelope: a record, or one in an envelope of its own.
    private mutating func document(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Step? {
        guard bytes[value.lowerBound] == UInt8(ascii: "{") else { return inner(bytes, value) ?? .record(value) }
        guard mark(.eventVersion) == nil, mark(.eventName) == nil, !walker.marks.isEmpty else { return .record(value) }
        if let type = mark(.messageType) {
            let isControl = UnsafeRawBufferPointer(rebasing: bytes[type]).equals("\"CONTROL_MESSAGE\"")
            return isControl ? nil : .record(value)
        }
        if let detail = mark(.detail), let type = mark(.detailType) {
            let isTrail = UnsafeRawBufferPointer(rebasing: bytes[type]).contains("via CloudTrail")
            return (isTrail ? inner(bytes, detail) : nil) ?? .record(value)
        }
        return element(bytes, value)
    }

    /// An element of an envelope: an event of LookupEvents, a log event of CloudWatch, a row of CloudTrail Lake.
    private mutating func element(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Step? {
        guard let place = mark(.cloudTrailEvent) ?? mark(.eventJSON) ?? mark(.message) else { return .record(value) }
        if let step = inner(bytes, place) { return step }
        // CloudWatch Logs says so when it tries out a destination.
        if text.starts(with: "CWL CONTROL MESSAGE".utf8) { return nil }
        return .record(value)
    }

    /// The record that a member holds, as an object or as its text; nil where it is neither.
    private mutating func inner(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Step? {
        text.removeAll(keepingCapacity: true)
        switch bytes[value.lowerBound] {
        case UInt8(ascii: "{"): return .record(value)
        case UInt8(ascii: "\""):
            let content = (value.lowerBound + 1)..<(value.upperBound - 1)
            JSONText.unescape(UnsafeRawBufferPointer(rebasing: bytes[content]), into: &text)
            let first = text.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
            return first == UInt8(ascii: "{") ? .text(value) : nil
        default: return nil
        }
    }

    /// A row of CloudTrail Lake's results: a list of objects of one member each.
    private mutating func row(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Step? {
        guard bytes[value.lowerBound] == UInt8(ascii: "[") else { return element(bytes, value) }
        var walker = JSONWalker()
        var index = value.lowerBound + 1
        let row = UnsafeRawBufferPointer(rebasing: bytes[..<value.upperBound])
        while index < value.upperBound {
            guard row[index] == UInt8(ascii: "{") else {
                index += 1
                continue
            }
            walker.begin()
            guard case .end(let count) = walker.walk(row, from: index) else { break }
            for mark in walker.marks where mark.key == .eventJSON && !mark.value.isEmpty {
                let place = (index + mark.value.lowerBound)..<(index + mark.value.upperBound)
                if let step = inner(bytes, place) { return step }
            }
            index += count
        }
        return .unreadable(
            Unreadable(
                .notACloudTrailEvent,
                "a row of a CloudTrail Lake query without eventJson, whose columns are no record: select eventJson",
                at: offset(of: value.lowerBound), extent: UInt64(value.count)), value)
    }
}
