// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Reads what a Sigma rule says beside its condition, the key `trailhound` included.
struct DetectionReader {
    let metadata: SigmaMetadata
    let kind: Detection.Kind
    let file: Catalog.RuleFile
    private(set) var problems: [Catalog.Problem] = []
    private var audience = Audience.analyst
    private var isEnabled = true
    private var evidence: [String] = []
    private var runbook = ""
    private var baseline: Baseline?
    private var travel: ImpossibleTravel?
    private var unless: Unless?
    private var merging = Merging()
    private let placeholders: [String: [String]]

    private let groupedBy: [String]

    init(
        _ metadata: SigmaMetadata, kind: Detection.Kind, file: Catalog.RuleFile, placeholders: [String: [String]] = [:],
        groupedBy: [String] = []
    ) {
        self.groupedBy = groupedBy
        self.placeholders = placeholders
        self.metadata = metadata
        self.kind = kind
        self.file = file
        evidence = metadata.fields
    }

    /// The detection, or nil where it can't be used.
    mutating func detection() -> Detection? {
        if metadata.level == nil { remark("'\(metadata.title)' has no level; medium is taken", metadata.line) }
        if let own = metadata.custom["trailhound"] { read(own) }
        guard !problems.contains(where: \.isError) else { return nil }
        return Detection(
            kind: kind, id: id, title: metadata.title, description: metadata.description ?? "",
            severity: metadata.level.flatMap { Severity(name: $0.rawValue) } ?? .medium, audience: audience,
            enabledByDefault: isEnabled, status: metadata.status?.rawValue ?? "", tags: metadata.tags,
            attackTechniques: metadata.tags.compactMap(Self.technique), references: metadata.references,
            falsePositives: metadata.falsePositives, author: metadata.author ?? "", runbook: runbook,
            evidenceFields: evidence, baseline: baseline, travel: travel, unless: unless, merging: merging,
            file: file.path, line: metadata.line, text: file.text, groupedBy: groupedBy)
    }

    /// The rule's id, or one that follows from its title, so that its alerts merge across restarts.
    private var id: String {
        if let id = metadata.id { return id.lowercased() }
        return EventID("untitled rule: " + metadata.title).guidText
    }

    private mutating func remark(_ message: String, _ line: Int) {
        problems.append(Catalog.Problem(file: file.path, line: line, message: message, isError: false))
    }

    private mutating func fail(_ message: String, _ node: YAMLNode) {
        problems.append(Catalog.Problem(file: file.path, line: node.line, message: message))
    }

    private mutating func read(_ node: YAMLNode) {
        guard let members = node.mapping else {
            fail("'trailhound' has to be a mapping", node)
            return
        }
        for member in members {
            let value = member.value
            switch member.key.string {
            case "audience":
                guard let named = value.string.flatMap(Audience.init(name:)) else {
                    fail("'audience' is analyst or owner", value)
                    continue
                }
                audience = named
            case "outcome":
                if !["success", "attempt", "either"].contains(value.string) {
                    fail("'outcome' is success, attempt or either", value)
                }
            case "enabled":
                guard let flag = value.bool else {
                    fail("'enabled' is true or false", value)
                    continue
                }
                isEnabled = flag
            case "runbook":
                guard let text = value.string else {
                    fail("'runbook' has to be a text", value)
                    continue
                }
                runbook = text
            case "evidence": readEvidence(value)
            case "first_seen", "rare", "impossible_travel", "unless", "merge":
                readStream(member.key.string ?? "", value)
            default: fail("'trailhound' has no key '\(member.key.text ?? "?")'", member.key)
            }
        }
    }

    /// What the stream remembers for the rule.
    private mutating func readStream(_ key: String, _ node: YAMLNode) {
        do throws(StreamKeyError) {
            if key == "merge" {
                merging = try StreamKeys.merging(node)
                return
            }
            guard kind == .rule else { throw StreamKeyError("'\(key)' is for rules, not for correlations", node) }
            if key == "unless" {
                guard travel == nil else { throw Self.travelAndUnless(node) }
                unless = try StreamKeys.unless(node)
                return
            }
            guard baseline == nil, travel == nil else {
                throw StreamKeyError("a rule has one of 'first_seen', 'rare' and 'impossible_travel'", node)
            }
            if key == "impossible_travel" {
                guard unless == nil else { throw Self.travelAndUnless(node) }
                travel = try StreamKeys.travel(node, placeholders)
                return
            }
            baseline = try StreamKeys.baseline(node, isRare: key == "rare")
        } catch { fail(error.message, error.node) }
    }

    private static func travelAndUnless(_ node: YAMLNode) -> StreamKeyError {
        StreamKeyError("a rule has 'impossible_travel' or 'unless', not both", node)
    }

    private mutating func readEvidence(_ node: YAMLNode) {
        let paths = (node.sequence ?? []).compactMap(\.string)
        guard let elements = node.sequence, paths.count == elements.count else {
            fail("'evidence' has to be a list of field paths", node)
            return
        }
        guard paths.count <= DetectLimits.evidenceFields else {
            fail("'evidence' has at most \(DetectLimits.evidenceFields) fields", node)
            return
        }
        evidence = paths
    }

    /// `attack.t1098.001` is T1098.001; other tags are no techniques.
    private static func technique(_ tag: String) -> String? {
        let lowered = tag.lowercased()
        guard lowered.hasPrefix("attack.t") else { return nil }
        let digits = lowered.dropFirst("attack.t".count)
        guard digits.count >= 4, digits.allSatisfy({ $0 == "." || $0.isASCII && $0.isNumber }) else { return nil }
        return "T" + digits
    }
}

extension Audience {
    init?(name: String) {
        switch name {
        case "analyst": self = .analyst
        case "owner": self = .owner
        default: return nil
        }
    }
}
