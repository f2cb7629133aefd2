// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Messages
import RPC
import Serve
import Synchronization
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

    private final class Order: Sendable {
        let stored = Mutex<[Int]>([])
        let applied = Mutex<[Int]>([])
    }

    /// What is kept in memory of the store changes in the store's order, and before anybody is answered.
    @Test func memoryFollowsTheStoreInItsOrder() async throws {
        try await ServiceRig.run { rig in
            let pipeline = rig.service.pipeline
            let order = Order()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        try? await pipeline.perform(then: { _ in order.applied.withLock { $0.append(number) } }) {
                            _, _ in
                            if number % 5 == 0 { throw RPCError(.aborted, "refused") }
                            order.stored.withLock { $0.append(number) }
                        }
                        #expect(order.applied.withLock { $0.contains(number) } == (number % 5 != 0))
                    }
                }
            }
            #expect(order.stored.withLock { $0.count } == 400)
            #expect(order.applied.withLock { $0 } == order.stored.withLock { $0 })
        }
    }

    @Test func eventsAreTakenOfOnboardedAccountsOnly() async throws {
        try await ServiceRig.run { rig in
            let account = try #require(AccountID("111122223333"))
            let accounts = rig.service.pipeline.accounts
            try await rig.withClient { client in
                for _ in 0..<2 {
                    let onboard = OnboardAccountRequest(accountID: "111122223333")
                    _ = try await client.unary(AccountService.onboardAccount, onboard)
                    #expect(accounts.contains(account))
                    let offboard = OffboardAccountRequest(accountID: "111122223333")
                    _ = try await client.unary(AccountService.offboardAccount, offboard)
                    #expect(!accounts.contains(account))
                }
            }
        }
    }
}
