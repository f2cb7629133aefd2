// SPDX-License-Identifier: Apache-2.0

import Detect
import Messages
import Sigma

/// Explanations as trees of text and as JSON.
package enum ExplanationPresentation {
    /// A line for the verdict, then the tree, a line a part.
    package static func lines(_ explanation: DetectionExplanation, colour: Bool) -> [String] {
        var lines: [String] = []
        let isCounted = explanation.detection.kind == .correlation
        let verdict =
            switch (explanation.holds, isCounted) {
            case (true, false) where explanation.isOpen: "fires, if what was seen before or after says so too"
            case (true, false): "fires"
            case (false, false): "does not fire"
            case (true, true): "counts the event"
            case (false, true): "does not count the event"
            }
        let title = Escaping.visible(explanation.detection.title)
        lines.append(styled("\(title): \(verdict)", explanation.holds ? .green : .red, colour))
        if let wait = explanation.wait { lines.append(Escaping.visible("the service waits \(wait)")) }
        for rule in explanation.rules {
            if isCounted { lines.append("rule \(Escaping.visible(rule.detection.title))") }
            let isAlone = rule.exceptions.isEmpty && rule.extensions.isEmpty
            add(rule.tree, prefix: "", isLast: isAlone, to: &lines, colour)
            for (index, asked) in rule.extensions.enumerated() {
                let isLast = rule.exceptions.isEmpty && index == rule.extensions.count - 1
                add(asked, isLast: isLast, to: &lines, colour)
            }
            for (index, exception) in rule.exceptions.enumerated() {
                let isLast = index == rule.exceptions.count - 1
                lines.append((isLast ? "└─ " : "├─ ") + text(exception))
                add(
                    exception.tree, prefix: isLast ? "   " : "│  ", isLast: true, to: &lines, colour)
            }
        }
        return lines
    }

    /// Until when a match waits, and why: `until …, since …`.
    package static func text(_ wait: WaitingMatch) -> String {
        let why =
            switch wait.reason {
            case .clearing: "a following event may clear it"
            case .actor: "who made the session is not known for certain yet"
            case .correlation: "an event more may undo what the correlation's windows hold"
            default: "what comes decides"
            }
        let clock = "the service's clock is later than \(Clock.short(wait.deadline)) UTC"
        guard let due = wait.dueTime else { return "until \(clock), since \(why)" }
        return "until the account has an event later than \(Clock.short(due)) UTC, or \(clock), since \(why)"
    }

    private static func text(_ exception: DetectionExplanation.Exception) -> String {
        let state = exception.excepts ? "excepts the event" : exception.isInForce ? "does not apply" : "not in force"
        return Escaping.visible("exception of \(exception.owner), \(state): \(exception.reason)")
    }

    /// A line for what is asked and why it holds or not, then one for each field that it looks at.
    private static func add(
        _ asked: DetectionExplanation.Extension, isLast: Bool, to lines: inout [String], _ colour: Bool
    ) {
        let mark =
            switch asked.verdict {
            case .holds: styled("yes", .green, colour)
            case .fails: styled("no ", .red, colour)
            case .open: "?  "
            }
        let reason = styled("  (\(Escaping.visible(asked.reason)))", .faint, colour)
        lines.append("\(isLast ? "└─ " : "├─ ")\(mark) \(asked.key): \(Escaping.visible(asked.text))\(reason)")
        for (index, fact) in asked.facts.enumerated() {
            let branch = index == asked.facts.count - 1 ? "└─ " : "├─ "
            let value = styled("  <- \(Escaping.visible(fact.value ?? "absent"))", .faint, colour)
            lines.append("\(isLast ? "   " : "│  ")\(branch)\(Escaping.visible(fact.field))\(value)")
        }
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
            .init("open", .bool(explanation.isOpen)),
            .init("waits", explanation.wait.map { .string($0) } ?? .null),
            .init("rules", .array(explanation.rules.map(json))),
        ])
    }

    private static func json(_ rule: DetectionExplanation.Rule) -> JSONNode {
        .object([
            .init("detection_id", .string(rule.detection.id)),
            .init("holds", .bool(rule.holds)),
            .init("condition", json(rule.tree)),
            .init("extensions", .array(rule.extensions.map(json))),
            .init(
                "exceptions",
                .array(
                    rule.exceptions.map { exception in
                        .object([
                            .init("owner", .string(exception.owner)),
                            .init("reason", .string(exception.reason)),
                            .init("in_force", .bool(exception.isInForce)),
                            .init("excepts", .bool(exception.excepts)),
                            .init("filter", json(exception.tree)),
                        ])
                    })),
        ])
    }

    private static func json(_ asked: DetectionExplanation.Extension) -> JSONNode {
        .object([
            .init("key", .string(asked.key)),
            .init("text", .string(asked.text)),
            .init("verdict", .string(asked.verdict.rawValue)),
            .init("reason", .string(asked.reason)),
            .init(
                "values",
                .array(
                    asked.facts.map { fact in
                        .object([
                            .init("field", .string(fact.field)),
                            .init("value", fact.value.map { .string($0) } ?? .null),
                        ])
                    })),
        ])
    }

    private static func json(_ tree: SigmaExplanation) -> JSONNode {
        var members: [JSONNode.Member] = [
            .init("kind", .string(tree.kind.name)), .init("text", .string(tree.text)),
            .init("holds", .bool(tree.holds)),
        ]
        if let field = tree.field {
            members.append(.init("field", .string(field)))
            members.append(.init("values", tree.values.map { .strings($0) } ?? .null))
        }
        if !tree.parts.isEmpty { members.append(.init("parts", .array(tree.parts.map(json)))) }
        return .object(members)
    }
}
