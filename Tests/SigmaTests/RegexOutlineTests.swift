// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

/// The texts that are looked for before a regular expression is run.
@Suite("What every match of an expression holds")
struct RegexOutlineTests {
    private func literals(_ pattern: String, ignoresCase: Bool = false) -> [String] {
        RegexOutline(SigmaRegex(pattern: pattern, ignoresCase: ignoresCase)).literals
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "is found where it is certain",
        arguments: [
            (".+:assumed-role/aws:.+", [":assumed-role/aws:"]), (":i-[0-9a-f]{8,17}$", [":i-"]),
            (":assumed-role/[^/]+/m?i-[0-9a-f]{8,17}$", [":assumed-role/", "/", "i-"]),
            (#"^\d+\.amazonaws\.com$"#, [".amazonaws.com"]), ("colou?r of (?:a|b)light", ["colo", "r of ", "light"]),
            ("ab+cd", ["ab", "cd"]), ("x(?:y)*zz", ["x", "zz"]), ("a*b?", []), ("[]a]bc", ["bc"]), ("[^]a]bc", ["bc"]),
            (#""toPort":(?:-1|\d),.*"::/0""#, [#""toPort":"#, ",", #""::/0""#]), (#"[\]a]bc"#, ["bc"]),
            ("größer", ["gr", "er"]), ("a{2}bc{0}", ["b"]), ("]}", ["]}"]), ("", []),
        ])
    func found(pattern: String, expected: [String]) { #expect(literals(pattern) == expected) }

    @Test(
        "is none where something may stand for it",
        arguments: [
            "abc|def", "(?i)abc", "abc(?i)def", "(?x) a b c", #"\Qa.c\E"#, #"a\x41bc"#, #"\p{Lu}bcd"#, "abc(?=d)",
            "(*UCP)abc",
            "abc(", "abc[", "abc)", #"abc\"#, "a{bc", "[[:alpha:]]bc", #"(a\Q)\E)bc"#, #"abc\K"#, "(?:(?#()a)b)cde",
        ])
    func none(pattern: String) { #expect(literals(pattern) == []) }

    @Test("is none where letters stand for others")
    func ignoredCase() { #expect(literals("abc", ignoresCase: true) == []) }

    /// An empty look-ahead changes nothing of an expression, but hides its texts.
    @Test("never changes what an expression matches")
    func sameAsWithout() throws {
        var random = SystemRandomNumberGenerator()
        let atoms = [
            "a", "b", "ab", "ba", ".", "[ab]", "[^a]", #"\."#, #"\w"#, "(?:a|b)", "(a)", "^", "$", "é", "{", "}", "]",
            "-",
        ]
        let counts = ["", "", "", "*", "+", "?", "{0}", "{1,2}", "{2}", "+?", "*+", "|"]
        var compared = 0
        for _ in 0..<2_000 {
            let pattern = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                (atoms.randomElement(using: &random) ?? "") + (counts.randomElement(using: &random) ?? "")
            }.joined()
            let rules = SigmaParser().parse(
                [pattern, "(?=)" + pattern].map { rule("s: {a|re: '\($0)'}\ncondition: s") }.joined(
                    separator: "\n---\n"),
                file: "r.yml"
            ).rules
            // Not every such string is an expression.
            guard rules.count == 2, let plan = try? Plan(rules) else { continue }
            let extractor = RecordExtractor(plan.fields)
            let evaluator = Evaluator(plan)
            for _ in 0..<10 {
                let text = String(
                    (0..<Int.random(in: 0...8, using: &random)).map { _ in
                        "ab.é{}]-".randomElement(using: &random) ?? "a"
                    })
                let record = JSONValue.object(JSONObject([("a", .string(text))])).text
                var found: [Int] = []
                try Array(record.utf8).withUnsafeBytes { bytes in
                    try extractor.extract(bytes)
                    evaluator.evaluate(extractor, into: &found)
                }
                #expect(found.isEmpty || found == [0, 1], "\(pattern) on \(text)")
                compared += 1
            }
        }
        #expect(compared > 5_000)
    }
}
