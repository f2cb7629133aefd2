// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Sigma
import Testing

/// Rules and events made of few words, so that both verdicts are common. What pySigma's SQLite backend can't say as the
/// settled semantics have it is left out: arrays (they fan out), numbers in text columns, case beyond ASCII, and
/// `exists` of a JSON null.
private struct Workload {
    private var random: Numbers
    private static let words = [
        "admin", "Admin", "adm", "root", "ROOT", "dev-admin", "a_b", "a%b", "axb", "a*b", "a?b", "", "x y", "été",
        "C:\\\\Temp", "cmd -a", "cmd /a", "[x]", "it's", "\"q\"", "10", "true",
    ]
    private static let addresses = ["10.1.2.3", "10.20.0.1", "192.168.4.5", "172.16.0.9", "8.8.8.8", "fe80::1"]
    private static let times = [
        "2026-11-22T23:07:08Z", "2026-11-22T00:00:00Z", "2025-02-28T06:59:59Z", "2024-12-31T12:30:00Z", "later",
    ]
    /// Columns and their types in SQLite.
    static let columns: [(name: String, type: String)] = [
        ("a", "TEXT"), ("b", "TEXT"), ("c.d", "TEXT"), ("c.e.f", "TEXT"), ("n", "INTEGER"), ("ip", "TEXT"),
        ("flag", "TEXT"), ("g", "TEXT"), ("t", "TEXT"),
    ]

