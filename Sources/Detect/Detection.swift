// SPDX-License-Identifier: Apache-2.0

/// What the catalog says of one detection, beside its condition. Shared by reference: every match names one.
package final class Detection: Sendable {
    /// What an alert of it stands for.
    package enum Kind: Sendable {
        /// A rule held on an event.
        case rule
        /// Events of other detections, counted within a time span.
        case correlation
    }

    package let kind: Kind
    /// The fields or aliases that a correlation groups by; empty for rules.
    package let groupedBy: [String]
    /// The Sigma rule's id.
    package let id: String
    package let title: String
    package let description: String
    package let severity: Severity
    package let audience: Audience
    /// Whether the rule's author wants it on where the operator said nothing.
    package let enabledByDefault: Bool
    /// The Sigma rule's status, for example `test`.
    package let status: String
    package let tags: [String]
    /// ATT&CK technique ids, for example `T1098.001`.
    package let attackTechniques: [String]
    package let references: [String]
    package let falsePositives: [String]
    package let author: String
    /// What to do.
    package let runbook: String
    /// The fields that explain a match.
    package let evidenceFields: [String]
    /// What has to be new, or seldom, for the rule to match; nil where it matches by itself.
    package let baseline: Baseline?
    /// Between which events nobody can have travelled; nil where the rule matches by itself.
    package let travel: ImpossibleTravel?
    /// What clears a match that it follows; nil where nothing does.
    package let unless: Unless?
    /// By what and within what time matches merge into one alert.
    package let merging: Merging
    /// The path below the rules folder.
    package let file: String
    /// Where the rule begins in its file, counted from 1.
    package let line: Int
    /// The text of the whole file.
    package let text: String

    package init(
        kind: Kind = .rule, id: String, title: String, description: String = "", severity: Severity,
        audience: Audience = .analyst,
        enabledByDefault: Bool = true, status: String = "", tags: [String] = [], attackTechniques: [String] = [],
        references: [String] = [], falsePositives: [String] = [], author: String = "", runbook: String = "",
        evidenceFields: [String] = [], baseline: Baseline? = nil, travel: ImpossibleTravel? = nil,
        unless: Unless? = nil,
        merging: Merging = Merging(), file: String = "",
        line: Int = 0, text: String = "", groupedBy: [String] = []
    ) {
        self.kind = kind
        self.groupedBy = groupedBy
        self.id = id
        self.title = title
        self.description = description
        self.severity = severity
        self.audience = audience
        self.enabledByDefault = enabledByDefault
        self.status = status
        self.tags = tags
        self.attackTechniques = attackTechniques
        self.references = references
        self.falsePositives = falsePositives
        self.author = author
        self.runbook = runbook
        self.evidenceFields = evidenceFields
        self.baseline = baseline
        self.travel = travel
        self.unless = unless
        self.merging = merging
        self.file = file
        self.line = line
        self.text = text
    }
}

extension Detection {
    /// Whether one event alone does not decide: it takes the stream to say whether it is a match.
    package var needsStream: Bool { kind == .correlation || baseline != nil || travel != nil || unless != nil }

    /// Whether all events behind a match are of one principal. A correlation that groups by anything else, as by the source
    /// address, counts together what people behind one address did apart.
    package var isOfOneActor: Bool { kind == .rule || groupedBy.contains(where: Self.principalFields.contains) }

    private static let principalFields: Set<String> = [
        "userIdentity.arn", "userIdentity.principalId", "userIdentity.accessKeyId", "userIdentity.userName",
        "userIdentity.sessionContext.sessionIssuer.arn", "userIdentity.sessionContext.sessionIssuer.principalId",
    ]

    /// What of the world it can't do without.
    package var needs: Geography.Knowledge? {
        if travel != nil { return .city }
        return baseline?.fields.contains(Baseline.autonomousSystem) == true ? .network : nil
    }
}
