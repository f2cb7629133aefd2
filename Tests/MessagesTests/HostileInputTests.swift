// SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite struct HostileInputTests {
    @Test func unknownFieldsAreSkipped() throws {
        let unknown =
            Raw.number(1_000, .max) + Raw.counted(1_001, Array("x".utf8)) + Raw.tag(1_002, 5) + [1, 2, 3, 4]
            + Raw.tag(1_003, 1) + [1, 2, 3, 4, 5, 6, 7, 8]
        for sample in Samples.all {
            let bytes = sample.encodedBytes()
            #expect(try isSame(sample, unknown + bytes + unknown))
        }
    }

    private func isSame(_ message: some Message, _ bytes: [UInt8]) throws -> Bool {
        try message.decoded(bytes) == message
    }

    @Test func aFieldThatComesTwiceCountsTheLastTime() throws {
        let bytes =
            Raw.number(1, 1) + Raw.counted(2, Array("a".utf8)) + Raw.number(1, 2) + Raw.counted(2, Array("b".utf8))
        #expect(try SubmitEventsRequest(decoding: bytes) == SubmitEventsRequest(sequence: 2, source: "b"))
        // The later member of a oneof replaces the earlier.
        let both = Raw.counted(3, Raw.counted(1, [1])) + Raw.counted(4, [2])
        #expect(try SubmitEventsRequest(decoding: both).payload == .logFile([2]))
        let swapped = Raw.counted(4, [2]) + Raw.counted(3, Raw.counted(1, [1]))
        #expect(try SubmitEventsRequest(decoding: swapped).payload == .records(RecordBatch(records: [[1]])))
    }

    @Test func messagesThatComeTwiceAreMerged() throws {
        let first = SubscribeAlertsResponse(
            alert: Alert(alertID: "a", eventIDs: ["1"], evidence: [Evidence(name: "x")]))
        let second = SubscribeAlertsResponse(
            cursor: "c", alert: Alert(title: "t", actor: Samples.actor, eventIDs: ["2"]))
        let merged = try SubscribeAlertsResponse(decoding: first.encodedBytes() + second.encodedBytes())
        #expect(merged.alert?.alertID == "a" && merged.alert?.title == "t" && merged.alert?.actor == Samples.actor)
        #expect(merged.alert?.eventIDs == ["1", "2"])
    }

    @Test func packedAndUnpackedNumbersRead() throws {
        typealias Numbers = GrpcReflectionV1.ExtensionNumberResponse
        let packed = Raw.counted(2, [1, 2] + Raw.varint(300))
        #expect(try Numbers(decoding: packed + Raw.number(2, 4)).extensionNumber == [1, 2, 300, 4])
        #expect(try Numbers(decoding: Raw.counted(2, [])).extensionNumber == [])
        #expect(throws: MessageError(.malformed, Numbers.messageName)) {
            try Numbers(decoding: Raw.counted(2, [1, 0x80]))
        }
    }

    @Test func everyTruncationIsAnErrorOrAShorterMessage() throws {
        for sample in Samples.all {
            let bytes = sample.encodedBytes()
            for length in 0..<bytes.count {
                // A cut between two fields leaves a whole message; any other must be told.
                try decodeOrRefuse(sample, Array(bytes[..<length]))
            }
        }
        // Cuts inside the one field of these are always errors.
        let bytes = TimelineEntry(record: Bytes("0123456789")).encodedBytes()
        for length in 1..<bytes.count {
            #expect(throws: MessageError(.malformed, TimelineEntry.messageName)) {
                try TimelineEntry(decoding: Array(bytes[..<length]))
            }
        }
    }

    @Test func oversizedLengthsAreRefused() {
        for length: UInt64 in [11, 1 << 31 - 1, 1 << 31, 1 << 32, 1 << 32 + 5, 1 << 63, .max] {
            for field: UInt64 in [2, 3, 4, 99] {
                let bytes = Raw.tag(field, 2) + Raw.varint(length) + Array(repeating: 0x61, count: 10)
                #expect(throws: MessageError.self) { try SubmitEventsRequest(decoding: bytes) }
            }
        }
    }

    @Test func brokenTagsAndNumbersAreRefused() {
        let overlong = Array(repeating: UInt8(0xFF), count: 11)
        for bytes: [UInt8] in [
            overlong, [0x08] + overlong, [0x80], [0x08], [0x0B], [0x0C], [0x0E], [0x0F], [0x83, 0x3F],
            // Known fields with another wire type.
            Raw.counted(1, [1]), Raw.number(2, 5), Raw.number(3, 5), Raw.tag(1, 5) + [1, 2, 3, 4],
        ] {
            #expect(throws: MessageError(.malformed, SubmitEventsRequest.messageName)) {
                try SubmitEventsRequest(decoding: bytes)
            }
        }
    }

    @Test(arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x61, 0x80]])
    func stringsMustBeUTF8(text: [UInt8]) {
        #expect(throws: MessageError(.invalidUTF8, "trailhound.v1.SubmitEventsRequest.source")) {
            try SubmitEventsRequest(decoding: Raw.counted(2, text))
        }
        #expect(throws: MessageError(.invalidUTF8, "trailhound.v1.Alert.event_ids")) {
            try ListAlertsResponse(decoding: Raw.counted(1, Raw.counted(13, text)))
        }
        // Bytes may be anything.
        #expect(throws: Never.self) { try SubmitEventsRequest(decoding: Raw.counted(4, text)) }
    }

    @Test func deepNestingIsOneUnknownField() throws {
        // No message of the contract contains itself, so depth beyond the schema's is never descended into.
        var nested: [UInt8] = []
        for _ in 0..<10_000 { nested = Raw.counted(1, nested) }
        #expect(try GetStatusRequest(decoding: nested) == GetStatusRequest())
        #expect(throws: Never.self) { try SubmitEventsRequest(decoding: Raw.counted(3, nested)) }
        #expect(throws: MessageError.self) { try ListAlertsResponse(decoding: nested + [0x0B]) }
    }

    @Test func fewBytesMustNotUnfoldToMuchMemory() throws {
        // An empty alert takes two bytes here and hundreds once decoded.
        let empties = Array(repeating: [UInt8]([0x0A, 0x00]), count: 500_000).flatMap { $0 }
        #expect(throws: MessageError(.unfoldsTooLarge, ListAlertsResponse.messageName)) {
            try ListAlertsResponse(decoding: empties)
        }
        #expect(throws: MessageError(.unfoldsTooLarge, SubmitEventsRequest.messageName)) {
            try SubmitEventsRequest(decoding: Raw.counted(3, empties))
        }
        let unknown = Array(repeating: Raw.counted(100, []), count: 500_000).flatMap { $0 }
        #expect(throws: MessageError(.unfoldsTooLarge, GetStatusRequest.messageName)) {
            try GetStatusRequest(decoding: unknown)
        }
        // Merging one message into itself many times copies its lists each time.
        let merging = Array(repeating: Raw.counted(2, Raw.counted(13, [0x61])), count: 50_000).flatMap { $0 }
        #expect(throws: MessageError(.unfoldsTooLarge, SubscribeAlertsResponse.messageName)) {
            try SubscribeAlertsResponse(decoding: merging)
        }
        // What an honest sender may send passes: many small elements in a short message.
        let few = ListAlertsResponse(alerts: Array(repeating: Alert(), count: 1_000))
        #expect(try few.comesBack())
    }

    @Test func mutatedMessagesNeverCrash() throws {
        var random = SplitMix(state: 0x7261_696C_686F_756E)
        var refused = 0
        let corpus = Samples.all.map { ($0, $0.encodedBytes()) }
        for _ in 0..<40_000 {
            let (sample, bytes) = corpus[Int(random.next() % UInt64(corpus.count))]
            // Bytes of one type read as another find other paths than bytes of its own.
            let other = MessageTypes.all[Int(random.next() % UInt64(MessageTypes.all.count))].init()
            let mutated = mutate(bytes, &random)
            if try !decodeOrRefuse(sample, mutated) { refused += 1 }
            try decodeOrRefuse(other, mutated)
        }
        #expect(refused > 1_000, "the mutations hardly break anything")
    }

    private func mutate(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0...(random.next() % 4) {
            let place = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
            switch random.next() % 6 {
            case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(random.next() % 8)
            case 2 where !bytes.isEmpty:
                bytes.removeSubrange(place..<min(bytes.count, place + 1 + Int(random.next() % 9)))
            case 3: bytes.insert(contentsOf: Raw.varint(random.next() >> (random.next() % 64)), at: place)
            case 4 where !bytes.isEmpty: bytes.insert(contentsOf: bytes[place...].prefix(40), at: place)
            default: bytes.append(UInt8(truncatingIfNeeded: random.next()))
            }
        }
        return bytes
    }

    /// Decodes; what decodes must encode and decode to the same again. Returns false where it was refused.
    @discardableResult
    private func decodeOrRefuse(_ message: some Message, _ bytes: [UInt8]) throws -> Bool {
        guard let decoded = try? message.decoded(bytes) else { return false }
        #expect(try decoded.comesBack())
        return true
    }
}

/// A small generator with a fixed seed, so that a failure repeats.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
