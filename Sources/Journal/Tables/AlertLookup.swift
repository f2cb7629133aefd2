// SPDX-License-Identifier: Apache-2.0

import GRDB

extension Transaction {
    /// The alerts of one detection, account and actor whose first and last match enclose, or lie in, a range of event
    /// time (milliseconds since 1970): the newest created first, as many as a page has.
    package func alerts(
        detectionID: String, accountID: String, actor: String, seen range: ClosedRange<Int64>
    ) throws -> [AlertRow] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(AlertTable.columns) FROM alert
                WHERE detection_id = ? AND account_id = ? AND actor = ? AND last_seen >= ? AND first_seen <= ?
                ORDER BY created_at DESC, alert_id DESC LIMIT \(JournalLimits.pageRows)
                """)
        return try Row.fetchAll(
            statement, arguments: [detectionID, accountID, actor, range.lowerBound, range.upperBound]
        ).map(AlertTable.decode)
    }
}

extension Reader {
    /// How many alerts there are, of all accounts or of some.
    package func alertCount(accountIDs: [String]? = nil) throws -> Int64 {
        try read { database in
            guard let accountIDs else { return try Int64.fetchOne(database, sql: "SELECT count(*) FROM alert") ?? 0 }
            let query: SQL = "SELECT count(*) FROM alert WHERE account_id IN \(accountIDs)"
            return try SQLRequest<Int64>(literal: query).fetchOne(database) ?? 0
        }
    }
}