    init(seed: UInt64) { random = Numbers(seed: seed) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(random.next() % UInt64(elements.count))]
    }

    private mutating func chance(_ one: Int, in all: Int) -> Bool { Int(random.next() % UInt64(all)) < one }

    /// The column values of an event; nil stands for absent, and for a JSON null where the event is written.
    mutating func event() -> [String: JSONValue] {
        var event: [String: JSONValue] = [:]
        for column in ["a", "b", "c.d", "c.e.f", "g"] where chance(4, in: 5) {
            event[column] = .string(pick(Self.words).replacing("\\\\", with: "\\"))
        }
        if chance(4, in: 5) { event["n"] = .number(pick(["0", "1", "10", "-3", "250"])) }
        if chance(4, in: 5) { event["ip"] = .string(pick(Self.addresses)) }
        if chance(4, in: 5) { event["t"] = .string(pick(Self.times)) }
        if chance(2, in: 3) { event["flag"] = .bool(chance(1, in: 2)) }
        return event
    }

    /// The event as a record: dots are objects, and what is absent in the table is null here now and then.
    mutating func record(_ event: [String: JSONValue]) -> JSONValue {
        var top = JSONObject()
        var d = JSONObject()
        var e = JSONObject()
        for (name, _) in Self.columns {
            // `g` is what rules ask `exists` of.
            let value = event[name] ?? (name != "g" && chance(1, in: 3) ? JSONValue.null : nil)
            guard let value else { continue }
            switch name {
            case "c.d": d["d"] = value
            case "c.e.f": e["f"] = value
            default: top[name] = value
            }
        }
        if !e.members.isEmpty { d["e"] = .object(e) }
        if !d.members.isEmpty { top["c"] = .object(d) }
        return .object(top)
    }

    private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    /// A word as a rule writes it where its wildcards mean themselves.
    private func plain(_ word: String) -> String {
        quoted(word.replacing("*", with: "\\*").replacing("?", with: "\\?"))
    }

    private mutating func value() -> String { plain(pick(Self.words)) }

    private mutating func list(_ make: (inout Workload) -> String) -> String {
        "[" + (0..<(2 + Int(random.next() % 3))).map { _ in make(&self) }.joined(separator: ", ") + "]"
    }

    private mutating func item() -> String {
        let field = pick(["a", "b", "c.d", "c.e.f"])
        switch random.next() % 28 {
        case 0: return "\(field): \(value())"
        case 1: return "\(field): \(list { $0.value() })"
        case 2: return "\(field)|contains: \(value())"
        case 3: return "\(field)|startswith: \(list { $0.value() })"
        case 4: return "\(field)|endswith: \(value())"
        case 5: return "\(field)|contains|all: \(list { $0.plain($0.pick(["a", "d", "m", "b", "x", "-"])) })"
        case 6: return "\(field): \(pick(["'*'", "'?*'", "'a*'", "'*m?n'", "'?dmin'", "'*a*n*'", "'a\\*b'", "'a?b'"]))"
        case 7: return "\(field): null"
        case 8: return "\(field)|cased: \(value())"
        case 9: return "\(field)|contains|cased: \(plain(pick(["Adm", "adm", "OO", "oo"])))"
        case 10: return "\(field)|re: \(pick(["'^adm'", "'min$'", "'a.b'", "'[0-9]+'", "'^$'", "'(ro|RO)'"]))"
        case 11: return "\(field)|re|i: \(pick(["'^ADM'", "'MIN$'", "'ROOT|dev'"]))"
        case 12: return "\(field)|fieldref: \(pick(["a", "b", "c.d"]))"
        case 13: return "n|\(pick(["gt", "gte", "lt", "lte"])): \(pick(["0", "1", "10", "-3"]))"
        case 14: return "n: \(pick(["10", "1", "[0, 250]", "7"]))"
        case 15:
            return "ip|cidr: \(pick(["10.0.0.0/8", "192.168.0.0/16", "8.8.8.0/24", "[10.20.0.0/16, 172.16.0.0/24]"]))"
        case 16: return "flag: \(pick(["true", "false"]))"
        case 17: return "g|exists: \(pick(["true", "false"]))"
        case 18: return "\(field)|contains|windash: ' -a'"
        case 19: return "\(field)|neq: \(pick([value(), list { $0.value() }, "null"]))"
        case 20: return "\(field)|contains|all|neq: \(list { $0.plain($0.pick(["a", "d", "m", "x"])) })"
        case 21: return "\(field)|cased|startswith: \(plain(pick(["Adm", "adm", "ROO", "a*"])))"
        case 22: return "\(field)|endswith|cased: \(list { $0.plain($0.pick(["min", "MIN", "T", "b"])) })"
        case 23: return "\(field)|fieldref|\(pick(["startswith", "endswith", "contains"])): \(pick(["a", "b", "c.d"]))"
        case 24:
            return "\(field)|re|\(pick(["i|m", "s|i", "m|s|i", "dotall|ignorecase"])): \(pick(["'^AD.+N$'", "'x.y'"]))"
        case 25:
            let part = pick([
                "hour: [23, 6, 12]", "hour|gte: 7", "minute|lt: 10", "day: 22", "month: [2, 12]", "year|gt: 2024",
            ])
            return "t|\(part)"
        case 26: return "\(field)|fieldref|neq: \(pick(["a", "b", "c.d"]))"
        default: return "\(field)|base64offset|contains: 'min'"
        }
    }

    private mutating func search() -> String {
        let count = 1 + Int(random.next() % 3)
        var items: [String: String] = [:]
        for _ in 0..<count {
            let item = item()
            items[String(item.prefix { $0 != ":" })] = item
        }
        let lines = items.sorted { $0.key < $1.key }.map(\.value)
        guard chance(1, in: 5) else { return "{" + lines.joined(separator: ", ") + "}" }
        return "[" + lines.map { "{\($0)}" }.joined(separator: ", ") + ", {\(item())}]"
    }

    private mutating func condition(_ depth: Int = 0) -> String {
        switch random.next() % (depth < 3 ? 10 : 3) {
        case 3, 4: return "(\(condition(depth + 1)) and \(condition(depth + 1)))"
        case 5, 6: return "(\(condition(depth + 1)) or \(condition(depth + 1)))"
        case 7, 8: return "not \(condition(depth + 1))"
        case 9:
            return pick([
                "1 of s*", "all of s*", "1 of them", "all of them", "any of *", "all of *s*", "1 of _*", "1 of *3",
            ])
        default: return pick(["s1", "s2", "s3", "_s3"])
        }
    }

    mutating func rule(_ number: Int) -> String {
        let searches = ["s1", "s2", "s3", "_s3"].map { "    \($0): \(search())" }.joined(separator: "\n")
        return """
            title: Rule \(number)
            logsource:
                product: test
            detection:
            \(searches)
                condition: \(condition())
            """
    }
}

