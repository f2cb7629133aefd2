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

    /// What merges the alerts of one actor: never a session name or a temporary key, which an attacker changes at will.
    ///
    /// A federated user counts as the IAM user who made the session, since those are the credentials in play.
    package var principal: String {
        let type = self.type.nonEmpty
        if let type {
            if type.equals("AssumedRole") { return role ?? fallback }
            if type.equals("Root") { return arn.nonEmpty?.string() ?? root ?? fallback }
            if type.equals("IAMUser") { return arn.nonEmpty?.string() ?? user ?? fallback }
            if type.equals("FederatedUser") { return issuerARN.nonEmpty?.string() ?? fallback }
            if type.equals("AWSService") { return invokedBy.nonEmpty?.string() ?? fallback }
            if type.equals("SAMLUser") || type.equals("WebIdentityUser") { return external ?? fallback }
            if type.equals("IdentityCenterUser"), let person = onBehalfOfUserID.nonEmpty {
                return "arn:aws:identitystore:::user/" + person.string()
            }
            if type.equals("AWSAccount") { return stablePrincipalID ?? fallback }
        }
        return fallback
    }

    /// The issuing role's ARN, or that which follows from `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`. The
    /// session's ARN lacks the role's path, so the issuer goes first.
    private var role: String? {
        if let issuer = issuerARN.nonEmpty { return issuer.string() }
        guard let arn = arn.nonEmpty else { return nil }
        let parts = arn.string().split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[5].hasPrefix("assumed-role/") else { return nil }
        let name = parts[5].dropFirst("assumed-role/".count).split(separator: "/").first
        return name.map { "arn:\(parts[1]):iam::\(parts[4]):role/\($0)" }
    }

    private var root: String? {
        accountID.nonEmpty.map { "arn:aws:iam::" + $0.string() + ":root" }
    }

    /// A failed sign-in has no ARN: the account and the name make it.
    private var user: String? {
        guard let account = accountID.nonEmpty, let name = userName.nonEmpty else { return nil }
        return "arn:aws:iam::" + account.string() + ":user/" + name.string()
    }

    /// Somebody of an identity provider outside AWS.
    private var external: String? {
        guard let name = userName.nonEmpty else { return principalID.nonEmpty?.string() }
        guard let provider = identityProvider.nonEmpty else { return name.string() }
        return provider.string() + "/" + name.string()
    }

    /// The unique id without the session name: `AROA…:session` is `AROA…`.
    private var stablePrincipalID: String? {
        guard let id = principalID.nonEmpty else { return nil }
        guard id.hasPrefix("AROA") else { return id.string() }
        return id.before(UInt8(ascii: ":")).string()
    }

    private var fallback: String {
        if let arn = arn.nonEmpty { return role ?? arn.string() }
        if let id = stablePrincipalID { return id }
        if let name = userName.nonEmpty ?? invokedBy.nonEmpty ?? accountID.nonEmpty { return name.string() }
        return "unknown"
    }
}
