// SPDX-License-Identifier: Apache-2.0

/// The texts of an event's `userIdentity`, as views into the record at hand.
/// Source: "CloudTrail userIdentity element" in the AWS CloudTrail user guide.
package struct Identity {
    package var type: TextView?
    package var arn: TextView?
    package var principalID: TextView?
    package var accountID: TextView?
    package var accessKeyID: TextView?
    package var userName: TextView?
    package var invokedBy: TextView?
    package var identityProvider: TextView?
    /// `sessionContext.sessionIssuer.type`: Role, IAMUser or Root.
    package var issuerType: TextView?
    package var issuerARN: TextView?
    package var issuerAccountID: TextView?
    package var sourceIdentity: TextView?
    /// `onBehalfOf.userId`: the person of IAM Identity Center.
    package var onBehalfOfUserID: TextView?

    package init() {}

    /// A principal: one of the texts above as it stands, or a text made of several.
    package enum Principal {
        case verbatim(TextView)
        case made(String)

        /// The text, cut to what is kept of it.
        package var string: String {
            switch self {
            case .verbatim(let text): text.string()
            case .made(let text): text
            }
        }
    }

    /// What merges the alerts of one actor: never a session name or a temporary key, which an attacker changes at will.
    ///
    /// A federated user counts as the IAM user who made the session, since those are the credentials in play.
    package var principal: Principal {
        let named: Principal?
        switch kind {
        case .assumedRole: named = role
        case .root: named = verbatim(arn) ?? root
        case .user: named = verbatim(arn) ?? user
        case .federatedUser: named = verbatim(issuerARN)
        case .service: named = verbatim(invokedBy)
        case .external: named = external
        case .identityCenter:
            named = onBehalfOfUserID.nonEmpty.map { .made("arn:aws:identitystore:::user/" + $0.string()) }
        case .account: named = stablePrincipalID
        case .other: named = nil
        }
        return named ?? fallback
    }

    private enum Kind { case assumedRole, root, user, federatedUser, service, external, identityCenter, account, other }

    private var kind: Kind {
        guard let type else { return .other }
        if type.equals("AssumedRole") { return .assumedRole }
        if type.equals("IAMUser") { return .user }
        if type.equals("AWSService") { return .service }
        if type.equals("Root") { return .root }
        if type.equals("FederatedUser") { return .federatedUser }
        if type.equals("AWSAccount") { return .account }
        if type.equals("SAMLUser") || type.equals("WebIdentityUser") { return .external }
        return type.equals("IdentityCenterUser") ? .identityCenter : .other
    }

    private func verbatim(_ text: TextView?) -> Principal? { text.nonEmpty.map { .verbatim($0) } }

    /// The issuing role's ARN, or that which follows from `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`. The
    /// session's ARN lacks the role's path, so the issuer goes first.
    private var role: Principal? {
        // The people who share a permission set of IAM Identity Center share a role, but not a session name.
        if let arn = arn.nonEmpty, Self.isIdentityCenterSession(arn) { return .verbatim(arn) }
        if let issuer = issuerARN.nonEmpty { return .verbatim(issuer) }
        return arn.nonEmpty.flatMap { Self.role(ofSession: $0) }.map { .made($0) }
    }

    private var root: Principal? {
        accountID.nonEmpty.map { .made("arn:aws:iam::" + $0.string() + ":root") }
    }

    /// A failed sign-in has no ARN: the account and the name make it.
    private var user: Principal? {
        guard let account = accountID.nonEmpty, let name = userName.nonEmpty else { return nil }
        return .made("arn:aws:iam::" + account.string() + ":user/" + name.string())
    }

    /// Somebody of an identity provider outside AWS.
    private var external: Principal? {
        guard let name = userName.nonEmpty else { return verbatim(principalID) }
        guard let provider = identityProvider.nonEmpty else { return .verbatim(name) }
        return .made(provider.string() + "/" + name.string())
    }

    /// The unique id without the session name: `AROA…:session` is `AROA…`.
    private var stablePrincipalID: Principal? {
        guard let id = principalID.nonEmpty else { return nil }
        return .verbatim(id.hasPrefix("AROA") ? id.before(UInt8(ascii: ":")) : id)
    }

    private var fallback: Principal {
        if let arn = verbatim(arn) { return role ?? arn }
        return stablePrincipalID ?? verbatim(userName) ?? verbatim(invokedBy) ?? verbatim(accountID)
            ?? .made("unknown")
    }
}
