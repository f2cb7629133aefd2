// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Serve
import Testing

/// What an admin of some accounts can't do to the others by naming what is theirs.
@Suite(.serialized) struct ScopedAdminTests {
    private static let id = "00000000-0000-4000-8000-0000000000ff"

    private static func exception(_ accounts: [String], reason: String) -> CreateDetectionExceptionRequest {
        CreateDetectionExceptionRequest(
            yaml: """
                title: Our robot
                id: \(id)
                logsource: {product: aws, service: cloudtrail}
                filter: {rules: any, selection: {userIdentity.userName: robot}, condition: not selection}
                trailhound:
                    owner: us
                    reason: \(reason)
                    expires: 2030-01-01
                    accounts: [\(accounts.map { "'\($0)'" }.joined(separator: ", "))]
                """)
    }

    @Test func anExceptionIsNotTakenOverByItsID() async throws {
        try await ServiceRig.run { rig in
            let scoped = try rig.issue("scoped", .admin, accounts: .some([ServiceRig.accounts[1]]))
            let others = Self.exception([ServiceRig.accounts[0]], reason: "theirs")
            try await rig.withClient { client in
                _ = try await client.unary(DetectionService.createDetectionException, others)
            }
            try await rig.withClient(scoped) { client in
                let refused = await #expect(throws: RPCError.self) {
                    try await client.unary(
                        DetectionService.createDetectionException,
                        Self.exception([ServiceRig.accounts[1]], reason: "mine"))
                }
                #expect(refused?.code == .permissionDenied)
            }
            try await rig.withClient { client in
                let list = ListDetectionExceptionsRequest()
                let kept = try await client.unary(DetectionService.listDetectionExceptions, list).exceptions
                #expect(kept.map(\.reason) == ["theirs"])
                #expect(kept.map(\.accountIDs) == [[ServiceRig.accounts[0]]])
                // Whoever may take it back may replace it.
                _ = try await client.unary(
                    DetectionService.createDetectionException, Self.exception([ServiceRig.accounts[1]], reason: "new"))
                let replaced = try await client.unary(DetectionService.listDetectionExceptions, list).exceptions
                #expect(replaced.map(\.reason) == ["new"])
            }
        }
    }

    /// The stream of commands goes on after a refusal, which the log has all the same.
    @Test func aCommandForAnotherAccountIsRefusedAndWritten() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let scoped = try rig.issue("scoped", .analyst, accounts: .some([ServiceRig.accounts[1]]))
            try await rig.withClient(scoped) { client in
                await #expect(throws: RPCError.self) { try await rig.revoke("Deploy", client) }
            }
            let refusals = try await rig.auditLog().filter { $0.outcome == "PERMISSION_DENIED" }
            #expect(refusals.map(\.method) == ["/trailhound.v1.RemediationService/SendCommands"])
            #expect(refusals.first?.subject == "CN=scoped,O=Trailhound")
        }
    }
}
