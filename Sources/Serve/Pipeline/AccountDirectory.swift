// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Synchronization

/// How an account is stored.
enum StoredAccountState: Int {
    case onboarded = 1
    case offboarded = 2
}

/// The onboarded accounts, for the workers that ask with every batch.
package final class AccountDirectory: Sendable {
    private let accounts: Mutex<Set<AccountID>>
    /// The role that analysts take on, of accounts that have another than the usual one.
    private let consoleRoles = Mutex<[AccountID: String]>([:])

    package init(_ accounts: Set<AccountID>) { self.accounts = Mutex(accounts) }

    /// The accounts that the journal holds.
    convenience init(reading reader: Reader) throws {
        var accounts: Set<AccountID> = []
        var roles: [AccountID: String] = [:]
        var last = ""
        while true {
            let page = try reader.accounts(after: last, limit: Limits.largestPage)
            guard let end = page.last else { break }
            for row in page where row.state == StoredAccountState.onboarded.rawValue {
                guard let id = AccountID(row.accountID) else { continue }
                accounts.insert(id)
                roles[id] = row.settings.consoleRole
            }
            last = end.accountID
        }
        self.init(accounts)
        for (account, role) in roles { setConsoleRole(role, of: account) }
    }

    /// The role that analysts take on in an account; empty for the usual one.
    package func consoleRole(of account: AccountID) -> String { consoleRoles.withLock { $0[account] ?? "" } }

    package func setConsoleRole(_ role: String, of account: AccountID) {
        consoleRoles.withLock { $0[account] = role.isEmpty ? nil : role }
    }

    package var count: Int { accounts.withLock { $0.count } }

    package func contains(_ account: AccountID) -> Bool { accounts.withLock { $0.contains(account) } }

    /// How many there are within a certificate's accounts; nil stands for all.
    package func count(within scope: Set<AccountID>?) -> Int {
        accounts.withLock { accounts in scope.map { $0.intersection(accounts).count } ?? accounts.count }
    }

    package func insert(_ account: AccountID) { accounts.withLock { _ = $0.insert(account) } }

    package func remove(_ account: AccountID) { accounts.withLock { _ = $0.remove(account) } }

    /// Which accounts' events are taken from a collector whose certificate covers `scope`; nil covers all.
    package func filter(scope: Set<AccountID>?) -> AccountFilter {
        let onboarded = accounts.withLock { $0 }
        guard let scope else { return .only(onboarded) }
        return .only(onboarded.intersection(scope))
    }
}
