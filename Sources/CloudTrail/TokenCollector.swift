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

    /// The tokens of a `userIdentity`, which the extractor remembers under a version.
    private struct Known {
        var version: UInt64 = 0
        var count = 0
    }

    private static var knownTokens: Int { CloudTrailLimits.rememberedIdentityTokens }
    /// Behind a pointer, so that no access to it is checked.
    private let shared: UnsafeMutablePointer<Room>
    private let known: UnsafeMutablePointer<Known>
    private let tokens: UnsafeMutablePointer<LookupToken>

    package init() {
        shared = .allocate(capacity: 1)
        shared.initialize(to: Room(capacity: 256))
        known = .allocate(capacity: JSONLimits.rememberedObjects)
        known.initialize(repeating: Known(), count: JSONLimits.rememberedObjects)
        tokens = .allocate(capacity: JSONLimits.rememberedObjects * Self.knownTokens)
    }

    deinit {
        shared.pointee.start.deallocate()
        shared.deallocate()
        known.deallocate()
        tokens.deallocate()
    }

    /// Lends the tokens of the record that the extractor holds to `body`. A value that stands twice may come twice.
    package func withTokens<T>(
        _ record: UnsafeRawBufferPointer, _ extractor: RecordExtractor, _ fields: EnvelopeFields,
        _ body: (UnsafeBufferPointer<LookupToken>) throws -> T
    ) rethrows -> T {
        // A local value while the record is read.
        var room = shared.pointee
        room.count = 0
        if let (identity, place, version) = extractor.remembered, let first = record.baseAddress,
            let start = identity.baseAddress
        {
            let own = tokens + place * Self.knownTokens
            if known[place].version == version {
                room.start.update(from: own, count: known[place].count)
                room.count = known[place].count
            } else {
                ARNFinder.forEach(in: identity) { room.append($0) }
                Self.append(identityOf: extractor, fields, to: &room)
                if room.count <= Self.knownTokens {
                    known[place] = Known(version: version, count: room.count)
                    own.update(from: room.start, count: room.count)
                }
            }
            let before = start - first
            ARNFinder.forEach(in: UnsafeRawBufferPointer(rebasing: record[..<before])) { room.append($0) }
            let rest = UnsafeRawBufferPointer(rebasing: record[(before + identity.count)...])
            ARNFinder.forEach(in: rest) { room.append($0) }
        } else {
            ARNFinder.forEach(in: record) { room.append($0) }
            Self.append(identityOf: extractor, fields, to: &room)
        }
        // The ARNs that stand in the record as they are were found already.
        let first = UInt(bitPattern: record.baseAddress)
        let bytes = UInt(bitPattern: record.count)
        extractor.forEachString(of: fields.callTokens, besideRemembered: true) { text in
            let isKnown = UInt(bitPattern: text.baseAddress) &- first < bytes && ARNFinder.begins(text)
            if !isKnown { room.append(text) }
        }
        if extractor.string(fields.eventName) == nil { Self.append(summaryOf: extractor, fields, to: &room) }
        shared.pointee = room
        return try body(UnsafeBufferPointer(start: room.start, count: room.count))
    }

    /// Adds the tokens of who calls.
    @inline(never)
    private static func append(
        identityOf extractor: RecordExtractor, _ fields: EnvelopeFields, to room: inout Room
    ) {
        extractor.forEachString(of: fields.identityTokens, besideRemembered: false) { room.append($0) }
        switch Identity(extractor, fields).principal {
        case .verbatim(let text): room.append(text)
        case .made(var text): text.withUTF8 { room.append(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Adds the tokens of a record that is no call.
    @inline(never)
    private static func append(summaryOf extractor: RecordExtractor, _ fields: EnvelopeFields, to room: inout Room) {
        extractor.forEachString(of: fields.summaryTokens, besideRemembered: true) { room.append($0) }
        if let type = extractor.text(fields.eventType) { room.append(type) }
    }
}
