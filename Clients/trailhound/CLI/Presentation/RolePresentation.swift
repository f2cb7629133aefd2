// SPDX-License-Identifier: Apache-2.0

import Onboard

/// The roles to make in an account as JSON.
package enum RolePresentation {
    /// A role with its trust policy and its inline policies.
    package static func json(_ role: AccountRole) -> JSONNode {
        .object([
            .init("name", .string(role.name)), .init("purpose", .string(role.purpose)),
            .init("trust", json(role.trust)),
            .init(
                "policies",
                .array(
                    role.policies.map {
                        .object([.init("name", .string($0.name)), .init("document", json($0.document))])
                    })),
        ])
    }

    /// A policy as IAM takes it.
    package static func json(_ document: PolicyDocument) -> JSONNode {
        .object([
            .init("Version", .string("2012-10-17")), .init("Statement", .array(document.statements.map(json))),
        ])
    }

    private static func json(_ statement: PolicyDocument.Statement) -> JSONNode {
        var members: [JSONNode.Member] = [
            .init("Sid", .string(statement.sid)), .init("Effect", .string(statement.isAllowed ? "Allow" : "Deny")),
        ]
        if !statement.principals.isEmpty {
            members.append(.init("Principal", .object([.init("AWS", list(statement.principals))])))
        }
        members.append(.init("Action", list(statement.actions)))
        if !statement.resources.isEmpty { members.append(.init("Resource", list(statement.resources))) }
        if !statement.conditions.isEmpty {
            let tests = statement.conditions.map { condition in
                JSONNode.Member(condition.test, .object([.init(condition.key, list(condition.values))]))
            }
            members.append(.init("Condition", .object(tests)))
        }
        return .object(members)
    }

    /// IAM takes one value as it stands, and several as an array.
    private static func list(_ values: [String]) -> JSONNode {
        values.count == 1 ? .string(values[0]) : .array(values.map { .string($0) })
    }
}
