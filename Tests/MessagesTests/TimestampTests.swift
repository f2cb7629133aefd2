// SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00Z"), (1_688_988_153, 123_000_000, "2023-07-10T11:22:33.123Z"),
        (951_782_400, 0, "2000-02-29T00:00:00Z"), (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00Z"), (253_402_300_799, 1_000, "9999-12-31T23:59:59.000001Z"),
        (4_107_542_399, 0, "2100-02-28T23:59:59Z"), (4_107_542_400, 0, "2100-03-01T00:00:00Z"),
    ])
    func textAndNumbersAgree(seconds: Int64, nanos: Int32, text: String) {
        let time = Timestamp(seconds: seconds, nanos: nanos)
        #expect(time.rfc3339 == text)
        #expect(Timestamp(rfc3339: text) == time)
    }

    @Test func everyDayOfFourCenturiesComesBack() {
        for day in stride(from: Int64(-150_000), through: 150_000, by: 1) {
            let time = Timestamp(seconds: day * 86_400 + 3_723)
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }

    @Test(arguments: [
        "", "2023-07-10", "2023-07-10T11:22:33", "2023-07-10 11:22:33Z", "2023-13-10T11:22:33Z", "2023-02-29T00:00:00Z",
        "2023-07-10T24:00:00Z", "2023-07-10T11:60:33Z", "2023-07-10T11:22:60Z", "0000-07-10T11:22:33Z",
        "2023-07-10T11:22:33.Z", "2023-07-10T11:22:33.1234567890Z", "2023-07-10T11:22:33+02:00", "2023-00-10T11:22:33Z",
        "2023-07-00T11:22:33Z", "+023-07-10T11:22:33Z", "2023-07-10T11:22:33.1.3Z", "２023-07-10T11:22:33Z",
    ])
    func otherTextIsNone(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func shortFractionsAreTenthsAndHundredths() {
        #expect(Timestamp(rfc3339: "1970-01-01T00:00:00.5Z")?.nanos == 500_000_000)
        #expect(Timestamp(rfc3339: "1970-01-01T00:00:00.05Z")?.nanos == 50_000_000)
    }

    @Test func scalesConvert() {
        #expect(Timestamp(milliseconds: -1) == Timestamp(seconds: -1, nanos: 999_000_000))
        #expect(Timestamp(milliseconds: -1).milliseconds == -1)
        #expect(Timestamp(microseconds: 1_500_000).milliseconds == 1_500)
        #expect(Timestamp(microseconds: -1).microseconds == -1)
        #expect(Timestamp(seconds: .max).microseconds == .max)
        #expect(Timestamp(seconds: .min, nanos: -1).milliseconds == .min)
    }

    @Test func valuesOutOfRangeAreToldAndDoNotTrap() {
        for time in [
            Timestamp(seconds: .max, nanos: .max), Timestamp(seconds: .min, nanos: .min), Timestamp(nanos: -1),
            Timestamp(nanos: 1_000_000_000),
        ] {
            #expect(!time.isValid)
            #expect(!time.rfc3339.contains("T"))
        }
        #expect(Timestamp().isValid)
    }

    @Test func orderIsInTime() {
        #expect(Timestamp(seconds: 1, nanos: 5) < Timestamp(seconds: 1, nanos: 6))
        #expect(Timestamp(seconds: 1, nanos: 5) < Timestamp(seconds: 2))
    }
}
