// SPDX-License-Identifier: Apache-2.0

import JSON

/// Correlations made ready: what each refers to is found, and which fields of which rules' events they need is known.
/// Immutable.
public struct CorrelationPlan: Sendable {
    public let correlations: [SigmaCorrelation]
    /// What could not be resolved; such correlations are not among `correlations`.
    public let diagnostics: [SigmaDiagnostic]
    /// Rules that stand for nothing but the correlations that refer to them, by index.
    public let silentRules: Set<Int>

    /// Correlations that stand for nothing but those that refer to them, by index in `correlations`.
    public let silentCorrelations: Set<Int>

    /// Where a rule's or correlation's matches go.
    struct Use: Sendable {
        var correlation: Int
        var member: Int
    }

    /// How the event of one rule is seen by one correlation.
    private struct Capture: Sendable {
        var use: Use
        /// Whether the rule itself counts, and not only what it triggers below.
        var isDirect: Bool
        /// For each field the paths that may hold it; the first that holds a value counts.
        var groupBy: [[String]]
        var fields: [[String]]
        /// The same as slots of `bound`.
        var groupSlots: [[Slot]] = []
        var slots: [[Slot]] = []
    }

    private var captures: [[Capture]]
    /// The fields that `bind` was given.
    private var bound: CompiledFields?
    private let secret: CorrelationSecret
    /// The correlations with what follows from them, in the same order.
    let prepared: [PreparedCorrelation]
    /// Whether windows of any wait.
    package let hasWaits: Bool
    private let places: [UInt64: Int]

