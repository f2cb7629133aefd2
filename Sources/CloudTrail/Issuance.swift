// SPDX-License-Identifier: Apache-2.0

import JSON

/// An event that made a session: who called, and what the session's events will carry.
///
/// STS tells it in the response of AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, AssumeRoot,
/// GetSessionToken and GetFederationToken; the console in a SwitchRole event, which is the session's own.
/// Source: "Logging IAM and AWS STS API calls with AWS CloudTrail" in the IAM user guide.
package struct Issuance: Sendable, Equatable {
    /// Who called.
    package enum Caller: Sendable, Equatable {
        /// Somebody who is nobody else's session: a user, root, a person of an identity provider. The principal.
        case principal(String)
        /// A session, which was made by somebody in turn.
        case session(SessionIdentity)
        /// An AWS service that works with the role by itself: the role is the actor then.
        case service
    }

    package let reference: EventReference
    package let accountID: AccountID
    package let eventName: String
    package let caller: Caller
    /// The account that the caller is of: of his ARN, else as the record has it; nil where nothing tells.
    package let callerAccount: AccountID?
    /// What the made session's events carry.
    package let session: SessionIdentity

    /// - Parameter callerAccount: as the record has it; an account in the caller's ARN goes before it.
    package init(
        reference: EventReference, accountID: AccountID, eventName: String, caller: Caller, session: SessionIdentity,
        callerAccount: AccountID? = nil
    ) {
        self.callerAccount = caller.account ?? callerAccount
        self.reference = reference
        self.accountID = accountID
        self.eventName = eventName
        self.caller = caller
        self.session = session
    }

    /// Whether a record may have made a session. Nearly every record made none, and is asked no more than this.
    package static func isPossible(
        _ envelope: Envelope, _ extractor: RecordExtractor, _ fields: EnvelopeFields
    ) -> Bool {
        extractor.string(fields.issuedAccessKeyID) != nil || extractor.string(fields.issuedRoleID) != nil
            || envelope.eventName.equals("SwitchRole")
    }

    /// Reads the record that the extractor holds; nil where it made no session.
    package init?(_ envelope: Envelope, _ extractor: RecordExtractor, _ fields: EnvelopeFields) {
        let key = extractor.text(fields.issuedAccessKeyID).nonEmpty
        let role = extractor.text(fields.issuedRoleID).nonEmpty
        let isSwitch = key == nil && role == nil && envelope.eventName.equals("SwitchRole")
        // An Insights event bears the name of a call that it only counts.
        guard extractor.string(fields.eventName) != nil, key != nil || role != nil || isSwitch,
            let source = envelope.eventSource,
            source.equals(isSwitch ? "signin.amazonaws.com" : "sts.amazonaws.com")
        else { return nil }
        let actor = Actor(extractor, fields)
        reference = EventReference(time: envelope.time, id: envelope.id, text: envelope.eventID)
        accountID = envelope.account
        eventName = envelope.eventName.string()
        if isSwitch {
            guard let from = extractor.text(fields.switchFrom).nonEmpty, let session = actor.session else { return nil }
            caller = .principal(Identity.principal(ofARN: from))
            callerAccount = caller.account
            self.session = session
            return
        }
        let identity =
            extractor.text(fields.requestedSourceIdentity).nonEmpty?.string()
            ?? extractor.text(fields.issuedSourceIdentity).nonEmpty?.string() ?? actor.sourceIdentity
        session = SessionIdentity(
            principal: extractor.text(fields.issuedRoleARN).nonEmpty.map { Identity.principal(ofARN: $0) }
                ?? "", accessKeyID: key.string(), principalID: role.string(), sourceIdentity: identity)
        if actor.type == "AWSService" {
            caller = .service
        } else if let session = actor.session {
            caller = .session(session)
        } else {
            caller = .principal(actor.principal)
        }
        callerAccount = caller.account ?? AccountID(actor.accountID)
    }

    /// The account that the made session is of: of its role's ARN, else the recorder's.
    package var sessionAccount: AccountID { session.account ?? accountID }
}

extension Issuance.Caller {
    /// The account in the caller's ARN; nil where he has none.
    package var account: AccountID? {
        switch self {
        case .service: nil
        case .principal(let name): Identity.account(ofARN: name)
        case .session(let session): session.account
        }
    }
}

