// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Looks for what makes a rule useless although it loads: a condition that can't hold, a field that CloudTrail does not
/// have, an event name that its source does not have, tests that are missing. All of it is remarks, no errors.
package struct CatalogLint {
    private let catalog: Catalog

    package init(_ catalog: Catalog) { self.catalog = catalog }

    /// The remarks, in the order of the rules.
    ///
    /// - Parameter hasTests: whether test events stand beside a rule file; nil where nobody can know.
    package func remarks(hasTests: ((String) -> Bool)?) -> [Catalog.Problem] {
        var remarks: [Catalog.Problem] = []
        var seen: Set<String> = []
        for (detection, rule) in zip(catalog.detections, catalog.rules) {
            remarks += Self.remarks(rule, file: detection.file)
            guard let hasTests, seen.insert(detection.file).inserted, !hasTests(detection.file) else { continue }
            remarks.append(Self.remark("no test events stand beside this file", detection.file, detection.line))
        }
        return remarks
    }

    /// The remarks of a rules folder, test events included.
    package func remarks(folder: String) -> [Catalog.Problem] {
        remarks { file in
            guard let suffix = Catalog.ruleSuffixes.first(where: { file.hasSuffix($0) }) else { return false }
            let path = folder + "/" + file.dropLast(suffix.count) + ".tests.json"
            return (try? FileTree.read(path, limit: DetectLimits.ruleTestBytes)) != nil
        }
    }

    private static func remark(_ message: String, _ file: String, _ line: Int) -> Catalog.Problem {
        Catalog.Problem(file: file, line: line, message: message, isError: false)
    }

    private static func remarks(_ rule: SigmaRule, file: String) -> [Catalog.Problem] {
        var remarks: [Catalog.Problem] = []
        for search in rule.searches {
            for field in fields(search.expression).sorted() where !RecordFields.knows(field) {
                remarks.append(remark(RecordFields.remark(on: field), file, search.line))
            }
        }
        let line = rule.searches.first?.line ?? rule.metadata.line
        var reach = Reachability()
        if !reach.canHold(rule.expression) {
            remarks.append(remark("the condition can't hold: \(reach.reason)", file, line))
        } else {
            for name in unknownEventNames(rule.expression) { remarks.append(remark(name, file, line)) }
        }
        return remarks
    }

    /// The fields that an expression asks.
    static func fields(_ expression: SigmaExpression) -> Set<String> {
        switch expression {
        case .all(let parts), .any(let parts), .atLeast(_, let parts):
            return parts.reduce(into: []) { $0.formUnion(fields($1)) }
        case .not(let part): return fields(part)
        case .match(let match):
            var found: Set<String> = match.field.map { [$0] } ?? []
            if case .fieldReference(let other, _, _) = match.test { found.insert(other) }
            return found
        }
    }

    /// What to say of event names that none of the sources has which the same conjunction asks for.
    private static func unknownEventNames(_ expression: SigmaExpression) -> [String] {
        var remarks: [String] = []
        for branch in branches(expression) {
            let sources = Values.of("eventSource", in: branch)
            guard let sources, !sources.isEmpty else { continue }
            let known = sources.compactMap { EventNameTable.names(of: $0) }
            // A source that is not in the table may have any name.
            guard known.count == sources.count else { continue }
            for name in (Values.of("eventName", in: branch) ?? []).sorted()
            where !known.contains(where: { $0.holds(name) }) {
                let message = "\(sources.sorted().joined(separator: ", ")) has no event '\(name)'"
                if !remarks.contains(message) { remarks.append(message) }
            }
        }
        return remarks
    }

    /// The alternatives at the top of a condition, each with what has to hold beside it.
    private static func branches(_ expression: SigmaExpression) -> [SigmaExpression] {
        switch expression {
        case .any(let parts):
            let isOneField = Set(parts.map { fields($0) }).count == 1 && fields(parts[0]).count == 1
            return isOneField ? [expression] : parts.flatMap(branches)
        case .all(let parts):
            guard let index = parts.firstIndex(where: { branches($0).count > 1 }) else { return [expression] }
            let others = parts.enumerated().filter { $0.offset != index }.map(\.element)
            let inner = branches(parts[index])
            guard inner.count <= DetectLimits.lintedBranches else { return [expression] }
            return inner.map { .all([$0] + others) }
        default: return [expression]
        }
    }
}

/// The literal values that a conjunction allows a field.
private enum Values {
    /// Nil where the expression does not confine the field to literals.
    static func of(_ field: String, in expression: SigmaExpression) -> Set<String>? {
        switch expression {
        case .all(let parts):
            var common: Set<String>?
            for part in parts {
                guard let own = of(field, in: part) else { continue }
                common = common.map { $0.intersection(own) } ?? own
            }
            return common
        case .any(let parts):
            var union: Set<String> = []
            for part in parts {
                guard let own = of(field, in: part) else { return nil }
                union.formUnion(own)
            }
            return union
        case .match(let match):
            guard match.field == field, case .text(let pattern, _) = match.test, let literal = pattern.literal else {
                return nil
            }
            return [String(decoding: literal, as: UTF8.self)]
        case .atLeast, .not: return nil
        }
    }
}

/// The event names of one source.
private struct EventNameTable {
    private let names: Set<String>
    private let isLambda: Bool

    /// Nil for a source that the table does not have.
    static func names(of source: String) -> EventNameTable? {
        let suffix = ".amazonaws.com"
        let lowered = source.lowercased()
        guard lowered.hasSuffix(suffix), let names = EventNames.bySource[String(lowered.dropLast(suffix.count))] else {
            return nil
        }
        return EventNameTable(
            names: Set(names.split(separator: " ").map { $0.lowercased() }), isLambda: lowered == "lambda.amazonaws.com"
        )
    }

    func holds(_ name: String) -> Bool {
        let lowered = name.lowercased()
        if names.contains(lowered) { return true }
        guard isLambda else { return false }
        // UpdateFunctionCode20150331v2: a date of eight digits, and perhaps a version behind it.
        var plain = lowered[...]
        if let version = plain.last, version.isNumber, plain.dropLast().last == "v" { plain = plain.dropLast(2) }
        return plain.suffix(8).allSatisfy(\.isNumber) && names.contains(String(plain.dropLast(8)))
    }
}
