// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

extension DetectionExplanation {
    /// One key of `trailhound` that has a say in whether an event on which the rule holds makes an alert.
    package struct Extension: Sendable, Equatable {
        /// What it says.
        package enum Verdict: String, Sendable {
            case holds
            case fails
            /// What was seen before or after decides, and is not known here.
            case open
        }

        /// A field that it looks at, and what the event has there; nil where that is nothing.
        package struct Fact: Sendable, Equatable {
            package let field: String
            package let value: String?

            package init(field: String, value: String?) { (self.field, self.value) = (field, value) }
        }

        /// The key, for example `first_seen`.
        package let key: String
        /// What it asks, in words.
        package let text: String
        package let facts: [Fact]
        package var verdict: Verdict
        /// Why, or on what it depends.
        package var reason: String

        package init(key: String, text: String, facts: [Fact], verdict: Verdict, reason: String) {
            (self.key, self.text, self.facts, self.verdict, self.reason) = (key, text, facts, verdict, reason)
        }
    }
}

extension DetectionExplanation {
    /// The explanation where it is known whether the event is a match: what was open is answered by it.
    package func answered(_ isMatch: Bool, reason: String) -> DetectionExplanation {
        let rules = rules.map { rule in
            let extensions = rule.extensions.map { asked in
                guard asked.verdict == .open else { return asked }
                var asked = asked
                (asked.verdict, asked.reason) = (isMatch ? .holds : .fails, reason)
                return asked
            }
            return Rule(
                detection: rule.detection, tree: rule.tree, exceptions: rule.exceptions, extensions: extensions)
        }
        return DetectionExplanation(detection: detection, rules: rules)
    }
}

/// What came before and after an event, for keys that ask for it.
package struct ExplainedHistory: Sendable {
    /// Records in the order in which they arrived.
    package let records: [[UInt8]]
    /// Where addresses are.
    package let geography: Geography

    package init(records: [[UInt8]], geography: Geography = .none) {
        self.records = records
        self.geography = geography
    }

    /// The ids of the events that make matches of a detection, as the stream finds it over all records.
    func matches(of detection: Detection, in catalog: Catalog) throws -> Set<String> {
        let plan = try DetectionPlan(catalog, geography: geography) { $0 === detection }
        let joined = records.flatMap { $0 }
        let batch = try joined.withUnsafeBytes { bytes in
            var parts: [UnsafeRawBufferPointer] = []
            var start = 0
            for record in records {
                parts.append(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + record.count)]))
                start += record.count
            }
            return try BatchEvaluator().evaluate(.records(parts), plan: plan, accounts: .all) { _, _, _ in }
        }
        var stage = DetectionStage(reportsMatches: true)
        // By a clock that stands still at the beginning of time nothing is over before the end.
        let matches = stage.apply(batch, now: 0).matches + stage.release(plan, now: 0, all: true).matches
        return Set(matches.lazy.map(\.match).filter { $0.detection === detection }.map(\.event.reference.text))
    }
}

/// Explains the keys of one detection on one record.
struct ExtensionExplainer {
    private let detection: Detection
    private let extractor: RecordExtractor
    private let fields: [String]
    private let facts: LooseEvent
    private let geography: Geography

    typealias Extension = DetectionExplanation.Extension

    init(_ detection: Detection, on record: UnsafeRawBufferPointer, geography: Geography) throws {
        self.detection = detection
        self.geography = geography
        var set = FieldSet()
        let envelope = try EnvelopeFields(adding: &set)
        var fields = ["sourceIPAddress"] + (detection.baseline?.fields ?? []) + (detection.unless?.fields ?? [])
        if case .fields(let names) = detection.merging.key { fields += names }
        self.fields = fields.filter { $0 != Baseline.network && $0 != Baseline.autonomousSystem }
        for field in self.fields { try set.insert(field) }
        extractor = RecordExtractor(set.compile())
        try extractor.extract(record)
        facts = LooseEvent(extractor, envelope)
    }

    var extensions: [Extension] { [baseline, travel, unless, merge].compactMap { $0 } }