    /// Resolves correlations over rules, which are known by id or name.
    /// - Parameters:
    ///   - taxonomy: other names for the fields of `group-by`, of aliases and of conditions.
    ///   - secret: what groups and values are hashed with.
    public init(
        _ correlations: [SigmaCorrelation], rules: [SigmaRule], taxonomy: SigmaTaxonomy = SigmaTaxonomy(),
        secret: CorrelationSecret = .none
    ) {
        self.secret = secret
        var resolver = CorrelationResolver(correlations: correlations, rules: rules)
        let kept = resolver.resolve()
        self.correlations = kept.map { correlations[$0] }
        diagnostics = resolver.diagnostics
        let place = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        var parents = [[Use]](repeating: [], count: kept.count)
        var captures = [[Capture]](repeating: [], count: rules.count)
        var generating: Set<Int> = []
        var referred: Set<Int> = []
        var silent: Set<Int> = []
        var speaking: Set<Int> = []
        for (index, old) in kept.enumerated() {
            let correlation = correlations[old]
            for (member, reference) in resolver.members[old].enumerated() {
                let use = Use(correlation: index, member: member)
                switch reference {
                case .correlation(let below):
                    guard let below = place[below] else { continue }
                    parents[below].append(use)
                    silent.insert(below)
                    if correlation.generate { speaking.insert(below) }
                case .rule(let rule):
                    referred.insert(rule)
                    if correlation.generate { generating.insert(rule) }
                }
            }
            for (rule, names) in resolver.rulesBelow[old] {
                let direct = resolver.members[old].firstIndex(of: .rule(rule))
                func field(_ name: String) -> [String] {
                    let alias = correlation.aliases[name]
                    return taxonomy.paths(of: names.lazy.compactMap { alias?[$0] }.first ?? name)
                }
                captures[rule].append(
                    Capture(
                        use: Use(correlation: index, member: direct ?? 0), isDirect: direct != nil,
                        groupBy: correlation.groupBy.map(field), fields: correlation.fields.map(field)))
            }
        }
        self.captures = captures
        silentRules = referred.subtracting(generating)
        let identities = self.correlations.map(\.identity)
        places = Dictionary(identities.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var stages = [Int](repeating: 0, count: kept.count)
        // What is counted comes before what counts it.
        for index in kept.indices {
            let below = stages[index] + (self.correlations[index].isMonotone ? 0 : 1)
            for use in parents[index] { stages[use.correlation] = max(stages[use.correlation], below) }
        }
        prepared = self.correlations.enumerated().map { index, correlation in
            PreparedCorrelation(
                correlation, identity: identities[index], parents: parents[index], stages: stages[index])
        }
        hasWaits = self.correlations.contains { !$0.isMonotone }
        silentCorrelations = silent.subtracting(speaking)
    }

    /// The correlations that count a correlation's matches, be it through others.
    package func above(_ correlation: Int) -> [Int] {
        var found: [Int] = []
        var seen: Set<Int> = []
        var next = prepared[correlation].parents.map(\.correlation)
        while let parent = next.popLast() {
            guard seen.insert(parent).inserted else { continue }
            found.append(parent)
            next += prepared[parent].parents.map(\.correlation)
        }
        return found
    }

    /// Whether windows of a correlation wait until no event of them can come any more.
    package func waits(_ correlation: Int) -> Bool { !prepared[correlation].isMonotone }

    /// The correlation of an identity.
    func place(of identity: UInt64) -> Int? { places[identity] }

    /// The fields to extract for `observations`.
    public var fields: [String] {
        Array(Set(captures.joined().flatMap { ($0.groupBy + $0.fields).joined() })).sorted()
    }

    /// The fields of a rule's events that correlations group by and count, each by the paths that may hold it.
    public func fields(rule: Int) -> [[String]] {
        var seen: Set<[String]> = []
        return captures[rule].flatMap { $0.groupBy + $0.fields }.filter { seen.insert($0).inserted }
    }

    /// Whether a rule's matches concern any correlation.
    public func concerns(rule: Int) -> Bool { !captures[rule].isEmpty }

    /// Looks up the slots of the fields of `observations`, so that extractors of these fields need not.
    public mutating func bind(to fields: CompiledFields) {
        func slots(_ paths: [[String]]) -> [[Slot]] { paths.map { $0.compactMap(fields.fields.slot) } }
        for rule in captures.indices {
            for index in captures[rule].indices {
                captures[rule][index].groupSlots = slots(captures[rule][index].groupBy)
                captures[rule][index].slots = slots(captures[rule][index].fields)
            }
        }
        bound = fields
    }

    /// What the extractor's current record, on which a rule holds, brings to correlations. The observations of
    /// correlations that count it only through others come too; `Correlator` needs them.
    /// - Parameters:
    ///   - extractor: one whose fields hold `fields`. Of several values of a field the first is taken.
    ///   - tenant: a number of whom the record belongs to: no group reaches over two of them.
    public func observations(
        rule: Int, _ extractor: RecordExtractor, tenant: UInt64 = 0
    ) -> CorrelationEvent.Observations {
        guard bound === extractor.fields else {
            var other = self
            other.bind(to: extractor.fields)
            return other.observations(rule: rule, extractor, tenant: tenant)
        }
        var observations = CorrelationEvent.Observations()
        for capture in captures[rule] {
            let index = capture.use.correlation
            let prepared = prepared[index]
            var group = CorrelationHasher(prepared.identity, secret)
            group.combine(tenant)
            for slots in capture.groupSlots {
                if let text = Self.text(slots, extractor) { group.combine(text) } else { group.combineAbsent() }
            }
            let observation = CorrelationObservation(
                correlation: index, member: capture.use.member, group: group.key,
                value: value(capture.slots, prepared.kind, extractor))
            if capture.isDirect {
                observations.direct.append(observation)
            } else {
                observations.indirect.append(observation)
            }
        }
        return observations
    }

    private static func text(_ slots: [Slot], _ extractor: RecordExtractor) -> UnsafeRawBufferPointer? {
        for slot in slots {
            if let value = extractor.values(slot).first(where: \.hasText) { return value.bytes }
        }
        return nil
    }

    private func value(_ fields: [[Slot]], _ kind: SigmaCorrelation.Kind, _ extractor: RecordExtractor) -> UInt64? {
        guard !fields.isEmpty else { return nil }
        var hasher = CorrelationHasher(0, secret)
        var number = Double.nan
        for slots in fields {
            guard let text = Self.text(slots, extractor) else { return nil }
            if kind == .valueCount {
                hasher.combine(text)
            } else {
                number = TextReading.number(text) ?? .nan
            }
        }
        return kind == .valueCount ? hasher.key.high : number.bitPattern
    }
}
