// SPDX-License-Identifier: Apache-2.0

import JSON

/// Collects the lookup tokens of one record after the other. One worker owns one; its storage is kept.
package final class TokenCollector {
    /// Room for tokens, behind a pointer: appending costs no check but that there is room.
    private struct Room {
        var start: UnsafeMutablePointer<LookupToken>
        var capacity: Int
        var count = 0

        init(capacity: Int) {
            start = .allocate(capacity: capacity)
            self.capacity = capacity
        }

        @inline(__always)
        mutating func append(_ text: TextView) {
            guard !text.isEmpty, text.count <= CloudTrailLimits.tokenBytes else { return }
            if count == capacity { grow() }
            (start + count).initialize(to: LookupToken(text))
            count += 1
        }

        @inline(never)
        private mutating func grow() {
            let larger = UnsafeMutablePointer<LookupToken>.allocate(capacity: capacity * 2)
            larger.moveInitialize(from: start, count: count)
            start.deallocate()
            start = larger
            capacity *= 2
        }
    }

    private var room = Room(capacity: 256)

    package init() {}

    deinit { room.start.deallocate() }

    /// Lends the tokens of the record that the extractor holds to `body`. A value that stands twice may come twice.
    package func withTokens<T>(
        _ record: UnsafeRawBufferPointer, _ extractor: RecordExtractor, _ fields: EnvelopeFields,
        _ body: (UnsafeBufferPointer<LookupToken>) throws -> T
    ) rethrows -> T {
        // A local value while the record is read: what is reached through `self` is checked at each access.
        var room = room
        room.count = 0
        ARNFinder.forEach(in: record) { room.append($0) }
        // The ARNs that stand in the record as they are were found already.
        let first = UInt(bitPattern: record.baseAddress)
        let bytes = UInt(bitPattern: record.count)
        extractor.forEachString(of: fields.tokens) { text in
            let isKnown = UInt(bitPattern: text.baseAddress) &- first < bytes && ARNFinder.begins(text)
            if !isKnown { room.append(text) }
        }
        switch Identity(extractor, fields).principal {
        case .verbatim(let text):
            let isKnown = UInt(bitPattern: text.baseAddress) &- first < bytes && ARNFinder.begins(text)
            if !isKnown { room.append(text) }
        case .made(var text): text.withUTF8 { room.append(UnsafeRawBufferPointer($0)) }
        }
        self.room = room
        return try body(UnsafeBufferPointer(start: room.start, count: room.count))
    }
}
