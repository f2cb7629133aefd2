// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

/// A generator of numbers that gives the same ones in every run.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// An evaluator that is nothing but the definition: it walks whole values, folds with the standard library, and
/// matches wildcards by recursion.
private enum Naive {
    static func holds(_ expression: SigmaExpression, _ record: JSONValue) -> Bool {
        switch expression {
        case .all(let parts): parts.allSatisfy { holds($0, record) }
        case .any(let parts): parts.contains { holds($0, record) }
        case .atLeast(let count, let parts): parts.filter { holds($0, record) }.count >= count
        case .not(let part): !holds(part, record)
        case .match(let match): holds(match, record)
        }
    }

    /// The values that a path leads to, or nil when it leads nowhere.
    static func values(_ path: [Substring], _ value: JSONValue) -> [JSONValue]? {
        if case .array(let elements) = value {
            if elements.isEmpty { return path.isEmpty ? [] : nil }
            let found = elements.compactMap { values(path, $0) }
            return found.isEmpty ? nil : found.flatMap { $0 }
        }
        guard let key = path.first else { return [value] }
        return value[String(key)].flatMap { values(Array(path.dropFirst()), $0) }
    }

    static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .object: value.text
        case .null, .array: nil
        }
    }

    static func holds(_ match: SigmaMatch, _ record: JSONValue) -> Bool {
        let found = values((match.field ?? "").split(separator: "."), record)
        switch match.test {
        case .exists: return found != nil
        case .null: return found?.contains(.null) ?? true
        case .text(let pattern, let cased):
            return (found ?? []).contains { value in
                guard let text = text(value) else { return false }
                let fold = { (text: String) in Array((cased ? text : text.lowercased()).unicodeScalars) }
                return wild(pattern.parts[...], fold(text)[...], fold)
            }
        case .number(let number, let text):
            return (found ?? []).contains { value in
                if case .number(let other) = value, Double(other) == number { return true }
                return self.text(value)?.lowercased() == text.lowercased()
            }
        case .compare(let comparison, let number):
            return (found ?? []).contains { value in
                if case .bool = value { return false }
                return text(value).flatMap(Double.init).map { comparison.holds($0, number) } ?? false
            }
        case .fieldReference(let other, .equals, cased: false):
            let others = (values(other.split(separator: "."), record) ?? []).compactMap(text)
            return (found ?? []).compactMap(text).contains { left in
                others.contains { $0.lowercased() == left.lowercased() }
            }
        default: return false
        }
    }

    static func wild(
        _ parts: ArraySlice<SigmaPattern.Part>, _ text: ArraySlice<Unicode.Scalar>,
        _ fold: (String) -> [Unicode.Scalar]
    ) -> Bool {
        switch parts.first {
        case nil: return text.isEmpty
        case .literal(let bytes)?:
            let literal = fold(String(decoding: bytes, as: UTF8.self))
            return text.starts(with: literal) && wild(parts.dropFirst(), text.dropFirst(literal.count), fold)
        case .oneCharacter?: return !text.isEmpty && wild(parts.dropFirst(), text.dropFirst(), fold)
        default:
            return (0...text.count).contains { wild(parts.dropFirst(), text.dropFirst($0), fold) }
        }
    }
}

@Suite("The compiled evaluator against the naive one")
struct DifferentialTests {
    private static let fields = ["a", "b", "c.d", "c.e", "c"]
    private static let words = ["x", "y", "xy", "X", "ä", "Ä", "", "true", "22", "xyx", "aXb"]

    private func value(_ random: inout Generator, depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth < 2 ? 12 : 9), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(["22", "22.0", "5", "-1.5"].randomElement(using: &random) ?? "0")
        case 9, 10:
            return .array((0..<Int.random(in: 0..<3, using: &random)).map { _ in value(&random, depth: depth + 1) })
        case 11: return record(&random, depth: depth + 1)
        default: return .string(Self.words.randomElement(using: &random) ?? "")
        }
    }

    private func record(_ random: inout Generator, depth: Int = 0) -> JSONValue {
        var object = JSONObject()
        for key in ["a", "b", "c", "d", "e"] where Int.random(in: 0..<3, using: &random) > 0 {
            object[key] = value(&random, depth: depth)
        }
        if depth == 0, Bool.random(using: &random) { object["c"] = record(&random, depth: 1) }
        return .object(object)
    }

    private func item(_ random: inout Generator) -> String {
        let field = Self.fields.randomElement(using: &random) ?? "a"
        let word = Self.words.randomElement(using: &random) ?? "x"
        let other = Self.words.randomElement(using: &random) ?? "y"
        return [
            "{\(field): '\(word)'}", "{\(field): ['\(word)', '\(other)']}", "{\(field)|contains: '\(word)'}",
            "{\(field)|startswith: ['\(word)', '\(other)']}", "{\(field)|endswith: '\(word)'}", "{\(field): null}",
            "{\(field)|cased: '\(word)'}", "{\(field): '\(word)*\(other)'}", "{\(field): '?\(word)'}",
            "{\(field): '*\(word)?\(other)*'}", "{\(field)|exists: true}", "{\(field): 22}", "{\(field)|gt: 4}",
            "{\(field)|fieldref: b}", "{\(field)|contains|all: ['\(word)', '\(other)']}", "{\(field)|neq: '\(word)'}",
            "[{\(field): '\(word)'}, {a: '\(other)', b: '*'}]", "{\(field): [22, '\(word)', null]}",
        ].randomElement(using: &random) ?? ""
    }

    private func condition(_ random: inout Generator, depth: Int = 0) -> String {
        switch Int.random(in: 0..<(depth < 3 ? 9 : 3), using: &random) {
        case 3, 4: return "(\(condition(&random, depth: depth + 1)) and \(condition(&random, depth: depth + 1)))"
        case 5, 6: return "(\(condition(&random, depth: depth + 1)) or \(condition(&random, depth: depth + 1)))"
        case 7: return "not \(condition(&random, depth: depth + 1))"
        case 8: return ["1 of s*", "all of s*", "2 of s*", "3 of them"].randomElement(using: &random) ?? ""
        default: return ["s1", "s2", "s3"].randomElement(using: &random) ?? ""
        }
    }

    @Test("both agree on generated rules and records", arguments: 0..<12 as Range<UInt64>)
    func agree(seed: UInt64) throws {
        var random = Generator(state: seed)
        var rules: [SigmaRule] = []
        for _ in 0..<60 {
            let searches = (1...3).map { "s\($0): \(item(&random))" }.joined(separator: "\n")
            let text = rule("\(searches)\ncondition: \(condition(&random))")
            let file = SigmaParser().parse(text, file: "r")
            try #require(file.rules.count == 1, "\(file.diagnostics)\n\(text)")
            rules += file.rules
        }
        let plan = try Plan(rules)
        let indexed = try Plan(rules, indexFields: ["b", "a"])
        let deferring = try Plan(rules, indexFields: ["b"], keeping: 0)
        let runs = [plan, indexed, deferring].map { (RecordExtractor($0.fields), Evaluator($0)) }
        var held = 0
        for _ in 0..<150 {
            let record = record(&random)
            let expected = rules.indices.filter { Naive.holds(rules[$0].expression, record) }
            held += expected.count
            for (extractor, evaluator) in runs {
                var found: [Int] = []
                try Array(record.text.utf8).withUnsafeBytes { bytes in
                    try extractor.extract(bytes)
                    evaluator.evaluate(extractor, into: &found)
                }
                #expect(found == expected, "\(record.text)")
            }
        }
        // Neither all nor nothing holds, or the comparison would say little.
        #expect(held > 1_000 && held < 8_000)
    }
}
