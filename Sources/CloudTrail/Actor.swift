// SPDX-License-Identifier: Apache-2.0

/// The effective principal of an event, with what the event says of it.
package struct Actor: Hashable, Sendable {
    /// Stable name used to merge alerts: the ARN of a user, of a role (not of its session), or the account's root; the
    /// service's name for a service.
    package var principal: String
    /// `userIdentity.type`, empty where the event has none.
    package var type: String
    /// `userIdentity.arn` as the event has it, session name included.
    package var arn: String
    /// `userIdentity.principalId`, session name included.
    package var principalID: String
    /// `userIdentity.accessKeyId`.
    package var accessKeyID: String
    /// The account that the actor belongs to; it may be another than the account of the event.
    package var accountID: String
    /// `sourceIPAddress` of the event.
    package var sourceIP: String
    /// `userAgent` of the event.
    package var userAgent: String
    /// `userIdentity.sessionContext.sourceIdentity`.
    package var sourceIdentity: String

    package init(
        principal: String, type: String = "", arn: String = "", principalID: String = "", accessKeyID: String = "",
        accountID: String = "", sourceIP: String = "", userAgent: String = "", sourceIdentity: String = ""
    ) {
        self.principal = principal
        self.type = type
        self.arn = arn
        self.principalID = principalID
        self.accessKeyID = accessKeyID
        self.accountID = accountID
        self.sourceIP = sourceIP
        self.userAgent = userAgent
        self.sourceIdentity = sourceIdentity
    }
}
