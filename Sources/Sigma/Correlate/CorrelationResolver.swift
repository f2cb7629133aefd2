// SPDX-License-Identifier: Apache-2.0

/// Finds what correlations refer to, in time that is linear in the references and what lies below them.
struct CorrelationResolver {
    enum Member: Hashable {
        case rule(Int)
        case correlation(Int)
    }

    /// A rule below a correlation, with the names by which an alias can mean it.
    typealias Below = (rule: Int, names: [String])

    private let correlations: [SigmaCorrelation]
    private let rules: [SigmaRule]
    /// What each correlation refers to, in its order.
    private(set) var members: [[Member]] = []
    /// For each correlation that is kept: the rules that it counts, be it through others.
    private(set) var rulesBelow: [[Below]]
    private(set) var diagnostics: [SigmaDiagnostic] = []
    /// How many stand one above another, each correlation itself counted.
    private var levels: [Int]
    private var budget = SigmaLimits.correlatedRules

    init(correlations: [SigmaCorrelation], rules: [SigmaRule]) {
        self.correlations = correlations
        self.rules = rules
        rulesBelow = Array(repeating: [], count: correlations.count)
        levels = Array(repeating: 1, count: correlations.count)
    }

    /// The correlations all of whose members are found and that don't count themselves, in an order in which what is
    /// counted comes before what counts it.
    mutating func resolve() -> [Int] {
        let sound = findMembers()
        var waitsFor = [Int](repeating: 0, count: correlations.count)
        var counting = [[Int]](repeating: [], count: correlations.count)
        for index in sound {
            for case .correlation(let below) in members[index] {
                waitsFor[index] += 1
                counting[below].append(index)
            }
        }
        var refused: Set<Int> = []
        var done: Set<Int> = []
        var order: [Int] = []
        var ready = sound.filter { waitsFor[$0] == 0 }
        while !ready.isEmpty {
            var next: [Int] = []
            for index in ready {
                guard keep(index) else {
                    refused.insert(index)
                    continue
                }
                done.insert(index)
                order.append(index)
                for above in counting[index] {
                    waitsFor[above] -= 1
                    if waitsFor[above] == 0 { next.append(above) }
                }
            }
            ready = next.sorted()
        }
        for index in sound where !done.contains(index) && !refused.contains(index) {
            report("the correlation refers to one that can't be loaded, or to itself", index)
        }
        return order
    }

    /// Looks up what each correlation refers to. Returns those that refer to nothing unknown.
    private mutating func findMembers() -> [Int] {
        var known: [String: Member] = [:]
        for (index, rule) in rules.enumerated() { Self.add(rule.metadata, .rule(index), to: &known) }
        for (index, correlation) in correlations.enumerated() {
            Self.add(correlation.metadata, .correlation(index), to: &known)
        }
        var sound: [Int] = []
        for (index, correlation) in correlations.enumerated() {
            let found = correlation.rules.map { known[$0] ?? known[$0.lowercased()] }
            members.append(found.compactMap { $0 })
            let strangers = correlation.aliases.flatMap { alias, fields in
                fields.keys.filter { known[$0] == nil && known[$0.lowercased()] == nil }.map { (alias, $0) }
            }
            if let missing = found.firstIndex(of: nil) {
                report("the correlation refers to '\(correlation.rules[missing])', which is not loaded", index)
            } else if let (alias, rule) = strangers.min(by: <) {
                report("the alias '\(alias)' names '\(rule)', which is not loaded", index)
            } else {
                sound.append(index)
            }
        }
        return sound
    }

    /// Takes a correlation whose members were taken, unless it exceeds a limit.
    private mutating func keep(_ index: Int) -> Bool {
        for case .correlation(let below) in members[index] { levels[index] = max(levels[index], levels[below] + 1) }
        // A match goes up so many steps and no further: one above them would load and never fire.
        guard levels[index] <= SigmaLimits.correlationDepth + 1 else {
            report("the correlation stands on a chain of more than \(SigmaLimits.correlationDepth) correlations", index)
            return false
        }
        let found = gather(index)
        budget -= found.count
        guard budget >= 0 else {
            budget += found.count
            report(
                "the correlations count more than \(SigmaLimits.correlatedRules) rules, each counted for each", index)
            return false
        }
        rulesBelow[index] = found
        return true
    }

    private func gather(_ index: Int) -> [Below] {
        var found: [Below] = []
        var seen: Set<Int> = []
        for (member, name) in zip(members[index], correlations[index].rules) {
            switch member {
            case .rule(let rule):
                seen.insert(rule)
                found.append((rule, Self.names(rules[rule].metadata, name)))
            case .correlation(let below):
                let own = Self.names(correlations[below].metadata, name)
                for inner in rulesBelow[below] where seen.insert(inner.rule).inserted {
                    found.append((inner.rule, inner.names + own))
                }
            }
        }
        return found
    }

    private static func add(_ metadata: SigmaMetadata, _ member: Member, to known: inout [String: Member]) {
        if let id = metadata.id { known[id] = member }
        if let name = metadata.name { known[name] = member }
    }

    private static func names(_ metadata: SigmaMetadata, _ name: String) -> [String] {
        [name] + [metadata.name, metadata.id].compactMap { $0 }
    }

    private mutating func report(_ message: String, _ index: Int) {
        let metadata = correlations[index].metadata
        diagnostics.append(
            SigmaDiagnostic(
                file: metadata.file, line: metadata.line, message: message, ruleID: metadata.id,
                ruleTitle: metadata.title))
    }
}
