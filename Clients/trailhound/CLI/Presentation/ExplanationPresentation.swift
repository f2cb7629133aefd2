// SPDX-License-Identifier: Apache-2.0

import Detect
import Sigma

/// Explanations as trees of text and as JSON.
package enum ExplanationPresentation {
    /// A line for the verdict, then the tree, a line a part.
    package static func lines(_ explanation: DetectionExplanation, colour: Bool) -> [String] {
        var lines: [String] = []
        let isCounted = explanation.detection.kind == .correlation
        let verdict =
            switch (explanation.holds, isCounted) {
            case (true, false): "fires"
            case (false, false): "does not fire"
            case (true, true): "counts the event"
            case (false, true): "does not count the event"
            }
        let title = Escaping.visible(explanation.detection.title)
        lines.append(styled("\(title): \(verdict)", explanation.holds ? .green : .red, colour))
        for rule in explanation.rules {
            if isCounted { lines.append("rule \(Escaping.visible(rule.detection.title))") }
            add(rule.tree, prefix: "", isLast: rule.exceptions.isEmpty, to: &lines, colour)
            for (index, exception) in rule.exceptions.enumerated() {
                let isLast = index == rule.exceptions.count - 1
                lines.append((isLast ? "└─ " : "├─ ") + text(exception))
                add(
                    exception.tree, prefix: isLast ? "   " : "│  ", isLast: true, to: &lines, colour)
            }
        }
        return lines
    }

    private static func text(_ exception: DetectionExplanation.Exception) -> String {
        let facts = exception.exception
        let state = exception.excepts ? "excepts the event" : exception.isInForce ? "does not apply" : "not in force"
        return Escaping.visible("exception of \(facts.owner), \(state): \(facts.reason)")
    }

    private static func add(
        _ tree: SigmaExplanation, prefix: String, isLast: Bool, to lines: inout [String], _ colour: Bool
    ) {
        let mark = styled(tree.holds ? "yes" : "no ", tree.holds ? .green : .red, colour)
        var line = "\(prefix)\(isLast ? "└─ " : "├─ ")\(mark) \(Escaping.visible(tree.text))"
        if tree.field != nil {
            let found = tree.values.map { $0.isEmpty ? "an empty list" : $0.joined(separator: ", ") } ?? "absent"
            line += styled("  <- \(Escaping.visible(found))", .faint, colour)
        }
        lines.append(line)
        let below = prefix + (isLast ? "   " : "│  ")
        for (index, part) in tree.parts.enumerated() {
            add(part, prefix: below, isLast: index == tree.parts.count - 1, to: &lines, colour)
        }
    }

    private static func styled(_ text: String, _ style: Style, _ colour: Bool) -> String {
        colour ? style.applied(to: text) : text
    }

    /// Everything, under names in snake case.
    package static func json(_ explanation: DetectionExplanation) -> JSONNode {
        .object([
            .init("detection_id", .string(explanation.detection.id)),
            .init("title", .string(explanation.detection.title)),
            .init("kind", explanation.detection.kind == .rule ? "rule" : "correlation"),
            .init("holds", .bool(explanation.holds)),
            .init("rules", .array(explanation.rules.map(json))),
        ])
    }

    private static func json(_ rule: DetectionExplanation.Rule) -> JSONNode {
        .object([
            .init("detection_id", .string(rule.detection.id)),
            .init("holds", .bool(rule.holds)),
            .init("condition", json(rule.tree)),
            .init(
                "exceptions",
                .array(
                    rule.exceptions.map { exception in
                        .object([
                            .init("owner", .string(exception.exception.owner)),
                            .init("reason", .string(exception.exception.reason)),
                            .init("in_force", .bool(exception.isInForce)),
                            .init("excepts", .bool(exception.excepts)),
                            .init("filter", json(exception.tree)),
                        ])
                    })),
        ])
    }

    private static func json(_ tree: SigmaExplanation) -> JSONNode {
        var members: [JSONNode.Member] = [
            .init("kind", .string(kind(tree.kind))), .init("text", .string(tree.text)),
            .init("holds", .bool(tree.holds)),
        ]
        if let field = tree.field {
            members.append(.init("field", .string(field)))
            members.append(.init("values", tree.values.map { .strings($0) } ?? .null))
        }
        if !tree.parts.isEmpty { members.append(.init("parts", .array(tree.parts.map(json)))) }
        return .object(members)
    }

    private static func kind(_ kind: SigmaExplanation.Kind) -> String {
        switch kind {
        case .all: "all"
        case .any: "any"
        case .atLeast: "at_least"
        case .not: "not"
        case .search: "search"
        case .filter: "filter"
        case .test: "test"
        case .alternatives: "alternatives"
        }
    }
}