extension SessionIdentity {
    /// The account of the role; nil where no ARN names it.
    package var account: AccountID? { Identity.account(ofARN: principal) }
}

/// A session as its events name it: what leads back to who made it.
package struct SessionIdentity: Hashable, Sendable {
    /// `Actor.principal` of its events: the role.
    package var principal: String
    /// The key that was issued for it; empty where events do not show it.
    package var accessKeyID: String
    /// `AROA…:name`; empty where events do not show it.
    package var principalID: String
    /// What the first of a chain set, and nobody after it can change; empty where nobody did.
    package var sourceIdentity: String

    package init(principal: String, accessKeyID: String = "", principalID: String = "", sourceIdentity: String = "") {
        self.principal = principal
        self.accessKeyID = accessKeyID
        self.principalID = principalID
        self.sourceIdentity = sourceIdentity
    }
}

extension Actor {
    /// The session that the actor is; nil for who acts by name. A session of IAM Identity Center is a person by name.
    package var session: SessionIdentity? {
        let isForeign = type == "AWSAccount" && principalID.hasPrefix("AROA") && principalID.contains(":")
        guard type == "AssumedRole" || isForeign, !Identity.isIdentityCenterSession(principal) else { return nil }
        guard !accessKeyID.isEmpty || principalID.contains(":") else { return nil }
        return SessionIdentity(
            principal: principal, accessKeyID: accessKeyID, principalID: principalID, sourceIdentity: sourceIdentity)
    }
}

extension Identity {
    /// Roles of this name are IAM Identity Center's, which names their sessions after the person who signed in.
    /// Source: "IAM roles created by IAM Identity Center" in its user guide.
    static let identityCenterRole = "AWSReservedSSO_"

    /// Whether a session's ARN, `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`, is one of IAM Identity Center.
    static func isIdentityCenterSession(_ arn: TextView) -> Bool {
        // The first slash stands behind the account, and so not before this place.
        var index = 36
        while index < arn.count, arn[index] != UInt8(ascii: "/") { index += 1 }
        return index < arn.count
            && TextView(rebasing: arn[(index + 1)...]).hasPrefix("AWSReservedSSO_")
    }

    /// Whether a principal is a session of IAM Identity Center.
    static func isIdentityCenterSession(_ principal: String) -> Bool {
        var principal = principal
        return principal.withUTF8 { UnsafeRawBufferPointer($0).contains(":assumed-role/AWSReservedSSO_") }
    }

    /// What stands for whoever has an ARN: the role of a session, the session itself where it is a person of IAM Identity
    /// Center, else the ARN.
    static func principal(ofARN arn: TextView) -> String {
        guard !arn.contains(":assumed-role/AWSReservedSSO_"), let role = role(ofSession: arn) else {
            return arn.string()
        }
        return role
    }

    /// The account of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; nil for what is no such text.
    static func account(ofARN arn: String) -> AccountID? {
        guard arn.hasPrefix("arn:") else { return nil }
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 ? AccountID(String(parts[4])) : nil
    }

    /// The ARN of the role of `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`; nil where an ARN is another.
    static func role(ofSession arn: TextView) -> String? {
        guard arn.hasPrefix("arn:") else { return nil }
        var colons = (0, 0, 0, 0, 0)
        var count = 0
        var at = 0
        while at < arn.count, count < 5 {
            if arn[at] == UInt8(ascii: ":") {
                colons = (colons.1, colons.2, colons.3, colons.4, at)
                count += 1
            }
            at += 1
        }
        guard count == 5 else { return nil }
        let resource = TextView(rebasing: arn[at...])
        guard resource.hasPrefix("assumed-role/") else { return nil }
        var first = 13
        while first < resource.count, resource[first] == UInt8(ascii: "/") { first += 1 }
        guard first < resource.count else { return nil }
        let name = TextView(rebasing: resource[first...]).before(UInt8(ascii: "/"))
        let partition = TextView(rebasing: arn[(colons.0 + 1)..<colons.1])
        let account = TextView(rebasing: arn[(colons.3 + 1)..<colons.4])
        return "arn:" + partition.string() + ":iam::" + account.string() + ":role/" + name.string()
    }
}
