// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Testing

@Suite struct EventTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2023-07-10T11:42:31Z", 1_688_989_351_000),
            ("2023-07-10T11:42:31+00:00", 1_688_989_351_000), ("2023-07-10T13:42:31+02:00", 1_688_989_351_000),
            ("2023-07-10T06:12:31-05:30", 1_688_989_351_000), ("2023-07-10 11:42:31", 1_688_989_351_000),
            ("2023-07-10 11:42:31.123456789", 1_688_989_351_123), ("2023-07-10T11:42:31.1Z", 1_688_989_351_100),
            ("2000-02-29T23:59:59.999Z", 951_868_799_999), ("2024-12-31T23:59:60Z", 1_735_689_599_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
        ] as [(String, Milliseconds)])
    func times(text: String, expected: Milliseconds) {
        #expect(EventTime.parse(text) == expected)
    }

    @Test(arguments: [
        "", "2023", "2023-07-10", "2023-07-10T11:42Z", "2023-13-10T11:42:31Z", "2023-02-29T11:42:31Z",
        "1900-02-29T00:00:00Z", "2023-07-10T24:00:00Z", "2023-07-10T11:60:31Z", "2023-07-10T11:42:61Z",
        "2023-07-10T11:42:31.Z", "2023-07-10T11:42:31ZZ", "2023-07-10T11:42:31+0000", "2023-07-10T11:42:31+24:00",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "2023/07/10T11:42:31Z", "2023-07-10x11:42:31Z",
        "2023-07-10T11:42:31.000000000000000000000000000Z", "+023-07-10T11:42:31Z", "...................",
    ])
    func noTimes(text: String) {
        #expect(EventTime.parse(text) == nil)
    }

    /// The form that CloudTrail writes is read in a way of its own: the same as with an offset, whatever stands there.
    @Test func theUsualFormIsNoLaxerThanOthers() {
        let usual = Array("2023-07-10T11:42:31Z".utf8)
        for place in 0..<19 {
            for byte in UInt8.min...UInt8.max {
                var text = usual
                text[place] = byte
                let other = text.dropLast() + Array("+00:00".utf8)
                let found = text.withUnsafeBytes { EventTime.parse($0) }
                #expect(found == other.withUnsafeBytes { EventTime.parse($0) }, "byte \(byte) at \(place)")
            }
        }
    }

    /// What was read before changes nothing.
    @Test func theKnownDayChangesNothing() {
        let usual = Array("2023-07-10T11:42:31Z".utf8)
        var known = EventTime.KnownDay()
        let nothing = [UInt8](repeating: 0, count: 11) + usual[11...]
        #expect(nothing.withUnsafeBytes { EventTime.parse($0, &known) } == nil)
        for place in 0..<20 {
            for byte in UInt8.min...UInt8.max {
                var text = usual
                text[place] = byte
                let expected = text.withUnsafeBytes { EventTime.parse($0) }
                #expect(text.withUnsafeBytes { EventTime.parse($0, &known) } == expected, "byte \(byte) at \(place)")
                let before = usual.withUnsafeBytes { EventTime.parse($0, &known) }
                #expect(before == 1_688_989_351_000)
            }
        }
        for text in ["2023-07-10T11:42:31.5Z", "2023-07-10", "", "1969-12-31T23:59:59Z", "2024-02-29T00:00:00Z"] {
            let found = Array(text.utf8).withUnsafeBytes { EventTime.parse($0, &known) }
            #expect(found == EventTime.parse(text))
        }
    }

    @Test func formatIsTheInverse() {
        for time: Milliseconds in [0, 1, 951_782_400_000, 1_688_989_351_000, 1_709_164_800_123, 253_402_300_799_000] {
            #expect(EventTime.parse(EventTime.format(time)) == time)
        }
        #expect(EventTime.format(1_688_989_351_000) == "2023-07-10T11:42:31Z")
        // Every day of four centuries.
        for day in stride(from: Int64(0), to: 146_097, by: 1) {
            #expect(EventTime.parse(EventTime.format(day * 86_400_000)) == day * 86_400_000)
        }
    }
}
