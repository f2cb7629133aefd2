// SPDX-License-Identifier: Apache-2.0

/// The calls to IAM that change something. Each sets a state, so making it twice is the same as once.
extension IAM {
    /// Activates or deactivates a key.
    ///
    /// - Parameter userName: Whose key. Under temporary credentials IAM does not find that out by itself.
    package func updateAccessKey(_ accessKeyID: String, userName: String, status: KeyStatus) async throws {
        _ = try await call(
            "UpdateAccessKey",
            [
                QueryItem("UserName", userName), QueryItem("AccessKeyId", accessKeyID),
                QueryItem("Status", status.rawValue),
            ])
    }

    /// Puts an inline policy on a user, in place of one of the same name.
    package func putUserPolicy(_ userName: String, named policyName: String, document: String) async throws {
        _ = try await call(
            "PutUserPolicy",
            [
                QueryItem("UserName", userName), QueryItem("PolicyName", policyName),
                QueryItem("PolicyDocument", document),
            ])
    }

    /// Puts an inline policy on a role, in place of one of the same name.
    package func putRolePolicy(_ roleName: String, named policyName: String, document: String) async throws {
        _ = try await call(
            "PutRolePolicy",
            [
                QueryItem("RoleName", roleName), QueryItem("PolicyName", policyName),
                QueryItem("PolicyDocument", document),
            ])
    }

    /// Takes an inline policy off a user. One that is not there is taken off already.
    package func deleteUserPolicy(_ userName: String, named policyName: String) async throws {
        try await gone("DeleteUserPolicy", [QueryItem("UserName", userName), QueryItem("PolicyName", policyName)])
    }

    /// Takes an inline policy off a role. One that is not there is taken off already.
    package func deleteRolePolicy(_ roleName: String, named policyName: String) async throws {
        try await gone("DeleteRolePolicy", [QueryItem("RoleName", roleName), QueryItem("PolicyName", policyName)])
    }

    private func gone(_ operation: String, _ parameters: [QueryItem]) async throws {
        do {
            _ = try await call(operation, parameters)
        } catch let error as AWSError where error.code == "NoSuchEntity" {
            return
        }
    }
}