@Suite(
    "The evaluator against pySigma's SQLite backend",
    .enabled(if: PySigma.isThere, "there is no .venv with pysigma and its SQLite backend; run: make deps"))
struct PySigmaTests {
    @Test("both agree on 24,000 pairs of generated rules and events")
    func agree() async throws {
        var workload = Workload(seed: 7)
        let rules = (0..<200).map { workload.rule($0) }
        let events = (0..<120).map { _ in workload.event() }
        let records = events.map { workload.record($0) }
        let expected = try await PySigma.matches(rules, events, columns: Workload.columns)
        try #require(expected.count == rules.count)
        var parsed: [SigmaRule] = []
        for (number, text) in rules.enumerated() {
            let file = SigmaParser().parse(text, file: "rule \(number)")
            parsed.append(try #require(file.rules.first, "\(file.diagnostics)\n\(text)"))
        }
        let plan = try Plan(parsed, indexFields: ["a", "b"])
        let extractor = RecordExtractor(plan.fields)
        let evaluator = Evaluator(plan)
        var found = [[Int]](repeating: [], count: rules.count)
        for (number, record) in records.enumerated() {
            var matches: [Int] = []
            try Array(record.text.utf8).withUnsafeBytes { bytes in
                try extractor.extract(bytes)
                evaluator.evaluate(extractor, into: &matches)
            }
            for rule in matches { found[rule].append(number) }
        }
        for (number, text) in rules.enumerated() where found[number] != expected[number] {
            let odd = Set(found[number]).symmetricDifference(expected[number]).sorted().prefix(3)
            Issue.record("\(text)\n\(odd.map { "\($0): \(records[$0].text)" }.joined(separator: "\n"))")
        }
        // Neither all nor nothing holds, or the comparison would say little.
        let held = expected.reduce(0) { $0 + $1.count }
        #expect(held > 4_000 && held < 20_000)
        let varied = expected.count { !$0.isEmpty && $0.count < events.count }
        #expect(varied > 80)
    }
}

/// Runs Python/pysigma_oracle.py, once for all rules.
private enum PySigma {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let python = folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".venv/bin/python").path

    static let isThere =
        FileManager.default.isExecutableFile(atPath: python)
        && (try? run(["-c", "import sigma.backends.sqlite"])) == 0

    static func matches(
        _ rules: [String], _ events: [[String: JSONValue]], columns: [(name: String, type: String)]
    ) async throws -> [[Int]] {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString)")
        let (job, answer) = (place.appendingPathExtension("job"), place.appendingPathExtension("answer"))
        defer {
            try? FileManager.default.removeItem(at: job)
            try? FileManager.default.removeItem(at: answer)
        }
        try Data(text(rules, events, columns).utf8).write(to: job)
        let arguments = [folder.appendingPathComponent("Python/pysigma_oracle.py").path, job.path, answer.path]
        // Waiting for the process blocks a thread.
        let status = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try run(arguments) }) }
        }
        try #require(status == 0)
        let value = try JSONValue(parsing: try Data(contentsOf: answer))
        return (value["matches"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
    }

    private static func text(
        _ rules: [String], _ events: [[String: JSONValue]], _ columns: [(name: String, type: String)]
    ) -> String {
        var types = JSONObject()
        for column in columns { types[column.name] = .string(column.type) }
        var job = JSONObject()
        job["columns"] = .object(types)
        job["rules"] = .array(rules.map { .string($0) })
        job["events"] = .array(
            events.map { event in
                var object = JSONObject()
                for (name, value) in event.sorted(by: { $0.key < $1.key }) {
                    if case .bool(let flag) = value {
                        object[name] = .string(flag ? "true" : "false")
                    } else {
                        object[name] = value
                    }
                }
                return .object(object)
            })
        return JSONValue.object(job).text
    }

    private static func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
