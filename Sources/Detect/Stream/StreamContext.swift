// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The stored form of an event that correlations remember: what an alert needs of it, as short as can be, since a million
/// of them may be in memory. What a list shows beside the principal (session ARN, user agent) is left out.
enum StreamContext {
    /// An event as it was remembered.
    struct Recalled {
        let event: MatchedEvent
        let evidence: [Evidence]
        let historical: Bool
    }

    private enum Tag: UInt64 {
        case unusualID = 1, account, principal, type, accessKeyID, principalID, actorAccount, sourceIP, sourceIdentity
        case region, eventSource, eventName, errorCode, evidence, historical
        /// The same, said shorter: a principal of IAM in the event's account, a source by its name before AWS's domain, a
        /// type and a fact's name by their places in the tables below, and a fact whose value is the principal.
        case localPrincipal, service, usualType, usualFact, principalFact
    }

    /// What the tables' places stand for. They are on disk: a new one goes behind the others.
    private static let usualTypes = ["IAMUser", "AssumedRole", "Root", "AWSService", "AWSAccount", "FederatedUser"]
    private static let usualFacts = [
        "userIdentity.arn", "sourceIPAddress", "eventName", "awsRegion", "userIdentity.userName",
        "userIdentity.accessKeyId", "userIdentity.principalId", "userAgent", "errorCode", "eventSource",
        "requestParameters.secretId", "requestParameters.userName", "requestParameters.roleName",
        "requestParameters.bucketName", "requestParameters.instanceId", "requestParameters.name",
    ]
    private static let domain = ".amazonaws.com"

    /// What principals of IAM in an account begin with.
    private static func local(_ account: AccountID) -> String { "arn:aws:iam::\(account):" }

    static func encode(_ event: MatchedEvent, _ evidence: [Evidence], historical: Bool) -> [UInt8] {
        var writer = FieldWriter()
        writer.bytes.reserveCapacity(192)
        if !event.reference.isPlainGUID { writer.text(Tag.unusualID.rawValue, event.reference.text) }
        writer.number(Tag.account.rawValue, event.accountID.number)
        let actor = event.actor
        let local = local(event.accountID)
        let isLocal = actor.principal.hasPrefix(local)
        let isService = event.eventSource.hasSuffix(domain)
        let type = usualTypes.firstIndex(of: actor.type)
        if let type { writer.number(Tag.usualType.rawValue, UInt64(type)) }
        for (tag, text) in [
            isLocal
                ? (Tag.localPrincipal, String(actor.principal.dropFirst(local.count))) : (.principal, actor.principal),
            (.type, type == nil ? actor.type : ""), (.accessKeyID, actor.accessKeyID),
            (.principalID, actor.principalID), (.sourceIP, actor.sourceIP), (.sourceIdentity, actor.sourceIdentity),
            (.region, event.region),
            isService
                ? (.service, String(event.eventSource.dropLast(domain.count))) : (.eventSource, event.eventSource),
            (.eventName, event.eventName),
            (.errorCode, event.errorCode),
            (.actorAccount, actor.accountID == event.accountID.description ? "" : actor.accountID),
        ] where !text.isEmpty { writer.text(tag.rawValue, text) }
        for fact in evidence {
            guard let place = usualFacts.firstIndex(of: fact.name) else {
                writer.field(Tag.evidence.rawValue) {
                    $0.string(fact.name)
                    $0.string(fact.value)
                }
                continue
            }
            let isPrincipal = fact.value == actor.principal
            writer.field(isPrincipal ? Tag.principalFact.rawValue : Tag.usualFact.rawValue) {
                $0.varint(UInt64(place))
                if !isPrincipal { $0.string(fact.value) }
            }
        }
        if historical { writer.number(Tag.historical.rawValue, 1) }
        return writer.bytes
    }

    /// Reads what `encode` wrote; nil for bytes of any other origin.
    static func decode(_ bytes: [UInt8], time: Milliseconds, id: EventID) -> Recalled? {
        var reader = FieldReader(bytes)
        var texts: [Tag: String] = [:]
        var evidence: [Evidence] = []
        var account = AccountID.zero
        var historical = false
        do throws(AlertCodec.Malformed) {
            while !reader.isAtEnd {
                let (number, body) = try reader.field()
                var field = FieldReader(body)
                switch Tag(rawValue: number) {
                case .account: account = AccountID(number: try field.number()) ?? .zero
                case .evidence: evidence.append(Evidence(name: try field.string(), value: try field.string()))
                case .historical: historical = true
                case .localPrincipal: texts[.principal] = local(account) + field.text
                case .service: texts[.eventSource] = field.text + domain
                case .usualType: texts[.type] = try field.entry(of: usualTypes)
                case .usualFact:
                    let name = try field.entry(of: usualFacts)
                    evidence.append(Evidence(name: name, value: try field.string()))
                case .principalFact:
                    let name = try field.entry(of: usualFacts)
                    evidence.append(Evidence(name: name, value: texts[.principal] ?? ""))
                case let tag?: texts[tag] = field.text
                case nil: break
                }
            }
        } catch { return nil }
        func text(_ tag: Tag) -> String { texts[tag] ?? "" }
        let actor = Actor(
            principal: text(.principal), type: text(.type), principalID: text(.principalID),
            accessKeyID: text(.accessKeyID), accountID: texts[.actorAccount] ?? account.description,
            sourceIP: text(.sourceIP), sourceIdentity: text(.sourceIdentity))
        let reference = texts[.unusualID].map { EventReference(time: time, text: $0) }
        return Recalled(
            event: MatchedEvent(
                reference: reference ?? EventReference(time: time, id: id), accountID: account, actor: actor,
                region: text(.region), eventSource: text(.eventSource), eventName: text(.eventName),
                errorCode: text(.errorCode)),
            evidence: evidence, historical: historical)
    }
}

extension FieldReader {
    /// A text by its place in a table.
    fileprivate mutating func entry(of table: [String]) throws(AlertCodec.Malformed) -> String {
        let place = try number()
        guard place < UInt64(table.count) else { throw AlertCodec.Malformed() }
        return table[Int(place)]
    }
}
