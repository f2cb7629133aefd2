// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Detect
import Messages
import RPC
import Sigma

/// DetectionService's explanations: of the rules that run, with the exceptions and placeholders that they have.
extension DetectionServer {
    func explainDetection(
        _ request: ExplainDetectionRequest, _ context: CallContext
    ) async throws -> ExplainDetectionResponse {
        let detection = try find(request.detectionID)
        guard (1...Limits.explainedEvents).contains(request.events.count) else {
            throw Validation.failure(
                "events", "are \(request.events.count); 1 to \(Limits.explainedEvents) can be explained")
        }
        guard request.history.count <= DetectLimits.explainedHistory else {
            throw Validation.failure("history", "holds more than \(DetectLimits.explainedHistory) records")
        }
        let caller = try access.caller(context)
        let catalog = pipeline.catalog.catalog
        // Only those that the caller may list.
        let exceptions = pipeline.catalog.tuning.exceptions.filter { exception in
            exception.accounts.isEmpty || exception.accounts.contains(where: caller.covers)
        }
        let geography = pipeline.catalog.geography
        let (events, history) = (request.events, request.history)
        let explanations = try await pipeline.trials.run(caller.party) { isCancelled in
            let known =
                history.isEmpty ? nil : ExplainedHistory(records: history.map(\.array), geography: geography)
            return try events.enumerated().map { index, event in
                if isCancelled() { throw CancellationError() }
                do {
                    return try event.withUnsafeBytes { bytes in
                        try catalog.explanation(
                            of: detection, on: bytes, exceptions: exceptions, history: known, geography: geography)
                    }
                } catch { throw Validation.failure("events[\(index)]", "can't be read: \(error)") }
            }
        }
        return ExplainDetectionResponse(explanations: explanations.map(Explanation.init))
    }
}

extension Explanation {
    init(_ explanation: Detect.DetectionExplanation) {
        self.init(
            detectionID: explanation.detection.id, title: explanation.detection.title,
            correlation: explanation.detection.kind == .correlation,
            rules: explanation.rules.map(ExplainedRule.init), holds: explanation.holds, open: explanation.isOpen)
    }
}

extension ExplainedRule {
    init(_ rule: Detect.DetectionExplanation.Rule) {
        self.init(
            detectionID: rule.detection.id, title: rule.detection.title, holds: rule.holds,
            condition: ExplainedPart.parts(of: rule.tree),
            extensions: rule.extensions.map { asked in
                ExplainedExtension(
                    key: asked.key, text: asked.text, verdict: asked.verdict.rawValue, reason: asked.reason,
                    facts: asked.facts.map {
                        ExplainedFact(field: $0.field, present: $0.value != nil, value: $0.value ?? "")
                    })
            },
            exceptions: rule.exceptions.map { exception in
                ExplainedException(
                    owner: exception.owner, reason: exception.reason, inForce: exception.isInForce,
                    filter: ExplainedPart.parts(of: exception.tree))
            })
    }
}

extension ExplainedPart {
    /// A tree as a list, each part before those below it.
    fileprivate static func parts(of tree: SigmaExplanation) -> [ExplainedPart] {
        var parts: [ExplainedPart] = []
        // Conditions nest no deeper than their parser lets them.
        func add(_ tree: SigmaExplanation, depth: UInt32) {
            parts.append(
                ExplainedPart(
                    kind: tree.kind.name, text: tree.text, holds: tree.holds, field: tree.field ?? "",
                    present: tree.values != nil, values: tree.values ?? [], depth: depth))
            for part in tree.parts { add(part, depth: depth + 1) }
        }
        add(tree, depth: 0)
        return parts
    }
}
