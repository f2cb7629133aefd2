// SPDX-License-Identifier: Apache-2.0

import Messages

/// The chain of calls behind a session as a table and as JSON.
package enum LineagePresentation {
    /// One row a call, the first caller's first.
    package static func table(_ lineage: GetLineageResponse) -> Table {
        var table = Table([
            Column("TIME (UTC)"), Column("CALL"), Column("CALLER", shrinksTo: 14), Column("ADDRESS", dropped: 2),
            Column("SESSION MADE", shrinksTo: 14), Column("KEY ISSUED", dropped: 1),
        ])
        for step in lineage.steps {
            table.add([
                Cell(Clock.short(step.eventTime)), Cell(step.eventName), Cell(step.caller), Cell(step.sourceIP),
                Cell(step.sessionArn.isEmpty ? step.sessionPrincipalID : step.sessionArn),
                Cell(step.sessionAccessKeyID),
            ])
        }
        return table
    }

    /// One line: who acts in the end, and whether that is certain.
    package static func summary(_ lineage: GetLineageResponse) -> String {
        let doubt =
            !lineage.isComplete
            ? " (the call that made this session is not stored, or not for certain)"
            : lineage.steps.isEmpty ? " (itself: no session is in between)" : ""
        return "Actor: \(lineage.actor)\(doubt)"
    }

    package static func json(_ lineage: GetLineageResponse) -> JSONNode {
        .object([
            .init("actor", .string(lineage.actor)), .init("is_complete", .bool(lineage.isComplete)),
            .init("steps", .array(lineage.steps.map(json))),
        ])
    }

    private static func json(_ step: LineageStep) -> JSONNode {
        .object([
            .init("event_id", .string(step.eventID)), .init("event_time", .time(step.eventTime)),
            .init("account_id", .string(step.accountID)), .init("event_name", .string(step.eventName)),
            .init("caller", .string(step.caller)),
            .init("caller_access_key_id", .string(step.callerAccessKeyID)),
            .init("source_ip", .string(step.sourceIP)), .init("session_arn", .string(step.sessionArn)),
            .init("session_access_key_id", .string(step.sessionAccessKeyID)),
            .init("session_principal_id", .string(step.sessionPrincipalID)),
            .init("source_identity", .string(step.sourceIdentity)),
        ])
    }
}
