// SPDX-License-Identifier: Apache-2.0

import Detect
import Messages
import Sigma

extension Detect.DetectionExplanation {
    /// Reads an explanation of the service.
    package init(_ message: Explanation) {
        self.init(
            detection: Detect.Detection(
                kind: message.correlation ? .correlation : .rule, id: message.detectionID, title: message.title,
                severity: .medium), rules: message.rules.map(Rule.init))
    }
}

extension Detect.DetectionExplanation.Rule {
    fileprivate init(_ message: ExplainedRule) {
        self.init(
            detection: Detect.Detection(id: message.detectionID, title: message.title, severity: .medium),
            tree: SigmaExplanation(message.condition),
            exceptions: message.exceptions.map { exception in
                Detect.DetectionExplanation.Exception(
                    owner: exception.owner, reason: exception.reason, isInForce: exception.inForce,
                    tree: SigmaExplanation(exception.filter))
            },
            extensions: message.extensions.map { asked in
                Detect.DetectionExplanation.Extension(
                    key: asked.key, text: asked.text,
                    facts: asked.facts.map { .init(field: $0.field, value: $0.present ? $0.value : nil) },
                    verdict: .init(rawValue: asked.verdict) ?? .open, reason: asked.reason)
            })
    }
}

extension SigmaExplanation {
    /// Puts the parts of a condition together again, each with those that follow it and stand deeper.
    fileprivate init(_ parts: [ExplainedPart]) {
        var open: [(depth: UInt32, tree: SigmaExplanation)] = []
        func close(to depth: UInt32) {
            while open.count > 1, let last = open.last, last.depth >= depth {
                open.removeLast()
                open[open.count - 1].tree.parts.append(last.tree)
            }
        }
        for part in parts {
            close(to: part.depth)
            let tree = SigmaExplanation(
                kind: Kind(named: part.kind) ?? .test, text: part.text, holds: part.holds,
                field: part.field.isEmpty ? nil : part.field, values: part.present ? part.values : nil)
            open.append((part.depth, tree))
        }
        close(to: 0)
        self = open.first?.tree ?? SigmaExplanation(kind: .all, text: "", holds: false)
    }
}
