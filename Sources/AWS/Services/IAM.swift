// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The calls to AWS Identity and Access Management that read.
package struct IAM: Sendable {
    static let version = "2010-05-08"

    let client: AWSClient

    /// Calls with `client`, at the endpoint of its region's partition.
    package init(_ client: AWSClient) { self.client = client }

    /// The state of an access key.
    package enum KeyStatus: String, Sendable, Hashable, Codable {
        case active = "Active"
        case inactive = "Inactive"
        /// AWS's own stop of keys that were not confirmed.
        case expired = "Expired"
    }

    /// A key as ListAccessKeys shows it.
    package struct AccessKey: Sendable, Hashable, Codable {
        /// AKIA….
        package let accessKeyID: String
        /// Whether it works.
        package let status: KeyStatus
        /// When it was made, as IAM writes it: it tells a key from a later one that got its name.
        package let createDate: String

        /// Takes the parts of a key.
        package init(accessKeyID: String, status: KeyStatus, createDate: String) {
            self.accessKeyID = accessKeyID
            self.status = status
            self.createDate = createDate
        }
    }

    /// Where a key was used last.
    package struct KeyUse: Sendable, Hashable {
        /// Whose key it is; nil for root's.
        package let userName: String?
        /// When; nil for never.
        package let lastUsed: Date?
        /// The service, or `N/A`.
        package let service: String?
        /// The region, or `N/A`.
        package let region: String?
    }

    /// A user.
    package struct User: Sendable, Hashable {
        /// The name, unique in the account.
        package let name: String
        /// The path, `/` for none.
        package let path: String
        /// The ARN, path included.
        package let arn: String
        /// AIDA….
        package let id: String
    }

    /// A role.
    package struct Role: Sendable, Hashable {
        /// The name, unique in the account.
        package let name: String
        /// The path: `/aws-service-role/…` marks a service's own, `/aws-reserved/…` Identity Center's.
        package let path: String
        /// The ARN, path included.
        package let arn: String
        /// AROA….
        package let id: String
        /// The trust policy, as JSON.
        package let trustPolicy: String
        package let tags: [String: String]
    }

    /// A user's password for the console, as far as IAM tells of it.
    package struct LoginProfile: Sendable, Hashable {
        /// When it was made, as IAM writes it.
        package let createDate: String
        /// Whether the user has to set a new one at the next sign-in.
        package let requiresReset: Bool
    }

    /// Whose key it is, and where it was used last. NoSuchEntity where the account has no such key.
    package func getAccessKeyLastUsed(_ accessKeyID: String) async throws -> KeyUse {
        let result = try await call("GetAccessKeyLastUsed", [QueryItem("AccessKeyId", accessKeyID)])
        let use = result.child("AccessKeyLastUsed")
        return KeyUse(
            userName: result.value("UserName").flatMap { $0.isEmpty ? nil : $0 },
            lastUsed: use?.value("LastUsedDate").flatMap(TimeText.iso8601),
            service: use?.value("ServiceName"), region: use?.value("Region"))
    }

    /// All keys of a user.
    package func listAccessKeys(userName: String) async throws -> [AccessKey] {
        try await pages("ListAccessKeys", [QueryItem("UserName", userName)]) { result in
            try result.items("AccessKeyMetadata").map { item in
                let action = "iam:ListAccessKeys"
                let status = try self.client.required(item, "Status", action: action)
                guard let known = KeyStatus(rawValue: status) else {
                    throw AWSError(
                        kind: .response, code: "UnreadableResponse", message: "a key's status is '\(status)'",
                        action: action)
                }
                return AccessKey(
                    accessKeyID: try self.client.required(item, "AccessKeyId", action: action), status: known,
                    createDate: try self.client.required(item, "CreateDate", action: action))
            }
        }
    }

    /// A user's name, path and ids.
    package func getUser(_ userName: String) async throws -> User {
        let action = "iam:GetUser"
        let result = try await call("GetUser", [QueryItem("UserName", userName)])
        return User(
            name: try client.required(result, "User", "UserName", action: action),
            path: result.value("User", "Path") ?? "/",
            arn: try client.required(result, "User", "Arn", action: action),
            id: try client.required(result, "User", "UserId", action: action))
    }

    /// A user's tags.
    package func listUserTags(_ userName: String) async throws -> [String: String] {
        let tags = try await pages("ListUserTags", [QueryItem("UserName", userName)]) { result in
            result.items("Tags").map { ($0.value("Key") ?? "", $0.value("Value") ?? "") }
        }
        return Dictionary(tags) { _, last in last }
    }

    /// A role's path, ids and trust policy.
    package func getRole(_ roleName: String) async throws -> Role {
        let action = "iam:GetRole"
        let result = try await call("GetRole", [QueryItem("RoleName", roleName)])
        return Role(
            name: try client.required(result, "Role", "RoleName", action: action),
            path: result.value("Role", "Path") ?? "/",
            arn: try client.required(result, "Role", "Arn", action: action),
            id: try client.required(result, "Role", "RoleId", action: action),
            trustPolicy: PercentEncoding.decode(result.value("Role", "AssumeRolePolicyDocument") ?? ""),
            tags: Dictionary(
                (result.child("Role")?.items("Tags") ?? []).map { ($0.value("Key") ?? "", $0.value("Value") ?? "") }
            ) { _, last in last })
    }

    /// A user's password for the console; nil where the user has none, or where there is no such user.
    package func loginProfile(_ userName: String) async throws -> LoginProfile? {
        do {
            let result = try await call("GetLoginProfile", [QueryItem("UserName", userName)])
            return LoginProfile(
                createDate: try client.required(
                    result, "LoginProfile", "CreateDate", action: "iam:GetLoginProfile"),
                requiresReset: result.value("LoginProfile", "PasswordResetRequired") == "true")
        } catch let error as AWSError where error.code == "NoSuchEntity" {
            return nil
        }
    }

    /// A user's inline policy as JSON, or nil where there is none of that name.
    package func userPolicy(_ userName: String, named policyName: String) async throws -> String? {
        try await policy("GetUserPolicy", [QueryItem("UserName", userName), QueryItem("PolicyName", policyName)])
    }

    /// A role's inline policy as JSON, or nil where there is none of that name.
    package func rolePolicy(_ roleName: String, named policyName: String) async throws -> String? {
        try await policy("GetRolePolicy", [QueryItem("RoleName", roleName), QueryItem("PolicyName", policyName)])
    }

    private func policy(_ operation: String, _ parameters: [QueryItem]) async throws -> String? {
        do {
            let result = try await call(operation, parameters)
            return PercentEncoding.decode(
                try client.required(result, "PolicyDocument", action: "iam:" + operation))
        } catch let error as AWSError where error.code == "NoSuchEntity" {
            return nil
        }
    }

    /// What IAM would decide, by action, were `principalARN` to call them on `resources`.
    package func simulatePrincipalPolicy(
        principalARN: String, actions: [String], resources: [String] = []
    ) async throws -> [String: Decision] {
        var parameters = [QueryItem("PolicySourceArn", principalARN)]
        for (index, action) in actions.enumerated() {
            parameters.append(QueryItem("ActionNames.member.\(index + 1)", action))
        }
        for (index, resource) in resources.enumerated() {
            parameters.append(QueryItem("ResourceArns.member.\(index + 1)", resource))
        }
        let decisions = try await pages("SimulatePrincipalPolicy", parameters) { result in
            result.items("EvaluationResults").map { item in
                (
                    item.value("EvalActionName") ?? "",
                    Decision(rawValue: item.value("EvalDecision") ?? "") ?? .implicitDeny
                )
            }
        }
        // With several resources an action is allowed when it is allowed on all of them.
        return Dictionary(decisions) { first, second in first == .allowed ? second : first }
    }

    /// IAM's decisions.
    package enum Decision: String, Sendable, Hashable {
        case allowed
        case explicitDeny
        case implicitDeny
    }

    func call(_ operation: String, _ parameters: [QueryItem]) async throws -> XMLElement {
        try await client.query(.iam, operation, version: Self.version, parameters)
    }

    /// All pages of an operation that pages by Marker.
    private func pages<Item>(
        _ operation: String, _ parameters: [QueryItem], _ read: (XMLElement) throws -> [Item]
    ) async throws -> [Item] {
        try await Paging.all("iam:" + operation) { marker in
            let result = try await call(operation, parameters + (marker.map { [QueryItem("Marker", $0)] } ?? []))
            return (try read(result), result.value("IsTruncated") == "true" ? result.value("Marker") : nil)
        }
    }
}
