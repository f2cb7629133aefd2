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

    fileprivate enum Tag: UInt64 {
        case unusualID = 1, account, principal, type, accessKeyID, principalID, actorAccount, sourceIP, sourceIdentity
        case region, eventSource, eventName, errorCode, evidence, historical
        /// The same, said shorter: a principal of IAM in the event's account, a source by its name before AWS's domain, a
        /// type and a fact's name by their places in the tables below, and a fact whose value is the principal.
        case localPrincipal, service, usualType, usualFact, principalFact
    }

    /// What the tables' places stand for. They are on disk: a new one goes behind the others.
    private static let usualTypes = ["IAMUser", "AssumedRole", "Root", "AWSService", "AWSAccount", "FederatedUser"]
    fileprivate static let usualFacts = [
        "userIdentity.arn", "sourceIPAddress", "eventName", "awsRegion", "userIdentity.userName",
        "userIdentity.accessKeyId", "userIdentity.principalId", "userAgent", "errorCode", "eventSource",
        "requestParameters.secretId", "requestParameters.userName", "requestParameters.roleName",
        "requestParameters.bucketName", "requestParameters.instanceId", "requestParameters.name",
    ]
    fileprivate static let placesOfFacts = Dictionary(
        uniqueKeysWithValues: usualFacts.enumerated().map { ($1, UInt64($0)) })
    fileprivate static let domain: StaticString = ".amazonaws.com"
    /// What principals of IAM begin with; their account and a colon follow.
    fileprivate static let iam: StaticString = "arn:aws:iam::"

    static func encode(_ event: MatchedEvent, _ evidence: [Evidence], historical: Bool) -> [UInt8] {
        var writer = FieldWriter()
        writer.bytes.reserveCapacity(256)
        if !event.reference.isPlainGUID { writer.text(Tag.unusualID.rawValue, event.reference.text) }
        writer.number(Tag.account.rawValue, event.accountID.number)
        let actor = event.actor
        let type = usualTypes.firstIndex(of: actor.type)
        if let type { writer.number(Tag.usualType.rawValue, UInt64(type)) }
        writer.principal(actor.principal, in: event.accountID)
        if type == nil { writer.present(.type, actor.type) }
        writer.present(.accessKeyID, actor.accessKeyID)
        writer.present(.principalID, actor.principalID)
        writer.present(.sourceIP, actor.sourceIP)
        writer.present(.sourceIdentity, actor.sourceIdentity)
        writer.present(.region, event.region)
        writer.source(event.eventSource)
        writer.present(.eventName, event.eventName)
        writer.present(.errorCode, event.errorCode)
        if AccountID(actor.accountID) != event.accountID { writer.present(.actorAccount, actor.accountID) }
        for fact in evidence { writer.fact(fact, principal: actor.principal) }
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
                case .localPrincipal: texts[.principal] = "\(iam)\(account):\(field.text)"
                case .service: texts[.eventSource] = "\(field.text)\(domain)"
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

extension FieldWriter {
    /// A text, unless it is empty.
    fileprivate mutating func present(_ tag: StreamContext.Tag, _ text: String) {
        if !text.isEmpty { self.text(tag.rawValue, text) }
    }

    // Of bytes: compared and cut in characters, these two would take longer than all the rest.

    fileprivate mutating func principal(_ principal: String, in account: AccountID) {
        var principal = principal
        let isLocal = principal.withUTF8 { text in
            let head = StreamContext.iam.utf8CodeUnitCount
            guard text.count > head + 12, text[head + 12] == UInt8(ascii: ":"),
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<head]).equals(StreamContext.iam),
                AccountID(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[head..<head + 12])) == account
            else { return false }
            varint(StreamContext.Tag.localPrincipal.rawValue)
            string(UnsafeBufferPointer(rebasing: text[(head + 13)...]))
            return true
        }
        if !isLocal { present(.principal, principal) }
    }

    fileprivate mutating func source(_ source: String) {
        var source = source
        let isService = source.withUTF8 { text in
            let rest = text.count - StreamContext.domain.utf8CodeUnitCount
            guard rest >= 0,
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[rest...]).equals(StreamContext.domain)
            else { return false }
            varint(StreamContext.Tag.service.rawValue)
            string(UnsafeBufferPointer(rebasing: text[..<rest]))
            return true
        }
        if !isService { present(.eventSource, source) }
    }

    fileprivate mutating func fact(_ fact: Evidence, principal: String) {
        guard let place = StreamContext.placesOfFacts[fact.name] else {
            field(StreamContext.Tag.evidence.rawValue) {
                $0.string(fact.name)
                $0.string(fact.value)
            }
            return
        }
        if fact.value == principal { return number(StreamContext.Tag.principalFact.rawValue, place) }
        let count = fact.value.utf8.count
        varint(StreamContext.Tag.usualFact.rawValue)
        varint(UInt64(Self.size(of: place) + Self.size(of: UInt64(count)) + count))
        varint(place)
        string(fact.value)
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
