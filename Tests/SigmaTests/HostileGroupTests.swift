// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

/// Records made to fall into one group, or to be taken for one another.
@Suite("Hostile groups")
struct HostileGroupTests {
    /// What follows a text's first word so that half of an unkeyed hash forgets it.
    private static func forgetting(_ first: UInt64) -> [UInt64] {
        let product = (0x9E6C_63D0_676A_9A99 ^ first).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return [first, product.high ^ product.low, 0x6173_616D_6521_2121]
    }

    private static func key(_ words: [UInt64], _ secret: CorrelationSecret) -> CorrelationKey {
        var hasher = CorrelationHasher(0, secret)
        words.withUnsafeBytes { hasher.combine($0) }
        return hasher.key
    }

    @Test("two texts crafted to have one hash have two where there is a secret")
    func crafted() {
        let texts = (0..<1_000).map { Self.forgetting($0 &* 0x9E37_79B9_7F4A_7C15) }
        #expect(Set(texts.map { Self.key($0, .none).high }).count == 1, "the crafting works")
        let secret = CorrelationSecret(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
        #expect(Set(texts.map { Self.key($0, secret).high }).count == texts.count)
        #expect(Set(texts.map { Self.key($0, secret).low }).count == texts.count)
    }

    @Test("a secret changes every group and counts the same")
    func secretsChangeNothingElse() throws {
        let file = SigmaParser().parse(
            """
            title: Rule
            name: rule
            logsource: {product: aws}
            detection: {selection: {a: x}, condition: selection}
            ---
            title: Many
            correlation: {type: value_count, rules: [rule], group-by: [g], timespan: 1m,
                condition: {field: v, gte: 3}}
            """, file: "f")
        var seen: [[Int]] = []
        var groups: Set<CorrelationKey> = []
        for secret in [CorrelationSecret.none, CorrelationSecret(high: 1, low: 2)] {
            let plan = CorrelationPlan(file.correlations, rules: file.rules, secret: secret)
            var paths = FieldSet()
            for path in plan.fields { try paths.insert(path) }
            let extractor = RecordExtractor(paths.compile())
            var correlator = Correlator()
            var hits: [Int] = []
            for number in 0..<20 {
                let record = "{\"a\":\"x\",\"g\":\"g\(number % 2)\",\"v\":\"v\(number % 8)\"}"
                // The extractor's values lie in the record's bytes.
                let observations = try Array(record.utf8).withUnsafeBytes {
                    try extractor.extract($0)
                    return plan.observations(rule: 0, extractor)
                }
                let event = CorrelationEvent(
                    id: .init(high: 0, low: UInt64(number)), time: Int64(number) * 1_000, observations: observations)
                let found = correlator.observe(event, plan, now: 0)
                hits.append(found.count)
                groups.formUnion(found.map(\.group))
            }
            seen.append(hits)
        }
        #expect(seen[0] == seen[1] && seen[0].contains { $0 > 0 })
        #expect(groups.count == 4)
    }

    @Test("a flood into one group is bounded in events, and told")
    func oneGroup() throws {
        let file = SigmaParser().parse(
            """
            title: Rule
            name: rule
            logsource: {product: aws}
            detection: {selection: {a: x}, condition: selection}
            ---
            title: Many
            correlation: {type: event_count, rules: [rule], timespan: 1d, condition: {gte: 1000000}}
            """, file: "f")
        let plan = CorrelationPlan(file.correlations, rules: file.rules)
        let extractor = RecordExtractor(try FieldSet([]).compile())
        try Array("{}".utf8).withUnsafeBytes { try extractor.extract($0) }
        var correlator = Correlator()
        let count = SigmaLimits.correlationEventsPerGroup * 2
        var most = 0
        for number in 0..<count {
            let event = CorrelationEvent(
                id: .init(high: 0, low: UInt64(number)), time: 1_000,
                observations: plan.observations(rule: 0, extractor))
            _ = correlator.observe(event, plan, now: 0)
            most = max(most, correlator.bytes)
        }
        #expect(correlator.groupCount == 1)
        #expect(correlator.forgottenEvents > SigmaLimits.correlationEventsPerGroup / 2)
        #expect(most < SigmaLimits.correlationEventsPerGroup * 128)
    }
}
