// SPDX-License-Identifier: Apache-2.0

import AWS
import Respond

/// The checks of the way by which remediations reach the account: the one that the service will use, and no other.
extension AccountVerifier {
    /// A way that was found to work, as far as its permissions can be looked at.
    private struct WorkingWay {
        /// The principals that make the calls.
        let principals: [String]
        /// Calls by that way; nil where only executors can make them.
        let client: AWSClient?
    }

    func remediations() async -> [AccountCheck] {
        let (way, checks) = await respondWay()
        var all = checks
        for action in RemediationAction.allCases {
            guard let name = AccountCheck.Name(rawValue: "remediation_" + action.rawValue) else { continue }
            all.append(await remediation(action, name, by: way))
        }
        return all
    }

    // MARK: The way

    private func respondWay() async -> (WorkingWay?, [AccountCheck]) {
        if account.isActedByExecutor { return executors() }
        if account.respondRoleARN.isEmpty { return await ownCredentials() }
        return await respondRole()
    }

    private func executors() -> (WorkingWay?, [AccountCheck]) {
        let noRole = AccountCheck.unknown(
            .remediationExternalID, "not checked: executors act with credentials of their own, no role is assumed",
            remedy: "Nothing, where an executor is wanted.")
        guard !account.executors.isEmpty else {
            let remedy = "Start trailhound execute inside the account; it connects by itself."
            let detail = "no executor of the account is connected"
            return (nil, [notWorking(detail, remedy: remedy), noRole])
        }
        let acting = account.executors.sorted()
        return (
            WorkingWay(principals: acting, client: nil),
            [
                .passed(.remediationWay, "an executor is connected that acts as \(acting.joined(separator: ", "))"),
                noRole,
            ]
        )
    }

    private func ownCredentials() async -> (WorkingWay?, [AccountCheck]) {
        let noRole = AccountCheck.unknown(
            .remediationExternalID, "not checked: no role is recorded that remediations act with",
            remedy: Self.recordRole(account.accountID))
        guard account.isRemediationEnabled else {
            let detail = "not checked: no role is recorded to act with"
            return (nil, [notWorking(detail, remedy: Self.recordRole(account.accountID)), noRole])
        }
        do {
            let identity = try await STS(base).getCallerIdentity()
            guard identity.account == account.accountID else {
                let detail = "no role is recorded, and the credentials here are of account \(identity.account)"
                return (nil, [notWorking(detail, remedy: Self.recordRole(account.accountID)), noRole])
            }
            return (
                WorkingWay(principals: [PermissionProof.principal(of: identity.arn)], client: base),
                [
                    .passed(.remediationWay, "no role is recorded; the credentials here act: \(identity.arn)"), noRole,
                ]
            )
        } catch {
            let check = AccountCheck.of(.remediationWay, error, remedy: Self.recordRole(account.accountID))
            return (nil, [check, noRole])
        }
    }

    private func respondRole() async -> (WorkingWay?, [AccountCheck]) {
        let role = account.respondRoleARN
        let client = base.assuming(respondRequest(withExternalID: true))
        let isClosed = await refusesWithoutExternalID(
            .remediationExternalID, role: role, respondRequest(withExternalID: false))
        do {
            let identity = try await STS(client).getCallerIdentity()
            guard identity.account == account.accountID else {
                let detail = "the role \(role) is of account \(identity.account)"
                return (nil, [notWorking(detail, remedy: Self.recordRole(account.accountID)), isClosed])
            }
            return (
                WorkingWay(principals: [role], client: client),
                [.passed(.remediationWay, "assumed as \(identity.arn)"), isClosed]
            )
        } catch let error as AWSError where error.isAccessDenied {
            let remedy = """
                Make the role \(role) as trailhound account policy \(account.accountID) --trusted ARN prints it, with its \
                trust policy, and let the service's own identity call sts:AssumeRole on it.
                """
            // Without a role there is nothing that could be open.
            let unchecked = AccountCheck.unknown(
                .remediationExternalID, "not checked: the role can't be assumed", remedy: "Make remediation_way pass.")
            return (nil, [notWorking(error.description, remedy: remedy), unchecked])
        } catch {
            return (nil, [.of(.remediationWay, error), isClosed])
        }
    }

    private func respondRequest(withExternalID: Bool) -> STS.RoleRequest {
        STS.RoleRequest(
            roleARN: account.respondRoleARN, sessionName: "trailhound-verify",
            externalID: withExternalID && !account.externalID.isEmpty ? account.externalID : nil)
    }

    /// A way that does not work is a fault only where a remediation is enabled that would use it.
    private func notWorking(_ detail: String, remedy: String) -> AccountCheck {
        account.isRemediationEnabled
            ? .failed(.remediationWay, detail, remedy: remedy)
            : .unknown(.remediationWay, "no remediation is enabled; " + detail, remedy: "Where it is wanted: " + remedy)
    }

    /// The remedy for an account of which no role is known.
    package static func recordRole(_ accountID: String) -> String {
        """
        Record the role that remediations act with: trailhound remediation access \(accountID) --role ARN (account onboard \
        --trusted does it by itself); or run trailhound execute in the account, and trailhound remediation access \
        \(accountID) --executor.
        """
    }

    // MARK: Permissions

    private func remediation(
        _ action: RemediationAction, _ name: AccountCheck.Name, by way: WorkingWay?
    ) async -> AccountCheck {
        guard let way else {
            return .unknown(
                name, "not checked: there is no way into the account to act by", remedy: "Make remediation_way pass.")
        }
        for principal in way.principals {
            let proof = PermissionProof(
                principalARN: PermissionProof.principal(of: principal), accountID: account.accountID,
                simulators: (account.roleARN.isEmpty ? [] : [client]) + (way.client.map { [$0] } ?? []))
            let verdict = await proof.verdict(on: action.permissions)
            if let check = check(verdict, action, name, principal) { return check }
        }
        return .passed(name, "\(way.principals.joined(separator: ", ")) may \(action.summary)")
    }

    /// What a verdict other than `allowed` says; nil for that.
    private func check(
        _ verdict: PermissionProof.Verdict, _ action: RemediationAction, _ name: AccountCheck.Name, _ principal: String
    ) -> AccountCheck? {
        switch verdict {
        case .allowed: return nil
        case .refused(let refused):
            return .failed(
                name, "\(principal) may not \(refused.joined(separator: ", "))",
                remedy:
                    "Give it the policy \(AccountPolicies.name(action)) that trailhound account policy prints, where "
                    + "this remediation is wanted.")
        case .missing:
            return .unknown(
                name, "IAM finds no \(principal)", remedy: "See whether the role has a path, and give its whole ARN.")
        case .denied(let error):
            let remedy = """
                Allow iam:SimulatePrincipalPolicy on \(principal) to it, or to the role that is read with: trailhound account \
                policy prints both.
                """
            return .unknown(name, "not checked: " + error, remedy: remedy)
        case .unanswered(let error):
            return .unknown(
                name, "not checked: " + error, remedy: "Try again; see whether AWS can be reached from here.")
        }
    }
}
