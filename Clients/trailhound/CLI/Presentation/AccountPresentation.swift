// SPDX-License-Identifier: Apache-2.0

import Messages

/// Accounts as tables and JSON.
package enum AccountPresentation {
    /// Everything an account has, under the contract's names.
    package static func json(_ account: Account) -> JSONNode {
        .object([
            .init("account_id", .string(account.accountID)),
            .init("name", .string(account.name)),
            .init("state", .string(account.state.word)),
            .init("onboarded_at", .time(account.onboardedAt)),
            .init("last_event_at", .time(account.lastEventAt)),
            .init("event_count", .unsigned(account.eventCount)),
            .init("owner", .string(account.owner)),
            .init("external_id", .string(account.externalID)),
            .init("connection", connection(account.connection ?? AccountConnection())),
            .init("state_reason", .string(account.stateReason)),
            .init("degraded_since", .time(account.degradedSince)),
        ])
    }

    private static func connection(_ connection: AccountConnection) -> JSONNode {
        .object([
            .init("role_arn", .string(connection.roleArn)), .init("region", .string(connection.region)),
            .init("trail", .string(connection.trail)), .init("bucket", .string(connection.bucket)),
            .init("key_prefix", .string(connection.keyPrefix)),
            .init("organization_id", .string(connection.organizationID)),
            .init("queue_url", .string(connection.queueURL)),
            .init("console_role", .string(connection.consoleRole)),
        ])
    }

    /// One row an account.
    package static func table(_ accounts: [Account]) -> Table {
        var table = Table([
            Column("ACCOUNT"), Column("NAME", shrinksTo: 12), Column("STATE"),
            Column("OWNER", shrinksTo: 12, dropped: 1),
            Column("EVENTS", alignment: .right), Column("LAST EVENT (UTC)"),
        ])
        for account in accounts {
            table.add([
                Cell(account.accountID), Cell(account.name), Cell(account.state.word, style: style(account.state)),
                Cell(account.owner), Cell(Numbers.grouped(account.eventCount)), Cell(Clock.short(account.lastEventAt)),
            ])
        }
        return table
    }

    /// Everything, for a person.
    package static func fields(_ account: Account) -> FieldList {
        var fields = FieldList()
        fields.add("Account", account.accountID)
        fields.add("Name", account.name)
        fields.add("State", account.state.word, style: style(account.state))
        fields.add("  because", account.stateReason)
        fields.add("  since", account.degradedSince?.rfc3339 ?? "")
        fields.add("Owner", account.owner)
        fields.add("Events", Numbers.grouped(account.eventCount))
        fields.add("Last event", account.lastEventAt?.rfc3339 ?? "")
        fields.add("Onboarded", account.onboardedAt?.rfc3339 ?? "")
        fields.add("External id", account.externalID)
        if let connection = account.connection {
            fields.add("Role", connection.roleArn)
            fields.add("Region", connection.region)
            fields.add("Trail", connection.trail)
            fields.add("Bucket", connection.bucket)
            fields.add("Prefix", connection.keyPrefix)
            fields.add("Organisation", connection.organizationID)
            fields.add("Queue", connection.queueURL)
            fields.add("Console role", connection.consoleRole)
        }
        return fields
    }

    private static func style(_ state: AccountState) -> Style {
        switch state {
        case .active: .green
        case .offboarded: .faint
        case .degraded: .red
        default: .plain
        }
    }
}