    private var baseline: Extension? {
        guard let baseline = detection.baseline else { return nil }
        let facts = facts(baseline.fields)
        let scope = baseline.scope == .actor ? "for the actor" : "in the account"
        let (key, text) =
            baseline.atMost == 0
            ? ("first_seen", "not seen \(scope) in \(days(baseline.days)) before")
            : ("rare", "seen \(scope) on at most \(baseline.atMost) of \(days(baseline.days)) before")
        if let missing = facts.first(where: { $0.value == nil }) {
            return Extension(
                key: key, text: text, facts: facts, verdict: .fails, reason: "the event has no \(missing.field)")
        }
        var reason = "what was seen before decides"
        if baseline.learningHours > 0, detection.severity < .high {
            reason += "; no alert in the first \(baseline.learningHours) hours"
        }
        return Extension(key: key, text: text, facts: facts, verdict: .open, reason: reason)
    }

    private var travel: Extension? {
        guard let travel = detection.travel else { return nil }
        let address = extractor.fields.fields.slot(of: "sourceIPAddress").map { extractor.first($0) }
        let value = address.flatMap { $0.hasText ? $0.string : nil }
        let place = value.flatMap(geography.place)
        let shown = value.map { text in place.map { "\(text) (\($0.name))" } ?? text }
        func made(_ verdict: Extension.Verdict, _ reason: String) -> Extension {
            Extension(
                key: "impossible_travel",
                text:
                    "further than \(Int(travel.distance)) km from an earlier call, faster than \(Int(travel.speed)) km/h",
                facts: [.init(field: "sourceIPAddress", value: shown)], verdict: verdict, reason: reason)
        }
        guard facts.errorCode.isEmpty else { return made(.fails, "the call failed: \(facts.errorCode)") }
        guard let value, let isIgnored = travel.ignored.contains(value) else {
            return made(.fails, "the source is no address")
        }
        if isIgnored { return made(.fails, "the address is in a network that is passed over") }
        if geography.has(.city), place == nil { return made(.fails, "nobody knows where the address is") }
        return made(.open, "where the actor was before and after decides")
    }

    private var unless: Extension? {
        guard let unless = detection.unless else { return nil }
        let facts = facts(unless.fields)
        let text = "no event of \(unless.rule) with the same values within \(unless.within / 60_000) min"
        if let missing = facts.first(where: { $0.value == nil }) {
            return Extension(
                key: "unless", text: text, facts: facts, verdict: .holds,
                reason: "the event has no \(missing.field), so nothing clears it")
        }
        return Extension(
            key: "unless", text: text, facts: facts, verdict: .open,
            reason: "what follows decides; the alert waits for it until \(unless.lateness / 60_000) min after")
    }

    private var merge: Extension? {
        let window = detection.merging.window.map { "within \($0 / 60_000) min of one another" } ?? ""
        switch detection.merging.key {
        case .actor where detection.merging.window == nil: return nil
        case .actor: return merge("matches of an actor \(window)", [])
        case .account: return merge("matches of the account \(window)", [])
        case .fields(let names): return merge("matches with the same values \(window)", facts(names))
        }
    }

    private func merge(_ text: String, _ facts: [Extension.Fact]) -> Extension {
        let text = text.last == " " ? String(text.dropLast()) : text
        return Extension(key: "merge", text: text, facts: facts, verdict: .holds, reason: "they make one alert")
    }

    private func days(_ count: Int) -> String { count == 1 ? "a day" : "\(count) days" }

    private func facts(_ names: [String]) -> [Extension.Fact] {
        names.map { name in
            switch name {
            case Baseline.network: .init(field: name, value: source.map(SourceNetwork.name))
            case Baseline.autonomousSystem:
                .init(
                    field: name,
                    value: source.map { geography.network(of: $0).map { "AS\($0)" } ?? SourceNetwork.name(of: $0) })
            default: .init(field: name, value: text(name))
            }
        }
    }

    private var source: String? { text("sourceIPAddress") }

    private func text(_ field: String) -> String? {
        guard let slot = extractor.fields.fields.slot(of: field) else { return nil }
        return extractor.values(slot).first(where: \.hasText)?.string
    }
}
