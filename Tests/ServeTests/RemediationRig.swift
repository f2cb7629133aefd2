// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Respond
import Serve
import Synchronization
import TestKit

/// What a test needs to have remediations carried out in `ServiceRig.accounts[0]`: its executor, with a role and its
/// policy in memory in place of AWS.
extension ServiceRig {
    private static var account: String { accounts[0] }
    /// What is much older is not acted on.
    static var aMinuteAgo: Int64 { Int64(Date().timeIntervalSince1970) - 60 }

    /// Lets the revocation of roles' sessions go as far as `mode`, by an executor.
    func enable(_ mode: Messages.RemediationMode, _ client: Client) async throws {
        let policy = Messages.RemediationPolicy(action: .revokeRoleSessions, mode: mode)
        _ = try await client.unary(
            RemediationService.setPolicy,
            SetPolicyRequest(
                accountID: Self.account, policy: policy, access: RemediationAccess(way: .executor)))
    }

    /// Revokes the sessions of a role by hand, and returns the last state.
    func revoke(_ role: String, isDryRun: Bool = false, _ client: Client) async throws -> Messages.Remediation {
        let command = RunCommand(
            accountID: Self.account, action: .revokeRoleSessions, target: Messages.RemediationTarget(roleName: role),
            dryRun: isDryRun)
        return try await send(.run(command), client)
    }

    /// Gives a command, and returns the last state.
    func send(
        _ command: SendCommandsRequest.Command, _ client: Client
    ) async throws -> Messages.Remediation {
        let stream = try await client.bidirectional(RemediationService.sendCommands)
        try await stream.requests.write(SendCommandsRequest(sequence: 7, command: command))
        try await stream.requests.finish()
        var last: Messages.Remediation?
        for try await response in stream.responses {
            guard response.sequence == 7, response.refusal.isEmpty else {
                throw RPCError(.failedPrecondition, response.refusal)
            }
            last = response.remediation
        }
        guard let last else { throw RPCError(.internalError, "no answer") }
        return last
    }

    /// A remediation that waits for a person, led to by an alert of its own.
    func awaitingApproval(_ client: Client) async throws -> Messages.Remediation {
        for alert in try await alerts(client) where alert.status == .open {
            _ = try await client.unary(
                AlertService.updateAlert, UpdateAlertRequest(alertID: alert.alertID, status: .closed))
        }
        let trail = SyntheticTrail(
            account: Self.account, start: Self.aMinuteAgo, attackEvery: 1, seed: .random(in: 1_000...(.max)))
        _ = try await submit(trail, 0..<1, client)
        while true {
            let request = ListRemediationsRequest(accountIDs: [Self.account], unfinished: true)
            let found = try await client.unary(RemediationService.listRemediations, request).remediations
            if let waiting = found.first(where: { $0.state == .awaitingApproval }) { return waiting }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Runs `body` while an executor of the account is connected.
    func withExecutor(_ body: () async throws -> Void) async throws {
        let certificate = try issue("executor", .executor, accounts: .some([Self.account]))
        try await withClient(certificate) { client in
            let stream = try await client.bidirectional(RemediationService.serveExecutor)
            let hello = ExecutorHello(
                protocolVersion: Serve.Limits.executorProtocol, executorID: UUID().uuidString, accountID: Self.account,
                principalArn: "arn:aws:iam::\(Self.account):role/Executor")
            try await stream.requests.write(ServeExecutorRequest(message: .hello(hello)))
            guard case .welcome? = try await stream.responses.next()?.message else {
                throw RPCError(.internalError, "no welcome")
            }
            let roles = RolesInMemory()
            let serving = Task {
                while let response = try await stream.responses.next() {
                    guard case .command(let command)? = response.message else { continue }
                    let call = try JSONDecoder().decode(ActionCall.self, from: Data(command.call.array))
                    let answer = Bytes([UInt8](try JSONEncoder().encode(roles.answer(call))))
                    try await stream.requests.write(
                        ServeExecutorRequest(
                            message: .result(ExecutorResult(commandID: command.commandID, outcome: .answer(answer)))))
                }
            }
            defer {
                serving.cancel()
                stream.cancel()
            }
            try await body()
        }
    }
}

/// Roles of any name, and the inline policies that were put on them.
final class RolesInMemory: Sendable {
    private let policies = Mutex<[String: String]>([:])

    func answer(_ call: ActionCall) -> ActionResult {
        policies.withLock { policies in
            switch call {
            case .getRole(let name): return .role(name: name, path: "/", id: "AROAEXAMPLE", tags: [:])
            case .getRolePolicy(let role, let name): return .policy(document: policies["\(role)/\(name)"])
            case .putRolePolicy(let role, let name, let document): policies["\(role)/\(name)"] = document
            case .deleteRolePolicy(let role, let name): policies["\(role)/\(name)"] = nil
            default: return .policy(document: nil)
            }
            return .done
        }
    }
}
