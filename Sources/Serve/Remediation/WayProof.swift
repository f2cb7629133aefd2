// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Journal
import Onboard
import RPC
import Respond

/// Proof that remediations can act in an account, made before a policy lets them: a policy that can't work is refused with
/// the remedy, and not found out at the moment of the attack.
extension AccountWays {
    /// Proves a way for some policies, by the very calls that a remediation will make first.
    ///
    /// - Returns: What was proved, a sentence each.
    /// - Throws: FAILED_PRECONDITION for what can't work, UNAVAILABLE where AWS can't be reached.
    func prove(
        _ policies: [(action: RemediationAction, policy: RemediationPolicy)], in account: AccountID,
        by access: AccountAccess
    ) async throws -> [String] {
        let row = try await pipeline.journal.reader.detached(.response) { try $0.account(account.description) }
        let settings = row?.settings ?? AccountSettings()
        var reader: [AWSClient] = []
        if !settings.roleARN.isEmpty {
            let role = AccountAccess(roleARN: settings.roleARN, region: access.region)
            reader = [try client(account.description, role, settings.externalID)]
        }
        if access.way == .executor { return try await proveExecutor(policies, account, simulatedBy: reader) }
        let client = try client(account.description, access, settings.externalID)
        let identity = try await identity(client, account, access)
        let principal = access.roleARN.isEmpty ? PermissionProof.principal(of: identity.arn) : access.roleARN
        var proof = [
            access.roleARN.isEmpty
                ? "no role is recorded; the service's own credentials act: \(identity.arn)"
                : "the role was assumed as \(identity.arn)"
        ]
        let simulation = PermissionProof(
            principalARN: principal, accountID: account.description, simulators: [client] + reader)
        for (action, policy) in policies {
            let verdict = await simulation.verdict(on: action.permissions(for: policy))
            if case .unanswered(let error) = verdict {
                // Without a simulation a read that names nothing tells whether the way is let at all.
                try await look(action, account, AWSActionService(client), region: access.region)
                proof.append(
                    "\(action.commandName): a read was let; its other permissions could not be simulated (\(error))")
            } else {
                try require(verdict, action, principal, account)
                proof.append("\(action.commandName): the simulation allows every call")
            }
        }
        return proof
    }

    /// The credentials of a way, whose account has to be the one that is acted in.
    private func identity(
        _ client: AWSClient, _ account: AccountID, _ access: AccountAccess
    ) async throws -> STS.CallerIdentity {
        do {
            let identity = try await STS(client).getCallerIdentity()
            guard identity.account == account.description else {
                let whose =
                    access.roleARN.isEmpty
                    ? "No role is recorded, and the service's own credentials are" : "The role is"
                throw Self.impossible(
                    "\(whose) of account \(identity.account), not of \(account).",
                    AccountVerifier.recordRole(account.description))
            }
            return identity
        } catch let error as AWSError {
            throw Self.refusal(error, account, access)
        }
    }

    private static func refusal(_ error: AWSError, _ account: AccountID, _ access: AccountAccess) -> RPCError {
        if error.isTransient || error.kind == .response {
            return RPCError(
                .unavailable,
                "The service can't reach AWS, so nothing was proved and nothing was changed: \(error). Let it reach STS and "
                    + "IAM, then try again.")
        }
        if error.kind == .credentials, access.roleARN.isEmpty {
            return impossible(
                "No role is recorded, and the service has no AWS credentials of its own: \(error).",
                AccountVerifier.recordRole(account.description))
        }
        if error.kind == .credentials {
            return impossible(
                "The service has no AWS credentials to assume \(access.roleARN) with: \(error).",
                "Give it credentials by its environment, a profile or the machine's role.")
        }
        return impossible(
            "\(access.roleARN.isEmpty ? "The service's own credentials" : access.roleARN) can't be used: \(error).",
            "Make the role as trailhound account policy \(account) --trusted ARN prints it, with the account's external id, "
                + "and let the service's own identity call sts:AssumeRole on it.")
    }

    private static func impossible(_ fact: String, _ remedy: String) -> RPCError {
        RPCError(.failedPrecondition, "Nothing was changed, since it could not act: \(fact) \(remedy)")
    }

    private func require(
        _ verdict: PermissionProof.Verdict, _ action: RemediationAction, _ principal: String, _ account: AccountID
    ) throws {
        switch verdict {
        case .allowed, .unanswered: return
        case .refused(let permissions):
            throw Self.impossible(
                "\(principal) may not \(permissions.joined(separator: ", ")).",
                "Give it the policy for \(action.commandName) that trailhound account policy \(account) --trusted ARN prints."
            )
        case .missing:
            throw Self.impossible(
                "IAM finds no \(principal) to look at.",
                "Name the role by its whole ARN, path included: trailhound remediation access \(account) --role ARN.")
        case .denied(let error):
            throw Self.impossible(
                "What \(principal) may do could not be proved: \(error).",
                "Allow iam:SimulatePrincipalPolicy on \(principal) to itself, as trailhound account policy \(account) "
                    + "--trusted ARN prints it.")
        }
    }

