// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Sigma
import Testing

/// Hostile rules and records in a process of their own, which may use so much processor time and memory and no more.
@Suite("What hostile rules and records take")
struct HostileProcessTests {
    /// Far more than any of them needs, also without optimisation, and far less than they would take unbounded.
    private static let seconds: UInt = 240
    private static let bytes = 256 << 20

    enum Case: String, CaseIterable, Codable, Sendable {
        case regularExpressions, longLists, deepConditions, wildcards, thresholds, aliases, largeRecord, oneGroup
        case manyGroups, waitingGroups
    }

    @Test("each within its time and memory", arguments: Case.allCases)
    func bounded(hostile: Case) async {
        await #expect(processExitsWith: .success) { [hostile = hostile as Case] in
            var limit = rlimit(rlim_cur: Self.seconds, rlim_max: Self.seconds)
            setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit)
            let before = Self.peakBytes
            try Self.run(hostile)
            let taken = Self.peakBytes - before
            #expect(taken < Self.bytes, "\(hostile.rawValue) took \(taken >> 20) MiB")
        }
    }

    /// The most memory that the process ever had resident.
    private static var peakBytes: Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss << 10
    }

    private static func text(_ value: String) -> String {
        JSONValue.object(JSONObject([("a", .string(value))])).text
    }

    private static func run(_ hostile: Case) throws {
        let terms = (0..<10_000).map { "term\($0)" }.joined(separator: ",")
        let long = String(repeating: "a", count: 200_000)
        switch hostile {
        case .regularExpressions:
            let detection =
                "s: {a|re: '^(a+)+$'}\nt: {a|re: '^(a|aa)+$'}\nu: {a|re: '(.*a){30}b'}\ncondition: 1 of them"
            #expect(try !holds(detection, text(long + "!")))
        case .longLists:
            let detection =
                "s: {a: [\(terms)]}\nt: {a|contains: [\(terms)]}\nu: {a|endswith: [\(terms)]}\ncondition: 1 of them"
            #expect(try !holds(detection, text(long)))
        case .deepConditions:
            let deep = SigmaLimits.conditionDepth - 2
            let nested = String(repeating: "(", count: deep) + "s" + String(repeating: " or not s)", count: deep)
            #expect(try holds("s: {a: x}\ncondition: \(nested)", text("x")))
        case .wildcards:
            let stars = String(repeating: "*a", count: 2_000)
            #expect(try !holds("s: {a: ['\(stars)*b', '*\(stars)*c']}\ncondition: s", text(long)))
        case .thresholds:
            let searches = (0..<300).map { "s\($0): {a\($0): x}" }.joined(separator: "\n")
            #expect(try !holds("\(searches)\ncondition: 150 of s*", text("x")))
        case .aliases:
            let levels = (1..<12).map {
                "l\($0): &l\($0) [" + Array(repeating: "*l\($0 - 1)", count: 10).joined(separator: ",") + "]"
            }
            #expect(!errors(("l0: &l0 [x]\n" + levels.joined(separator: "\n"))).isEmpty)
        case .largeRecord:
            let values = (0..<30_000).map { #"{"k":"v\#($0)"}"# }.joined(separator: ",")
            #expect(try !holds("s: {a.k|contains: q, a|re: 'x+y'}\ncondition: s", #"{"a":[\#(values)]}"#))
        case .oneGroup: try count(groups: 1, events: 30_000, "gte: 1000000")
        case .manyGroups: try count(groups: 100_000, events: 100_000, "gte: 2")
        case .waitingGroups: try count(groups: 100_000, events: 100_000, "lt: 2")
        }
    }

    /// Gives a correlator with little room events of so many groups.
    private static func count(groups: Int, events: Int, _ condition: String) throws {
        let file = SigmaParser().parse(
            rule("s: {a: x}\ncondition: s", extra: "name: r")
                + "\n---\ntitle: C\ncorrelation: {type: event_count, rules: [r], timespan: 1d, condition: {\(condition)}}",
            file: "r.yml")
        let plan = CorrelationPlan(file.correlations, rules: file.rules)
        var correlator = Correlator(byteCapacity: 16 << 20)
        for number in 0..<events {
            var observations = CorrelationEvent.Observations()
            observations.direct = [
                CorrelationObservation(
                    correlation: 0, member: 0, group: CorrelationKey(high: UInt64(number % groups), low: 1))
            ]
            let event = CorrelationEvent(
                id: .init(high: 0, low: UInt64(number)), time: Int64(number), observations: observations,
                context: [UInt8](repeating: 0, count: 150))
            _ = correlator.observe(event, plan, now: UInt32(number))
            _ = correlator.takeLog()
        }
        #expect(correlator.bytes < 17 << 20)
        #expect(correlator.forgottenEvents + correlator.evictedGroups > 0)
    }
}
