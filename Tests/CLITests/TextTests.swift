// SPDX-License-Identifier: Apache-2.0

import Messages
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
    private let now = Timestamp(seconds: 100_000, nanos: 0)

    @Test(arguments: [
        ("2h", 92_800), ("90s", 99_910), ("1d", 13_600), ("1970-01-02", 86_400), ("1970-01-02 01:00", 90_000),
        ("1970-01-02T01:00:05", 90_005), ("1970-01-02T01:00:05Z", 90_005),
    ])
    func peopleMayWriteShortForms(text: String, seconds: Int64) {
        #expect(Clock.parse(text, now: now)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "yesterday", "2023-13-01", "2023-02-29", "2023-07-10T25:00:00Z", "2023-07-10T10:00:00X", "-5h", "+5h", "h",
        "2023-07-10T10:00:00Z ", "99999999999d", "２０２３-07-10", "2023-07-1",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(Clock.parse(text, now: now) == nil)
    }

    @Test func tablesShowSeconds() {
        #expect(Clock.short(Timestamp(seconds: 1_688_989_503, nanos: 5)) == "2023-07-10 11:45:03")
        #expect(Clock.short(nil).isEmpty)
        #expect(Clock.short(Timestamp(seconds: .max, nanos: 0)).isEmpty)
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