    /// Makes the first read of an action for a name that nothing has.
    ///
    /// - Parameter region: of the account's home; empty for us-east-1.
    private func look(
        _ action: RemediationAction, _ account: AccountID, _ service: any ActionService, region: String
    ) async throws {
        do {
            _ = try await service.perform(action.probe(in: region.isEmpty ? "us-east-1" : region))
        } catch let failure as CallFailure {
            switch failure.kind {
            case .missing: return
            case .transient:
                throw RPCError(
                    .unavailable,
                    "The service can't reach AWS, so nothing was proved and nothing was changed: \(failure.message).")
            case .permanent:
                throw Self.impossible(
                    "\(failure.message).",
                    "Give the role the policy for \(action.commandName) that trailhound account policy \(account) --trusted "
                        + "ARN prints.")
            }
        }
    }

    private func proveExecutor(
        _ policies: [(action: RemediationAction, policy: RemediationPolicy)], _ account: AccountID,
        simulatedBy reader: [AWSClient]
    ) async throws -> [String] {
        let principals = await pool.principals(of: account).sorted()
        guard !principals.isEmpty else {
            throw Self.impossible(
                "No executor of account \(account) is connected.", "Start trailhound execute inside the account first.")
        }
        var proof = ["an executor is connected that acts as \(principals.joined(separator: ", "))"]
        guard !reader.isEmpty else {
            return proof + ["the executor's permissions were not looked at: no role is recorded to read with"]
        }
        for principal in principals.map(PermissionProof.principal) {
            let simulation = PermissionProof(
                principalARN: principal, accountID: account.description, simulators: reader)
            for (action, policy) in policies {
                switch await simulation.verdict(on: action.permissions(for: policy)) {
                case .allowed: proof.append("\(action.commandName): the simulation allows \(principal) every call")
                case .refused(let permissions):
                    try require(.refused(permissions), action, principal, account)
                // The executor's role need not be one that the role to read with may look at.
                case .missing: proof.append("the executor's permissions were not looked at: IAM finds no \(principal)")
                case .denied(let error), .unanswered(let error):
                    proof.append("the executor's permissions were not looked at: \(error)")
                }
            }
        }
        return proof
    }
}

extension RemediationAction {
    /// The permissions that a policy of the action asks for: without writes for a dry run, and with those that lists need
    /// only where there is such a list.
    fileprivate func permissions(for policy: RemediationPolicy) -> [ActionPermission] {
        let isWriting = policy.mode == .approve || policy.mode == .auto || !policy.always.isEmpty
        let isListing = (policy.never + policy.always).contains { $0.kind == .path || $0.kind == .tag }
        return permissions.filter { ($0.isWrite ? isWriting : true) && ($0.isForLists ? isListing : true) }
    }

    /// A read of the action for a name that nothing has.
    fileprivate func probe(in region: String) -> ActionCall {
        let name = "trailhound-verification"
        return switch self {
        case .deactivateAccessKey: .getAccessKeyLastUsed(accessKeyID: "AKIATRAILHOUNDVERIFY")
        case .revokeRoleSessions: .getRole(roleName: name)
        case .denyUser, .disableConsoleLogin: .getUser(userName: name)
        case .restoreLogging: .getTrailStatus(trail: name, region: region)
        }
    }
}

extension RemediationPolicy {
    /// Whether it lets the action do no more than another did, so that it needs no proof: to be careful has to be possible
    /// at any time. The same once more is no narrowing: who says it again wants to know that it works.
    func narrows(_ before: RemediationPolicy) -> Bool {
        guard self != before else { return false }
        return mode.reach <= before.mode.reach && minimumSeverity >= before.minimumSeverity
            && (before.detections.isEmpty || (!detections.isEmpty && detections.isSubset(of: before.detections)))
            && Set(never).isSuperset(of: before.never) && Set(always).isSubset(of: before.always)
            && maximumAge <= before.maximumAge && hourlyCap <= before.hourlyCap && (before.actsOnDuets || !actsOnDuets)
    }
}

extension RemediationMode {
    /// How far it goes, for comparison.
    fileprivate var reach: Int {
        switch self {
        case .off: 0
        case .dryRun: 1
        case .approve: 2
        case .auto: 3
        }
    }
}
