// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages
import RPC
import Serve
import Testing

/// AccountService over TLS.
@Suite(.serialized) struct AccountServiceTests {
    @Test func whatMakesNoSenseIsRefusedByItsField() async throws {
        let wrong: [(AccountConnection, String)] = [
            (AccountConnection(region: "eu west"), "connection.region"),
            (AccountConnection(region: "evil.example/"), "connection.region"),
            (AccountConnection(consoleRole: "a\nb"), "connection.console_role"),
            (AccountConnection(consoleRole: "x\"y"), "connection.console_role"),
            (AccountConnection(consoleRole: String(repeating: "r", count: 65)), "connection.console_role"),
        ]
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                for (connection, field) in wrong {
                    let error = await #expect(throws: RPCError.self) {
                        try await client.unary(
                            AccountService.onboardAccount,
                            OnboardAccountRequest(accountID: "111122223333", connection: connection))
                    }
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.fieldViolations.map(\.field) == [field])
                }
                let listed = try await client.unary(AccountService.listAccounts, ListAccountsRequest()).accounts
                #expect(listed.isEmpty)
                let named = AccountConnection(region: "eu-west-1", consoleRole: "Security-Audit@x")
                _ = try await client.unary(
                    AccountService.onboardAccount,
                    OnboardAccountRequest(accountID: "111122223333", connection: named))
            }
        }
    }
}
