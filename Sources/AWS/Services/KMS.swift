// SPDX-License-Identifier: Apache-2.0

/// The call to AWS KMS that onboarding's check of a trail's key makes. Decryption itself is S3's work.
package struct KMS: Sendable {
    private let client: AWSClient

    /// Calls with `client`, in its region unless a call names another.
    package init(_ client: AWSClient) { self.client = client }

    /// A key.
    package struct Key: Sendable, Hashable, Decodable {
        package let arn: String
        package let isEnabled: Bool
        /// Enabled, Disabled, PendingDeletion, ….
        package let state: String

        private enum CodingKeys: String, CodingKey {
            case arn = "Arn"
            case isEnabled = "Enabled"
            case state = "KeyState"
        }
    }

    /// A key's state, by its id or ARN.
    package func describeKey(_ key: String, region: String? = nil) async throws -> Key {
        struct Output: Decodable { let KeyMetadata: Key }
        return try await client.json(
            .kms, "DescribeKey", target: "TrentService.DescribeKey", version: "1.1", ["KeyId": key], region: region,
            as: Output.self
        ).KeyMetadata
    }
}
