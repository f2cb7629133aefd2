// SPDX-License-Identifier: Apache-2.0

import AWS
import Respond

/// Finds out by IAM's simulation whether a principal may make the calls of a remediation.
package struct PermissionProof: Sendable {
    /// The answer of the simulation.
    package enum Verdict: Sendable, Hashable {
        /// Every permission is given.
        case allowed
        /// These are not given.
        case refused([String])
        /// IAM has no such principal.
        case missing
        /// None of the clients may simulate; the last one's error.
        case denied(String)
        /// AWS gave no answer that tells; the last error.
        case unanswered(String)
    }

    /// The role or user whose permissions are looked at.
    let principalARN: String
    let accountID: String
    /// The clients that may be able to simulate, tried in order.
    let simulators: [AWSClient]

    /// - Parameters:
    ///   - principalARN: `arn:aws:iam::ACCOUNT:role/NAME`, or the same with user.
    ///   - simulators: The clients that may be able to simulate; the first that gets an answer counts.
    package init(principalARN: String, accountID: String, simulators: [AWSClient]) {
        self.principalARN = principalARN
        self.accountID = accountID
        // An answer is wanted soon, and what is transient here has another proof to fall back on.
        self.simulators = simulators.map { $0.with(backoff: Backoff(attempts: OnboardLimits.simulationAttempts)) }
    }

    /// Simulates some permissions of actions.
    package func verdict(on permissions: [ActionPermission]) async -> Verdict {
        var last = Verdict.unanswered("there is nobody to ask")
        for client in simulators {
            do {
                return try await simulate(permissions, client)
            } catch let error as AWSError where error.isMissing {
                return .missing
            } catch let error as AWSError where error.isAccessDenied {
                last = .denied(error.description)
            } catch {
                // Who was refused before knows more than who got no answer.
                if case .denied = last { continue }
                last = .unanswered("\(error)")
            }
        }
        return last
    }

    private func simulate(_ permissions: [ActionPermission], _ client: AWSClient) async throws -> Verdict {
        // The principal's own: both are of one account.
        let partition = principalARN.split(separator: ":").dropFirst().first.map(String.init) ?? "aws"
        var refused: [String] = []
        for (_, group) in Dictionary(grouping: permissions, by: \.resource) {
            guard let first = group.first else { continue }
            // IAM wants whole ARNs: a name that nothing has stands for all.
            let resource = first.resourceARN(accountID: accountID, partition: partition)
                .replacing("*", with: "trailhound-verification")
            let decisions = try await IAM(client).simulatePrincipalPolicy(
                principalARN: principalARN, actions: group.map(\.action), resources: [resource])
            refused += group.map(\.action).filter { decisions[$0] != .allowed }
        }
        return refused.isEmpty ? .allowed : .refused(refused.sorted())
    }

    /// The user or role behind an ARN of STS, as IAM names it; the ARN itself where it is IAM's already. A role's path is
    /// not in the ARN of its sessions: a role with a path is then not found.
    package static func principal(of arn: String) -> String {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "sts" else { return arn }
        let names = parts[5].split(separator: "/")
        guard names.count == 3, names[0] == "assumed-role" else { return arn }
        return "\(parts[0]):\(parts[1]):iam::\(parts[4]):role/\(names[1])"
    }
}
