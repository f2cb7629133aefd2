// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// The stored form of an alert: a version byte, then fields of a tag, a length and bytes. A reader skips the tags that
/// it doesn't know, so that older alerts and newer ones stay readable. Tags are on disk: never renumber them.
package enum AlertCodec {
    /// Stored bytes that are no alert.
    package struct Malformed: Error, Sendable {}

    private static let version: UInt8 = 1

    private enum Tag: UInt64 {
        case id = 1, detectionID, title, description, severity, status, audience, accountID, principal, actorType
        case actorARN, accessKeyID, actorAccountID, sourceIP, userAgent, sourceIdentity, first, last, createdAt
        case updatedAt, matchCount, event, fact, attackTechnique, historical, revision, eventSource, eventName, region
        case mergedInto, duetAnswer, note, runbook, matchedAt, remediation, principalID, window, part, mergeKey
        case actorAuthenticated
    }

    package static func encode(_ alert: Alert) -> [UInt8] {
        var writer = FieldWriter()
        writer.bytes.reserveCapacity(512 + alert.description.utf8.count + alert.events.count * 28)
        writer.bytes.append(version)
        writeTexts(alert, &writer)
        writer.number(Tag.severity.rawValue, UInt64(alert.severity.rawValue))
        writer.number(Tag.status.rawValue, UInt64(alert.status.rawValue))
        writer.number(Tag.audience.rawValue, UInt64(alert.audience.rawValue))
        writer.number(Tag.accountID.rawValue, alert.accountID.number)
        writer.field(Tag.first.rawValue) { $0.reference(alert.first) }
        writer.field(Tag.last.rawValue) { $0.reference(alert.last) }
        writer.number(Tag.createdAt.rawValue, UInt64(bitPattern: alert.createdAt))
        writer.number(Tag.updatedAt.rawValue, UInt64(bitPattern: alert.updatedAt))
        writer.number(Tag.matchedAt.rawValue, UInt64(bitPattern: alert.matchedAt))
        writer.number(Tag.matchCount.rawValue, alert.matchCount)
        for event in alert.events { writer.field(Tag.event.rawValue) { $0.reference(event) } }
        for fact in alert.matches.facts {
            writer.field(Tag.fact.rawValue) {
                $0.string(fact.evidence.name)
                $0.string(fact.evidence.value)
                $0.reference(fact.since)
            }
        }
        for remediation in alert.remediations {
            writer.field(Tag.remediation.rawValue) {
                for text in [remediation.id, remediation.action, remediation.target, remediation.outcome] {
                    $0.string(text)
                }
                $0.varint(UInt64(remediation.state.rawValue))
                $0.varint(UInt64(bitPattern: remediation.updatedAt))
            }
        }
        writer.number(Tag.historical.rawValue, alert.historical ? 1 : 0)
        writer.number(Tag.revision.rawValue, alert.revision)
        if alert.isActorAuthenticated { writer.number(Tag.actorAuthenticated.rawValue, 1) }
        writer.number(Tag.window.rawValue, UInt64(bitPattern: alert.window))
        if let key = alert.mergeKey { writer.text(Tag.mergeKey.rawValue, key) }
        for part in alert.parts { writer.field(Tag.part.rawValue) { write(part, of: alert, &$0) } }
        if let answer = alert.duetAnswer { writer.number(Tag.duetAnswer.rawValue, UInt64(answer.rawValue)) }
        return writer.bytes
    }

    /// A part is written as an alert of its matches alone, as versions before it read it; what the rule says stands in the
    /// whole alert.
    private static func write(_ part: Alert.Part, of alert: Alert, _ writer: inout FieldWriter) {
        writer.varint(part.session == nil ? 0 : 1)
        if let session = part.session {
            writer.session(session.identity)
            writer.varint(UInt64(session.watched.count))
            for key in session.watched {
                writer.varint(key.high)
                writer.varint(key.low)
            }
        }
        var alone = alert
        (alone.matches, alone.severity, alone.parts) = (part.matches, part.severity, [])
        (alone.revision, alone.status) = (0, .open)
        (alone.title, alone.description, alone.runbook, alone.note) = ("", "", "", "")
        (alone.attackTechniques, alone.mergedInto, alone.remediations, alone.duetAnswer) = ([], "", [], nil)
        writer.bytes += encode(alone)
    }

    private static func readPart(_ field: inout FieldReader) throws(Malformed) -> Alert.Part {
        var session: PendingSession?
        if try field.number() == 1 {
            let identity = try field.session()
            var watched: [CorrelationKey] = []
            for _ in 0..<min(try field.number(), UInt64(3 * DetectLimits.lineageDepth)) {
                watched.append(CorrelationKey(high: try field.number(), low: try field.number()))
            }
            session = PendingSession(identity: identity, watched: watched)
        }
        let alone = try decode(field.rest)
        return Alert.Part(session: session, severity: alone.severity, matches: alone.matches)
    }

    private static func writeTexts(_ alert: Alert, _ writer: inout FieldWriter) {
        let actor = alert.actor
        let texts: [(Tag, String)] = [
            (.id, alert.id), (.detectionID, alert.detectionID), (.title, alert.title),
            (.description, alert.description), (.principal, actor.principal), (.actorType, actor.type),
            (.actorARN, actor.arn), (.accessKeyID, actor.accessKeyID), (.actorAccountID, actor.accountID),
            (.sourceIP, actor.sourceIP), (.userAgent, actor.userAgent), (.sourceIdentity, actor.sourceIdentity),
            (.eventSource, alert.eventSource), (.eventName, alert.eventName), (.region, alert.region),
            (.mergedInto, alert.mergedInto), (.note, alert.note), (.runbook, alert.runbook),
            (.principalID, actor.principalID),
        ]
        for (tag, text) in texts where !text.isEmpty { writer.text(tag.rawValue, text) }
        for technique in alert.attackTechniques { writer.text(Tag.attackTechnique.rawValue, technique) }
    }

    package static func decode(_ bytes: some Collection<UInt8>) throws(Malformed) -> Alert {
        var reader = FieldReader(Array(bytes))
        guard reader.byte() == version else { throw Malformed() }
        var alert = Alert.blank
        var hasReferences = (false, false)
        while !reader.isAtEnd {
            let (number, body) = try reader.field()
            guard let tag = Tag(rawValue: number) else { continue }
            if tag == .first { hasReferences.0 = true }
            if tag == .last { hasReferences.1 = true }
            var field = FieldReader(body)
            if try read(tag, &field, into: &alert) { continue }
            readText(tag, field, into: &alert)
        }
        guard !alert.id.isEmpty, !alert.detectionID.isEmpty, hasReferences == (true, true) else { throw Malformed() }
        return alert
    }

    /// Reads a field that is no text; false where it is one.
    private static func read(_ tag: Tag, _ field: inout FieldReader, into alert: inout Alert) throws(Malformed) -> Bool
    {
        switch tag {
        case .severity: alert.severity = try field.raw(Severity.init)
        case .status: alert.status = try field.raw(AlertStatus.init)
        case .audience: alert.audience = try field.raw(Audience.init)
        case .accountID:
            guard let account = AccountID(number: try field.number()) else { throw Malformed() }
            alert.accountID = account
        case .first: alert.matches.first = try field.reference()
        case .last: alert.matches.last = try field.reference()
        case .createdAt: alert.createdAt = try field.milliseconds()
        case .updatedAt: alert.updatedAt = try field.milliseconds()
        case .matchedAt: alert.matches.matchedAt = try field.milliseconds()
        case .matchCount: alert.matches.count = try field.count()
        case .event: alert.matches.events.append(try field.reference())
        case .fact:
            let evidence = Evidence(name: try field.string(), value: try field.string())
            alert.matches.facts.append(MatchGroup.Fact(evidence: evidence, since: try field.reference()))
        case .remediation:
            let (id, action) = (try field.string(), try field.string())
            let (target, outcome) = (try field.string(), try field.string())
            alert.remediations.append(
                AlertRemediation(
                    id: id, action: action, target: target, state: try field.raw(AlertRemediation.State.init),
                    outcome: outcome, updatedAt: try field.milliseconds()))
        case .window: alert.matches.window = try field.milliseconds()
        case .part: alert.parts.append(try readPart(&field))
        case .historical: alert.matches.historical = try field.number() != 0
        case .actorAuthenticated: alert.matches.isActorAuthenticated = try field.number() != 0
        case .revision: alert.revision = try field.count()
        case .duetAnswer: alert.duetAnswer = try field.raw(DuetAnswer.init)
        default: return false
        }
        return true
    }

    private static func readText(_ tag: Tag, _ field: FieldReader, into alert: inout Alert) {
        let text = field.text
        switch tag {
        case .id: alert.id = text
        case .detectionID: alert.detectionID = text
        case .title: alert.title = text
        case .description: alert.description = text
        case .principal: alert.matches.actor.principal = text
        case .actorType: alert.matches.actor.type = text
        case .actorARN: alert.matches.actor.arn = text
        case .accessKeyID: alert.matches.actor.accessKeyID = text
        case .actorAccountID: alert.matches.actor.accountID = text
        case .sourceIP: alert.matches.actor.sourceIP = text
        case .userAgent: alert.matches.actor.userAgent = text
        case .sourceIdentity: alert.matches.actor.sourceIdentity = text
        case .eventSource: alert.matches.eventSource = text
        case .eventName: alert.matches.eventName = text
        case .region: alert.matches.region = text
        case .mergedInto: alert.mergedInto = text
        case .mergeKey: alert.mergeKey = text
        case .principalID: alert.matches.actor.principalID = text
        case .note: alert.note = text
        case .runbook: alert.runbook = text
        case .attackTechnique: alert.attackTechniques.append(text)
        default: break
        }
    }
}
