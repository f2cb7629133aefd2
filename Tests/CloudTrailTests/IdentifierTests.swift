// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Testing

@Suite struct IdentifierTests {
    @Test func accountIDs() {
        #expect(AccountID("012345678901")?.description == "012345678901")
        for text in ["", "1", "1234567890123", "12345678901x", "<organization>", "+12345678901"] {
            #expect(AccountID(text) == nil)
        }
        #expect(AccountID(number: 1_000_000_000_000) == nil)
        #expect(AccountFilter.only([.zero]).accepts(.zero))
        #expect(!AccountFilter.only([]).accepts(.zero))
    }

    @Test(arguments: [
        "28773860-a4fd-47c7-a215-6f0e6e6e532f", "28773860-A4FD-47c7-a215-6f0e6e6e532f", "", "an id of another kind",
        "28773860xa4fd-47c7-a215-6f0e6e6e532f",
    ])
    func aReferenceKeepsTheText(text: String) {
        let reference = EventReference(time: 1, text: text)
        #expect(reference.text == text)
        Array(text.utf8).withUnsafeBytes { bytes in
            #expect(EventReference(time: 1, id: EventID(text), text: bytes) == reference)
        }
    }

    /// The fast reader of GUIDs agrees with the plain one, whatever one byte is.
    @Test func bothReadersOfGUIDsAgree() {
        let text = Array("28773860-A4Fd-47c7-a215-6f0e6e6E5329".utf8)
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[index] = byte
                changed.withUnsafeBytes { #expect(EventID(ofRecord: $0) == EventID(text: $0)) }
            }
        }
        for count in 0...40 {
            [UInt8](repeating: 0x30, count: count).withUnsafeBytes {
                #expect(EventID(ofRecord: $0) == EventID(text: $0))
            }
        }
    }

    @Test func referencesGoByTimeThenIdentity() {
        let references = [(2, 1), (1, 9), (1, 3)].map {
            EventReference(time: Milliseconds($0.0), id: EventID(high: 0, low: UInt64($0.1)))
        }
        #expect(references.sorted() == [references[2], references[1], references[0]])
    }

    @Test func keptTextIsCutAtACharacter() {
        let text = "aäöü"
        for limit in 0...7 {
            let cut = Array(text.utf8).withUnsafeBytes { $0.string(limit: limit) }
            #expect(text.hasPrefix(cut))
            #expect(cut.utf8.count <= limit)
            #expect(cut.utf8.count + 2 > limit)
        }
    }
}
