// SPDX-License-Identifier: Apache-2.0

import Respond

/// The least that each of an account's roles needs. A test holds these against every call that the programs make.
///
/// Sources: "Actions, resources, and condition keys" of CloudTrail, S3, SQS, KMS, IAM and STS in the AWS service
/// authorization reference.
package struct AccountPolicies: Sendable {
    private let facts: AccountFacts

    /// Takes what is known of the account.
    package init(_ facts: AccountFacts) { self.facts = facts }

    /// All roles that are made in the account, in order.
    package var roles: [AccountRole] { [read, respond, analyst] }

    private func role(_ name: String) -> String {
        RoleNames.arn(name, account: facts.accountID, partition: facts.partition)
    }

    /// Who may take on a role that the service uses: the service alone, with the account's external id.
    private var serviceTrust: PolicyDocument {
        var statement = PolicyDocument.Statement("Trailhound", actions: ["sts:AssumeRole"])
        statement.principals = [facts.trusted]
        statement.conditions = [PolicyDocument.Condition("StringEquals", "sts:ExternalId", [facts.externalID])]
        return PolicyDocument([statement])
    }

    private var respondARN: String {
        facts.respondRoleARN.isEmpty ? role(RoleNames.respond) : facts.respondRoleARN
    }

    private var respondName: String { respondARN.split(separator: "/").last.map(String.init) ?? RoleNames.respond }

    private var analystName: String { facts.consoleRole.isEmpty ? RoleNames.analyst : facts.consoleRole }

    // MARK: Reading

    /// What the service and its collectors read with.
    package var read: AccountRole {
        AccountRole(
            name: RoleNames.read, purpose: "Trailhound reads the trail, its log files and its queue with it.",
            trust: serviceTrust, policies: [.init("Read", PolicyDocument(readStatements))])
    }

    private var readStatements: [PolicyDocument.Statement] {
        var statements = [
            // None of these can be bound to a trail but the two of one trail's own.
            PolicyDocument.Statement(
                "Trails", actions: ["cloudtrail:DescribeTrails", "cloudtrail:ListPublicKeys"], resources: ["*"]),
            PolicyDocument.Statement(
                "Trail", actions: ["cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"],
                // An organisation's trail belongs to the management account.
                resources: ["arn:\(facts.partition):cloudtrail:*:*:trail/*"]),
            PolicyDocument.Statement(
                "Roles", actions: ["iam:GetRole", "iam:SimulatePrincipalPolicy"],
                resources: [respondARN, role(analystName)]),
        ]
        if !facts.bucket.isEmpty { statements += bucketStatements }
        if !facts.queueARN.isEmpty {
            statements.append(
                PolicyDocument.Statement(
                    "Queue",
                    actions: [
                        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
                        "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
                    ], resources: [facts.queueARN]))
        }
        if !facts.keyARN.isEmpty {
            statements.append(
                PolicyDocument.Statement(
                    "Key", actions: ["kms:Decrypt", "kms:DescribeKey"], resources: [facts.keyARN]))
        }
        return statements
    }

    private var bucketStatements: [PolicyDocument.Statement] {
        let bucket = "arn:\(facts.partition):s3:::\(facts.bucket)"
        let prefix = (facts.keyPrefix.isEmpty ? "" : facts.keyPrefix + "/") + "AWSLogs/"
        var list = PolicyDocument.Statement("List", actions: ["s3:ListBucket"], resources: [bucket])
        list.conditions = [PolicyDocument.Condition("StringLike", "s3:prefix", [prefix + "*"])]
        return [
            list,
            PolicyDocument.Statement("LogFiles", actions: ["s3:GetObject"], resources: ["\(bucket)/\(prefix)*"]),
        ]
    }

    // MARK: Responding

    /// What remediations act with: a policy for each, to be left out where it is not wanted.
    package var respond: AccountRole {
        AccountRole(
            name: respondName, purpose: "Remediations act with it. Leave out the policies of those not wanted.",
            trust: serviceTrust, policies: RemediationAction.allCases.map(policy) + [simulation])
    }

    /// Lets the role look at its own permissions, so that to enable a remediation proves that it can work.
    private var simulation: AccountRole.NamedPolicy {
        let own = PolicyDocument.Statement("Own", actions: ["iam:SimulatePrincipalPolicy"], resources: [respondARN])
        return AccountRole.NamedPolicy("Verify", PolicyDocument([own]))
    }

    /// The policy of one remediation.
    package func policy(_ action: RemediationAction) -> AccountRole.NamedPolicy {
        var statements: [PolicyDocument.Statement] = []
        for resource in [ActionPermission.Resource.users, .roles, .trails] {
            let permissions = action.permissions.filter { $0.resource == resource }
            guard let first = permissions.first else { continue }
            statements.append(
                PolicyDocument.Statement(
                    resource.rawValue.prefix(1).uppercased() + resource.rawValue.dropFirst(),
                    actions: permissions.map(\.action),
                    resources: [first.resourceARN(accountID: facts.accountID, partition: facts.partition)]))
        }
        if action.permissions.contains(where: { $0.isWrite && $0.resource != .trails }) {
            var guarded = PolicyDocument.Statement(
                "NeverBreakGlass", actions: action.permissions.filter(\.isWrite).map(\.action),
                resources: ["user", "role"].map { "arn:\(facts.partition):iam::\(facts.accountID):\($0)/break-glass/*" }
            )
            guarded.isAllowed = false
            statements.append(guarded)
        }
        return AccountRole.NamedPolicy(Self.name(action), PolicyDocument(statements))
    }

    /// `DeactivateAccessKey`.
    static func name(_ action: RemediationAction) -> String {
        action.rawValue.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    // MARK: People

    /// What analysts take on in the console: AWS's own audit policy would show more than an alert needs.
    package var analyst: AccountRole {
        var trust = PolicyDocument.Statement("Analysts", actions: ["sts:AssumeRole"])
        trust.principals = facts.analysts.isEmpty ? [Self.root(of: facts.trusted) ?? facts.trusted] : facts.analysts
        trust.conditions = [PolicyDocument.Condition("Bool", "aws:MultiFactorAuthPresent", ["true"])]
        let look = PolicyDocument.Statement(
            "Look",
            actions: [
                "cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus",
                "cloudtrail:LookupEvents", "iam:GetAccessKeyLastUsed", "iam:GetRole", "iam:GetRolePolicy",
                "iam:GetUser", "iam:GetUserPolicy", "iam:ListAccessKeys", "iam:ListAttachedRolePolicies",
                "iam:ListAttachedUserPolicies", "iam:ListGroupsForUser", "iam:ListMFADevices", "iam:ListRolePolicies",
                "iam:ListRoles", "iam:ListUserPolicies", "iam:ListUsers",
            ], resources: ["*"])
        return AccountRole(
            name: analystName, purpose: "Analysts take it on in the console, by the links on alerts.",
            trust: PolicyDocument([trust]), policies: [.init("Look", PolicyDocument([look]))])
    }

    /// The account of a principal, as a principal.
    private static func root(of arn: String) -> String? {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 6, parts[0] == "arn" else { return nil }
        return "arn:\(parts[1]):iam::\(parts[4]):root"
    }

    // MARK: Beside the account

    /// What lists an organisation's accounts, in its management account.
    package var organization: AccountRole {
        AccountRole(
            name: RoleNames.organization, purpose: "Onboards all accounts of an organisation at once.",
            trust: serviceTrust,
            policies: [
                .init(
                    "ListAccounts",
                    PolicyDocument([
                        PolicyDocument.Statement("List", actions: ["organizations:ListAccounts"], resources: ["*"])
                    ]))
            ])
    }

    /// What the service's own identity needs: to take the roles on. For all accounts at once.
    package static func service(partition: String = "aws") -> PolicyDocument {
        PolicyDocument([
            PolicyDocument.Statement(
                "TakeOn", actions: ["sts:AssumeRole"],
                resources: [RoleNames.read, RoleNames.respond, RoleNames.organization].map {
                    RoleNames.arn($0, account: "*", partition: partition)
                })
        ])
    }
}
