// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

/// What an evaluator remembers from record to record must not show.
@Suite struct CandidateCacheTests {
    private static let rules = """
        title: name
        logsource: {product: aws}
        detection:
            selection: {a: n7, b: service}
            other: {c|contains: x}
            condition: selection and not other
        ---
        title: start
        logsource: {product: aws}
        detection:
            selection: {a|startswith: [n1, N2]}
            other: {c|fieldref: d}
            condition: selection or other
        ---
        title: none
        logsource: {product: aws}
        detection:
            selection: {a: null, c: y}
            condition: selection
        ---
        title: few
        logsource: {product: aws}
        detection:
            s1: {a: n7}
            s2: {b|exists: false}
            s3: {c: [y, yy]}
            condition: 2 of s*
        ---
        title: caller
        logsource: {product: aws}
        detection:
            selection: {b: service, who.name|endswith: '1', c|fieldref: who.name}
            condition: selection
        """

    /// What each of some records makes hold, by one evaluator and by a new one for each.
    private func found(_ records: [String]) throws -> (together: [[Int]], apart: [[Int]]) {
        let file = SigmaParser().parse(Self.rules, file: "r.yml")
        try #require(file.rules.count == 5, "\(file.diagnostics)")
        let plan = try Plan(
            file.rules, indexFields: ["a", "b"], extraFields: try FieldSet(["who.name"]), keeping: 1,
            remembering: "who")
        let plain = try Plan(file.rules)
        let (extractor, evaluator) = (RecordExtractor(plan.fields), Evaluator(plan))
        let reader = RecordExtractor(plain.fields)
        var together: [[Int]] = []
        var apart: [[Int]] = []
        for record in records {
            var (one, other): ([Int], [Int]) = ([], [])
            try Array(record.utf8).withUnsafeBytes { bytes in
                try extractor.extract(bytes)
                evaluator.evaluate(extractor, into: &one)
                try reader.extract(bytes)
                Evaluator(plain).evaluate(reader, into: &other)
            }
            together.append(one)
            apart.append(other)
        }
        return (together, apart)
    }

    /// Records that differ in little, so that what was found before is taken for granted where it may be.
    @Test func recordsThatAreNearlyTheSame() throws {
        var state: UInt64 = 1
        func pick(_ values: [String]) -> String {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return values[Int(state >> 33) % values.count]
        }
        let padding = String(repeating: "p", count: 64)
        let callers = (0...2).map { #""who":{"padding":"\#(padding)\#($0)","name":"v\#($0)"}"# }
        let members = [
            [#""a":"n7""#, #""a":"n1""#, #""b":"service""#], [#""b":"service""#, #""b":"other""#],
            callers + [#""who":{"name":"v1"}"#, #""who.name":"v1""#, #""who":[{"name":"v1"}]"#],
            [#""c":"v1""#, #""c":"y""#, #""c":["y","v1"]"#, #""c":null"#], [#""d":"y""#, #""d":"v1""#, #""e":1"#],
        ]
        let records = (0..<4_000).map { _ in "{" + members.map { pick($0) }.joined(separator: ",") + "}" }
        let (together, apart) = try found(records)
        #expect(together == apart)
        #expect(Set(together.joined()) == [0, 1, 2, 3, 4] && together.contains([]))
    }

    @Test func moreCombinationsThanAreRemembered() throws {
        let numbers = Array(0..<SigmaLimits.cachedCombinations * 2 + 10)
        let records = (numbers + numbers.reversed()).map {
            #"{"a":"n\#($0)","b":"service","c":"\#($0 % 3 == 0 ? "x" : "y")"}"#
        }
        let (together, apart) = try found(records)
        #expect(together == apart)
        #expect(together[7] == [0, 3] && together[1] == [1] && together.contains([]))
    }

    @Test func valuesThatAreNotRemembered() throws {
        let long = String(repeating: "n", count: SigmaLimits.cachedCombinationBytes + 1)
        let values = [
            #""n7""#, "7", "null", "true", #"["n7","n1"]"#, "[]", #"[["n7"]]"#, #"{"x":1}"#, #""\u006e7""#, #""N7""#,
            #""\#(long)""#, #""""#,
        ]
        let records = values.flatMap { a in
            [#"{"a":\#(a),"b":"service","c":"y"}"#, #"{"b":"service","a":\#(a),"c":["x","y"]}"#, #"{"a":\#(a)}"#]
        }
        let (together, apart) = try found(records + records + [#"{"c":"y"}"#])
        #expect(together == apart)
        #expect(together[0] == [0, 3])
    }

    @Test func valuesThatComeAgainAndChange() throws {
        let long = String(repeating: "y", count: SigmaLimits.rememberedValueBytes)
        let values = [
            #""y""#, #""y""#, #"["y"]"#, #""y""#, #"["y","x"]"#, #""y""#, "null", #""yy""#, #""y""#, #""\#(long)""#,
            #""\#(long)x""#, #""\#(long)x""#, #""y""#, "1", #""1""#,
        ]
        let pairs = values.map { #"{"a":"n7","b":"service","c":\#($0),"d":"1"}"# }
        let (together, apart) = try found(pairs + [#"{"a":"n7"}"#, #"{"a":"n7","c":"y"}"#] + pairs.reversed())
        #expect(together == apart)
        #expect(together[0] == [0, 3] && together[4] == [3] && together[13] == [0, 1])
    }
}

/// `contains` looks at several places at once, for short texts in another way than for long ones.
@Suite struct TextSearchTests {
    @Test func everyLengthAtEveryPlace() throws {
        let alphabet = Array("abcdefghijklmnopqrstuvwx")
        for length in [1, 2, 5, 15, 16, 17, 20] {
            let needle = String(alphabet.prefix(length))
            let text = SigmaParser().parse(rule("s: {a|contains: '\(needle)'}\ncondition: s"), file: "r.yml")
            let plan = try Plan(text.rules)
            let (extractor, evaluator) = (RecordExtractor(plan.fields), Evaluator(plan))
            for before in [0, 1, 15, 16, 31, 47, 48, 63, 64, 80, 127, 130] {
                for after in [0, 1, 14, 30, 62, 70] {
                    // What begins like the needle, and what has its ends.
                    let near = length > 1 ? needle.dropLast() + "-" : "-"
                    for middle in [needle, String(near), String(needle.prefix(1) + "-" + needle.suffix(1))] {
                        let value =
                            String(repeating: "-", count: before) + middle + String(repeating: "-", count: after)
                        var found: [Int] = []
                        try Array(#"{"a":"\#(value)"}"#.utf8).withUnsafeBytes { bytes in
                            try extractor.extract(bytes)
                            evaluator.evaluate(extractor, into: &found)
                        }
                        #expect(found.isEmpty != value.contains(needle), "\(value)")
                    }
                }
            }
        }
    }
}
