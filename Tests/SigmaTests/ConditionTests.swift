// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

@Suite("Conditions")
struct ConditionTests {
    /// Searches s1 to s4 ask for s1: x and so on.
    private func holds(_ condition: String, _ fields: String...) throws -> Bool {
        let searches = ["s1", "s2", "s3", "s4", "_s"].map { "\($0): {\($0): x}" }.joined(separator: "\n")
        let record = "{" + fields.map { "\"\($0)\":\"x\"" }.joined(separator: ",") + "}"
        return try SigmaTests.holds("\(searches)\ncondition: \(condition)", record)
    }

    @Test("precedence, brackets and letters of either case")
    func precedence() throws {
        #expect(try holds("s1 or s2 and s3", "s1"))
        #expect(try !holds("(s1 or s2) and s3", "s1"))
        #expect(try holds("not s1 and s2", "s2"))
        #expect(try !holds("not (s1 or s2)", "s2"))
        #expect(try holds("not not s1", "s1"))
        #expect(try holds("s1 AND NOT s2 OR s3", "s3"))
        #expect(try holds("not s1 or s2", "s1", "s2"))
        #expect(try holds("(((s1)))", "s1"))
    }

    @Test("quantifiers")
    func quantifiers() throws {
        #expect(try holds("1 of s*", "s3"))
        #expect(try !holds("1 of s*"))
        #expect(try !holds("all of s*", "s1", "s2", "s3"))
        #expect(try holds("all of s*", "s1", "s2", "s3", "s4"))
        #expect(try holds("2 of s*", "s1", "s4"))
        #expect(try !holds("2 of s*", "s4"))
        #expect(try holds("3 of s*", "s1", "s2", "s4"))
        #expect(try holds("not 2 of s*", "s4"))
        #expect(try holds("all of them", "s1", "s2", "s3", "s4"))
        #expect(try !holds("1 of them", "_s"))
        #expect(try holds("1 of _*", "_s"))
        #expect(try holds("1 of *1 and not 1 of *2", "s1"))
        #expect(try holds("1 of s1", "s1"))
    }

    @Test("several conditions are alternatives")
    func list() throws {
        #expect(try holds("[s1 and s2, s3]", "s3"))
        #expect(try !holds("[s1 and s2, s3]", "s1"))
    }

    @Test(
        "errors",
        arguments: [
            ("s1 and", "the condition ends too early"), ("and s1", "unexpected 'and' in the condition"),
            ("s1 s2", "unexpected 's2' in the condition"), ("(s1", "the condition ends too early"),
            ("s1)", "unexpected ')' in the condition"), ("()", "unexpected ')' in the condition"),
            ("''", "the condition is empty"), ("7", "a condition must be a string"),
            ("s9", "the condition names 's9', which the detection does not have"),
            ("s*", "'s*' needs '1 of' or 'all of' before it"), ("1 of z*", "no search is named like 'z*'"),
            ("0 of s*", "'0 of' is neither '1 of' nor 'all of'"), ("1 of", "the condition ends too early"),
            ("9 of s*", "'9 of s*' asks for more than the 1 there are"),
            (
                "s1 | count() by x > 5",
                "the deprecated pipe syntax '| count() by x > 5' is not supported: write a Sigma correlation instead"
            ),
        ])
    func errors(condition: String, message: String) {
        #expect(SigmaTests.errors(rule("s1: {a: x}\ncondition: \(condition)")) == ["7: \(message)"])
    }

    @Test("a condition as deep as the limit is read, a deeper one is refused")
    func depth() throws {
        for (open, close) in [("(", ")"), ("not ", "")] {
            func nested(_ count: Int) -> String {
                String(repeating: open, count: count) + "s1" + String(repeating: close, count: count)
            }
            let deepest = SigmaLimits.conditionDepth - 1
            #expect(SigmaTests.errors(rule("s1: {a: x}\ncondition: \(nested(deepest))")) == [])
            let deeper = SigmaTests.errors(rule("s1: {a: x}\ncondition: \(nested(deepest + 1))"))
            #expect(deeper == ["7: a condition nested deeper than \(SigmaLimits.conditionDepth) levels"])
            #expect(SigmaTests.errors(rule("s1: {a: x}\ncondition: \(nested(3_000))")).count == 1)
        }
    }
}
