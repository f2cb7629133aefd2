// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal

extension Reader {
    /// The records of an eventID that a caller's accounts received; nil stands for every account that was ever onboarded.
    func records(_ id: EventID, within scope: Set<AccountID>?) throws -> [StoredRecord] {
        if let scope { return try records(id, of: scope) }
        return try records(id, of: allAccounts().compactMap { AccountID($0.accountID) })
    }
}
