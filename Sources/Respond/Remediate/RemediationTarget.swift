// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect

/// What kind of principal an event's identity is, as far as it matters to what can be done against it.
package enum PrincipalKind: String, Sendable, Hashable, Codable {
    case root
    case user
    /// A role's session, whoever took it on.
    case role
    /// GetFederationToken's sessions, which hang on a user.
    case federatedUser
    case unknown
}

/// What to act on, and what the event that led to it says of whose it is.
package struct RemediationTarget: Sendable, Hashable, Codable {
    /// The thing itself.
    package enum Subject: Sendable, Hashable, Codable {
        /// AKIA… or ASIA…, and the user's name in the event, which IAM confirms or corrects.
        case accessKey(String, userName: String?)
        /// A user's name, without its path.
        case user(String)
        /// A role's name, without its path.
        case role(String)
        /// A trail's ARN or name, and its home region.
        case trail(String, region: String)
    }

    /// Twelve digits.
    package let accountID: String
    package let subject: Subject
    /// What the event says of who acted; `unknown` where a person names the target.
    package let principal: PrincipalKind

    package init(accountID: String, subject: Subject, principal: PrincipalKind = .unknown) {
        self.accountID = accountID
        self.subject = subject
        self.principal = principal
    }

    /// The subject as history and the command line write it: `key/AKIA…`, `user/alice`, `role/Deploy`, `trail/main`.
    package var text: String {
        switch subject {
        case .accessKey(let id, _): "key/\(id)"
        case .user(let name): "user/\(name)"
        case .role(let name): "role/\(name)"
        case .trail(let name, _): "trail/\(name)"
        }
    }

    /// What is known of it before anything is asked.
    var facts: TargetFacts {
        switch subject {
        case .accessKey(let id, let userName): TargetFacts(accessKeyIDs: [id], userName: userName)
        case .user(let name): TargetFacts(userName: name)
        case .role(let name): TargetFacts(roleName: name)
        case .trail(let name, _): TargetFacts(trail: name)
        }
    }
}

/// Who wants a remediation.
package enum RemediationTrigger: Sendable, Hashable, Codable {
    /// A detection's alert. Historical ones come from a backfill. `otherAccount` is the alert's account where it is not the
    /// target's. `basis` is nil in what an older version stored.
    case alert(
        alertID: String, detectionID: String, severity: Severity, isHistorical: Bool, otherAccount: String? = nil,
        basis: AlertBasis? = nil)
    /// A person's command, by the name in the certificate; `isDryRun` where only a rehearsal is wanted.
    case person(name: String, isDryRun: Bool)
}

extension Severity: Codable {}
