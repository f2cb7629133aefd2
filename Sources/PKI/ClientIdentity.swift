// SPDX-License-Identifier: Apache-2.0

/// What the holder of a certificate may do.
package enum Role: String, Sendable, CaseIterable {
    /// Everything.
    case admin
    /// Reads and handles alerts, reads the archive.
    case analyst
    /// Submits events.
    case collector
    /// Reads alerts.
    case subscriber
    /// Carries out remediations.
    case executor
}

/// The accounts that a certificate is good for.
package enum AccountSet: Equatable, Sendable {
    /// Every account.
    case all
    /// These account ids.
    case some(Set<String>)

    /// True where the certificate is good for the account.
    package func contains(_ account: String) -> Bool {
        switch self {
        case .all: true
        case .some(let accounts): accounts.contains(account)
        }
    }

    /// As in a certificate: `*`, or the account ids in order with commas between.
    package var text: String {
        switch self {
        case .all: "*"
        case .some(let accounts): accounts.sorted().joined(separator: ",")
        }
    }

    /// Reads `*` or a list of account ids with commas between. Each id is twelve digits; the list is not empty.
    package init?(text: String) {
        if text == "*" {
            self = .all
            return
        }
        let accounts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard accounts.count <= PKILimits.accounts, accounts.allSatisfy({ Self.isAccountID($0) }) else { return nil }
        self = .some(Set(accounts.map { String($0) }))
    }

    private static func isAccountID(_ text: Substring) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

/// Who a client is to the service: the URI `trailhound://ROLE/ACCOUNTS` among its certificate's alternative names.
package struct ClientIdentity: Equatable, Sendable {
    /// What the client may do.
    package var role: Role
    /// For which accounts.
    package var accounts: AccountSet

    /// A role for a set of accounts.
    package init(role: Role, accounts: AccountSet) {
        self.role = role
        self.accounts = accounts
    }

    /// As in the certificate.
    package var uri: String { "trailhound://\(role.rawValue)/\(accounts.text)" }

    /// Reads `trailhound://ROLE/ACCOUNTS`; nil where it is anything else, in the least detail.
    package init?(uri: String) {
        let scheme = "trailhound://"
        guard uri.hasPrefix(scheme) else { return nil }
        let parts = uri.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let role = Role(rawValue: String(parts[0])),
            let accounts = AccountSet(text: String(parts[1]))
        else { return nil }
        self.init(role: role, accounts: accounts)
    }

    /// The identity in a certificate's URIs; nil where there is none, or more than one of the scheme.
    package init?(uris: [String]) {
        let ours = uris.filter { $0.hasPrefix("trailhound://") }
        guard ours.count == 1 else { return nil }
        self.init(uri: ours[0])
    }
}
