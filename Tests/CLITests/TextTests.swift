// SPDX-License-Identifier: Apache-2.0

import Testing
import TrailhoundCLI

@Suite struct NumbersTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (2900, "2,900"), (1_234_567, "1,234,567"),
        (UInt64.max, "18,446,744,073,709,551,615"),
    ])
    func thousandsAreGrouped(value: UInt64, text: String) {
        #expect(Numbers.grouped(value) == text)
    }

    @Test(arguments: [
        (1.2, 1, "1.2"), (1.96, 1, "2.0"), (0.05, 2, "0.05"), (12.0, 0, "12"), (-0.4, 1, "-0.4"), (-0.001, 1, "0.0"),
        (3.0049, 3, "3.005"),
    ])
    func decimalsAreRounded(value: Double, places: Int, text: String) {
        #expect(Numbers.decimal(value, places) == text)
    }

    @Test(arguments: [
        (0.0, "0.0 s"), (1.23, "1.2 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1:00"), (185, "3:05"), (7385, "2:03:05"),
        (Double.infinity, "-:--"), (-1, "-:--"),
    ])
    func durationsAreShort(seconds: Double, text: String) {
        #expect(Numbers.duration(seconds) == text)
    }

    @Test(arguments: [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (3_660_956, "3.7 MB")])
    func bytesHaveUnits(value: UInt64, text: String) {
        #expect(Numbers.bytes(value) == text)
    }
}

@Suite struct ClockTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_688_989_503, "2023-07-10T11:45:03Z"),
        (-1, "1969-12-31T23:59:59Z"), (4_102_444_799, "2099-12-31T23:59:59Z"),
    ])
    func timesAreWrittenAndRead(seconds: Int64, text: String) {
        #expect(Clock.rfc3339(seconds: seconds, nanos: 0) == text)
        #expect(Clock.parse(text, now: 0) == seconds)
    }

    @Test func everyDayOfFourCenturiesSurvives() {
        for day in stride(from: Int64(-20000), to: 130_000, by: 1) {
            let text = String(Clock.rfc3339(seconds: day * 86400, nanos: 0).prefix(10))
            #expect(Clock.parse(text, now: 0) == day * 86400)
        }
    }

    @Test func millisecondsShowWhereThereAreAny() {
        #expect(Clock.rfc3339(seconds: 1, nanos: 5_000_000) == "1970-01-01T00:00:01.005Z")
        #expect(Clock.short(seconds: 1_688_989_503) == "2023-07-10 11:45:03")
    }

    @Test(arguments: [
        ("2h", 92_800), ("90s", 99_910), ("1d", 13_600), ("1970-01-02", 86_400), ("1970-01-02 01:00", 90_000),
        ("1970-01-02T01:00:00+01:00", 86_400), ("1970-01-02T01:00:00.123Z", 90_000),
    ])
    func peopleMayWriteShortForms(text: String, seconds: Int64) {
        #expect(Clock.parse(text, now: 100_000) == seconds)
    }

    @Test(arguments: [
        "", "yesterday", "2023-13-01", "2023-02-29", "2023-07-10T25:00:00Z", "2023-07-10T10:00:00X", "-5h", "h",
        "2023-07-10T10:00:00Z ", "99999999999d", "２０２３-07-10",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(Clock.parse(text, now: 0) == nil)
    }
}

@Suite struct JSONNodeTests {
    private let node = JSONNode.object([
        .init("n", .unsigned(7)), .init("list", .strings(["a", "b"])), .init("empty", .array([])),
        .init("none", .null), .init("yes", true), .init("seconds", .decimal(1.2)), .init("low", .signed(-3)),
    ])

    @Test func compactIsOneLine() {
        #expect(
            text(node.compact)
                == #"{"n":7,"list":["a","b"],"empty":[],"none":null,"yes":true,"seconds":1.200,"low":-3}"#)
    }

    @Test func prettyIsIndentedByTwo() {
        let expected = """
            {
              "n": 7,
              "list": [
                "a",
                "b"
              ],
              "empty": [],
              "none": null,
              "yes": true,
              "seconds": 1.200,
              "low": -3
            }
            """
        #expect(text(node.pretty) == expected)
    }

    @Test func sparseLeavesOutWhatIsEmpty() {
        #expect(JSONNode.sparse([.init("a", ""), .init("b", .null), .init("c", "x")]) == .object([.init("c", "x")]))
    }
}
