// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// Why a detection fires on an event, or why it does not.
package struct DetectionExplanation: Sendable {
    /// One rule: the detection itself, or one that a correlation counts.
    package struct Rule: Sendable {
        package let detection: Detection
        /// The rule's condition and its filters.
        package let tree: SigmaExplanation
        /// The exceptions that are for the rule.
        package let exceptions: [Exception]
        /// What else it asks, under `trailhound`. A correlation counts the event without asking it.
        package let extensions: [Extension]

        /// Whether the rule holds and nothing excepts the event or speaks against it.
        package var holds: Bool {
            tree.holds && !exceptions.contains(where: \.excepts) && !extensions.contains { $0.verdict == .fails }
        }

        package init(
            detection: Detection, tree: SigmaExplanation, exceptions: [Exception], extensions: [Extension]
        ) {
            (self.detection, self.tree, self.exceptions, self.extensions) = (detection, tree, exceptions, extensions)
        }
    }

    /// One exception of a rule.
    package struct Exception: Sendable {
        /// Who answers for it.
        package let owner: String
        /// Why these events are expected.
        package let reason: String
        /// Whether the event lies in its accounts and before its end.
        package let isInForce: Bool
        /// Its filter; it holds where the event is let through.
        package let tree: SigmaExplanation

        /// Whether the event is excepted.
        package var excepts: Bool { isInForce && !tree.holds }

        package init(owner: String, reason: String, isInForce: Bool, tree: SigmaExplanation) {
            (self.owner, self.reason, self.isInForce, self.tree) = (owner, reason, isInForce, tree)
        }
    }

    package let detection: Detection
    /// The rule, or those that a correlation counts.
    package let rules: [Rule]
    /// What the stream waits for that has the event and made no alert of it yet, in words; nil where it waits for nothing,
    /// or where nobody asked it.
    package var wait: String?

    package init(detection: Detection, rules: [Rule], wait: String? = nil) {
        (self.detection, self.rules, self.wait) = (detection, rules, wait)
    }

    /// Whether the event matches; of a correlation: whether it is counted.
    package var holds: Bool { rules.contains(where: \.holds) }

    /// Whether it matches only if what was seen before or after says so too.
    package var isOpen: Bool {
        holds && rules.allSatisfy { rule in !rule.holds || rule.extensions.contains { $0.verdict == .open } }
    }
}

extension Catalog {
    /// Explains a detection on one record. Pure: the same catalog and record give the same explanation, and its verdicts
    /// are the evaluator's own.
    ///
    /// - Parameters:
    ///   - record: one JSON object.
    ///   - exceptions: those that operators made.
    ///   - history: what came before and after it, for keys that ask for it; nil where that is not known.
    ///   - geography: where addresses are; nil to take the history's.
    package func explanation(
        of detection: Detection, on record: UnsafeRawBufferPointer, exceptions: [DetectionException] = [],
        history: ExplainedHistory? = nil, geography: Geography? = nil
    ) throws -> DetectionExplanation {
        var fields = FieldSet()
        let envelope = try EnvelopeFields(adding: &fields)
        let errors = [try fields.insert("errorCode"), try fields.insert("errorMessage")]
        let extractor = RecordExtractor(fields.compile())
        try extractor.extract(record)
        if errors.contains(where: { extractor.first($0).kind == .string && extractor.first($0).bytes.isEmpty }) {
            // The evaluator takes an empty error for none.
            return try Self.withoutEmptyErrors(record).withUnsafeBytes {
                try self.explanation(
                    of: detection, on: $0, exceptions: exceptions, history: history, geography: geography)
            }
        }
        let facts = LooseEvent(extractor, envelope)
        let account = AccountID(facts.accountID)
        let time = Array(facts.eventTime.utf8).withUnsafeBytes(EventTime.parse) ?? 0
        let rules = try self.rules(of: detection).map { index in
            let rule = self.rules[index]
            let own = (self.exceptions + exceptions).filter { $0.filter.applies(to: rule) }
            return DetectionExplanation.Rule(
                detection: detections[index], tree: try rule.explanation(on: record),
                exceptions: try own.map { exception in
                    DetectionExplanation.Exception(
                        owner: exception.owner, reason: exception.reason, isInForce: exception.covers(account, time),
                        tree: try exception.filter.rule.explanation(on: record))
                },
                extensions: detection.kind == .correlation
                    ? []
                    : try ExtensionExplainer(
                        detections[index], on: record, geography: geography ?? history?.geography ?? .none
                    )
                    .extensions)
        }
        let explanation = DetectionExplanation(detection: detection, rules: rules)
        guard explanation.isOpen, let history else { return explanation }
        let isMatch = try history.matches(of: detection, in: self).contains(facts.eventID)
        return explanation.answered(
            isMatch, reason: isMatch ? "by the records beside it" : "not by the records beside it")
    }

    /// A record without its `errorCode` and `errorMessage` where they are empty.
    private static func withoutEmptyErrors(_ record: UnsafeRawBufferPointer) throws -> [UInt8] {
        guard case .object(var object) = try JSONValue(parsing: Array(record)) else { return Array(record) }
        for key in ["errorCode", "errorMessage"] where object[key] == .string("") { object[key] = nil }
        var writer = JSONWriter()
        writer.value(.object(object))
        return writer.bytes
    }

    /// A correlation by its id or name and the rules that it counts, be it through others.
    package func counted(byCorrelation name: String) -> (correlation: Detection, rules: [Detection])? {
        guard let index = RuleNames(correlations.map(\.metadata)).first(name) else { return nil }
        return (correlated[index], rules(of: correlated[index]).map { detections[$0] })
    }

    /// The rules that a detection comes down to: itself, or those that the correlation counts, be it through others.
    private func rules(of detection: Detection) -> [Int] {
        if let rule = detections.firstIndex(where: { $0 === detection }) { return [rule] }
        let counted = counted { $0 === detection }
        return counted.rules.sorted()
    }
}

/// Reads single records out of event files.
package enum EventFileReader {
    /// The records of a file of any form that events come in, plain or gzip; up to `limit`.
    ///
    /// - Parameter eventID: only records of this id; nil for all.
    package static func records(
        path: String, eventID: String? = nil, limit: Int = DetectLimits.explainedRecords
    ) throws -> [[UInt8]] {
        let extractor = RecordExtractor(try FieldSet(["eventID"]).compile())
        var records: [[UInt8]] = []
        var failure: Rejection?
        try EventFile().forEachRecord(path: path, extractor) { item, _ in
            switch item {
            case .record(let record):
                guard records.count < limit, eventID == nil || extractor.first(0).string == eventID else { return }
                records.append(Array(record))
            case .refused(let rejection), .damaged(let rejection): failure = failure ?? rejection
            }
        }
        if records.isEmpty, let failure { throw failure }
        return records
    }
}
