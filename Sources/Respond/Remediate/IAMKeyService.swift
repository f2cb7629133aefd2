// SPDX-License-Identifier: Apache-2.0

import AWS

/// An account's own IAM, through the AWS module.
package struct IAMKeyService: KeyService {
    private let iam: IAM

    /// Works with the credentials of `client`: the account's remediation role.
    package init(_ client: AWSClient) { iam = IAM(client) }

    package func owner(of accessKeyID: String) async throws -> String? {
        try await translated { try await iam.getAccessKeyLastUsed(accessKeyID).userName }
    }

    package func user(_ userName: String, tags: Bool) async throws -> (path: String, tags: [String: String]?) {
        try await translated {
            let path = try await iam.getUser(userName).path
            return (path, tags ? try await iam.listUserTags(userName) : nil)
        }
    }

    package func keys(of userName: String) async throws -> [IAM.AccessKey] {
        try await translated { try await iam.listAccessKeys(userName: userName) }
    }

    package func setKey(_ accessKeyID: String, of userName: String, to status: IAM.KeyStatus) async throws {
        try await translated { try await iam.updateAccessKey(accessKeyID, userName: userName, status: status) }
    }

    private func translated<Result>(_ call: () async throws -> Result) async throws -> Result {
        do {
            return try await call()
        } catch let error as AWSError {
            throw CallFailure(error)
        }
    }
}

extension CallFailure: Error {}
