// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

@Suite("Why a rule holds")
struct ExplanationTests {
    private func explain(_ detection: String, _ record: String, filters: String = "") throws -> SigmaExplanation {
        let file = SigmaParser().parse(rule(detection) + filters, file: "r.yml")
        let rule = try #require(file.rules.first, "\(file.diagnostics)")
        return try Array(record.utf8).withUnsafeBytes { try rule.filtered(by: file.filters).explanation(on: $0) }
    }

    /// `+` or `-` for the verdict, the text, and the values where the part asks a field.
    private func lines(_ tree: SigmaExplanation, _ depth: Int = 0) -> [String] {
        let values = tree.field == nil ? "" : " <- \(tree.values.map { $0.joined(separator: ",") } ?? "absent")"
        let line = String(repeating: " ", count: depth) + (tree.holds ? "+" : "-") + tree.text + values
        return [line] + tree.parts.flatMap { lines($0, depth + 1) }
    }

    @Test("every part of the condition with its verdict and its values")
    func tree() throws {
        let tree = try explain(
            """
            selection_one: {a: x, b|startswith: y}
            selection_two: {c|gt: 5}
            filter: {d: [p, q]}
            condition: 1 of selection_* and not filter
            """, #"{"a":"X","b":["yes","no"],"c":3,"d":"q"}"#)
        #expect(
            lines(tree) == [
                "-all of", " +1 of selection_*", "  +selection_one", "   +a: x <- X", "   +b: y* <- yes,no",
                "  -selection_two", "   -c|gt: 5 <- 3", " -not", "  +filter", "   +any of", "    -d: p <- q",
                "    +d: q <- q",
            ])
    }

    @Test("the verdict is the evaluator's", arguments: [#"{"a":"x"}"#, #"{"a":"n"}"#, #"{}"#, #"{"a":[null,"x"]}"#])
    func verdict(record: String) throws {
        let detection = "s: {a|re: '^x$', e|exists: false}\nt: [k, {n: null}]\ncondition: s or not 2 of them"
        #expect(try explain(detection, record).holds == holds(detection, record))
    }

    @Test(
        "each test in the words of a rule",
        arguments: [
            ("a|contains: 'b*c'", "a: *b*c*"), ("a: 'b\\*c'", "a: b\\*c"), ("a: null", "a: null"),
            ("a|exists: true", "a|exists: true"), ("a: 5", "a: 5"), ("a|lte: 2.5", "a|lte: 2.5"),
            ("a|re|i: x+", "a|re|i: x+"), ("a|cidr: 10.0.0.0/8", "a|cidr: 10.0.0.0/8"),
            ("a|cidr: '2001:db8::/32'", "a|cidr: 2001:db8:0:0:0:0:0:0/32"), ("a|fieldref: b", "a|fieldref: b"),
            ("a|cased: X", "a|cased: X"), ("a|hour|gte: 22", "a|hour|gte: 22"),
        ])
    func words(item: String, text: String) throws {
        let tree = try explain("s: {\(item)}\ncondition: s", "{}")
        #expect(tree.parts.map(\.text) == [text])
    }

    @Test("of a long list what holds is shown")
    func longList() throws {
        let values = (0..<10_000).map { "v\($0)" }.joined(separator: ", ")
        let tree = try explain("s: {a: [\(values)]}\ncondition: s", #"{"a":["v77","v99","w"]}"#)
        #expect(
            lines(tree) == ["+s", " +a: one of 10000 <- v77,v99,w", "  +a: v77 <- v77,v99,w", "  +a: v99 <- v77,v99,w"])
    }

    @Test("filters stand beside the condition")
    func filters() throws {
        let tree = try explain(
            "s: {a: x}\ncondition: s", #"{"a":"x","b":"y"}"#,
            filters: """

                ---
                title: Ours
                logsource: {product: test}
                filter: {rules: any, f: {b: y}, condition: not f}
                """)
        #expect(
            lines(tree) == [
                "-the condition, and every filter", " +s", "  +a: x <- x", " -filter 'Ours'", "  -not", "   +f",
                "    +b: y <- y",
            ])
    }

    @Test("a record that is none is an error")
    func garbage() {
        #expect(throws: (any Error).self) { try explain("s: {a: x}\ncondition: s", "[1") }
    }
}
