// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Testing

@Suite struct IdentifierTests {
    @Test func accountIDs() {
        #expect(AccountID("012345678901")?.description == "012345678901")
        #expect(AccountID("987654321098")?.number == 987_654_321_098)
        // Whatever one byte is.
        for place in 0..<12 {
            for byte in UInt8.min...UInt8.max {
                var text = Array("918273645546".utf8)
                text[place] = byte
                let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                let expected = isDigit ? UInt64(String(decoding: text, as: UTF8.self)) : nil
                #expect(text.withUnsafeBytes { AccountID($0) }?.number == expected)
            }
        }
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

    /// GUIDs are read as what they are, and nothing else is taken for one, whatever one byte is.
    @Test func aGUIDIsItsDigits() throws {
        let text = Array("28773860-A4Fd-47c7-a215-6f0e6e6E5329".utf8)
        #expect(id(text) == EventID(high: 0x2877_3860_A4FD_47C7, low: 0xA215_6F0E_6E6E_5329))
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[index] = byte
                let digits = changed.filter { $0 != UInt8(ascii: "-") }.compactMap { hexadecimal($0) }
                let isGUID = changed.enumerated().allSatisfy {
                    [8, 13, 18, 23].contains($0) ? $1 == UInt8(ascii: "-") : hexadecimal($1) != nil
                }
                let halves = [digits.prefix(16), digits.dropFirst(16)].map { $0.reduce(UInt64(0)) { $0 << 4 | $1 } }
                #expect((id(changed) == EventID(high: halves[0], low: halves[1])) == isGUID)
            }
        }
    }

    /// A text that is no GUID is one event's all the same.
    @Test func otherTextsHaveIdentitiesOfTheirOwn() {
        let ids = (0...40).map { id([UInt8](repeating: 0x30, count: $0)) }
        #expect(Set(ids).count == ids.count)
    }

    private func id(_ text: [UInt8]) -> EventID { text.withUnsafeBytes { EventID(text: $0) } }

    private func hexadecimal(_ byte: UInt8) -> UInt64? {
        byte < 0x80 ? Character(UnicodeScalar(byte)).hexDigitValue.map { UInt64($0) } : nil
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
