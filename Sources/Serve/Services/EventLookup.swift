// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import RPC

extension Reader {
    /// The records of an eventID that a caller's accounts received; nil stands for every account that was ever onboarded.
    ///
    /// Throws RESOURCE_EXHAUSTED where the budget does not do for so many accounts.
    func records(_ id: EventID, within scope: Set<AccountID>?, _ budget: ReadBudget) throws -> [StoredRecord] {
        let accounts = try scope.map(Array.init) ?? allAccounts().compactMap { AccountID($0.accountID) }
        guard let records = try records(id, of: accounts, budget: budget) else {
            throw RPCError(
                .resourceExhausted,
                "To look for an eventID in \(accounts.count) accounts takes more than \(Limits.queryTime); name account_ids."
            )
        }
        return records
    }
}
