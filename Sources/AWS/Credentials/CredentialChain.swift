// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// AWS's default chain: the environment, a web identity, the shared files, the container, the instance. The first that
/// is configured is used, and kept; one that is configured wrongly ends the search.
///
/// Source: "Standardized credential providers" in the AWS SDKs and tools reference.
package final class CredentialChain: CredentialsProvider {
    private let context: CredentialContext
    private let found = Mutex<CachedCredentials?>(nil)

    /// Searches in `context` at the first call.
    package init(_ context: CredentialContext) { self.context = context }

    package func credentials() async throws -> Credentials {
        if let provider = found.withLock({ $0 }) { return try await provider.credentials() }
        var reasons: [String] = []
        for candidate in try candidates() {
            let provider = CachedCredentials(candidate, clock: context.clock)
            do {
                let credentials = try await provider.credentials()
                found.withLock { $0 = $0 ?? provider }
                return credentials
            } catch let error as CredentialsError where error.code == .notConfigured {
                reasons.append(error.message)
            }
        }
        throw CredentialsError(.notConfigured, reasons.joined(separator: "; "))
    }

    package func invalidate(_ refused: Credentials) async {
        await found.withLock { $0 }?.invalidate(refused)
    }

    private func candidates() throws -> [any CredentialsProvider] {
        let profile = ProfileCredentials(context: context)
        // A profile that the caller names is meant to be used, whatever the environment holds.
        if context.profile != nil { return [profile] }
        return [
            EnvironmentCredentials(context: context), WebIdentityEnvironment(context: context), profile,
            ContainerCredentials(context: context), InstanceCredentials(context: context),
        ]
    }
}

/// AWS_ACCESS_KEY_ID and its companions.
struct EnvironmentCredentials: CredentialsProvider {
    let context: CredentialContext

    func credentials() async throws -> Credentials {
        switch (context.variable("AWS_ACCESS_KEY_ID"), context.variable("AWS_SECRET_ACCESS_KEY")) {
        case (let id?, let secret?):
            return Credentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: context.variable("AWS_SESSION_TOKEN"))
        case (nil, nil):
            throw CredentialsError(.notConfigured, "the environment has no AWS_ACCESS_KEY_ID")
        case (_, nil):
            throw CredentialsError(.invalid, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
        case (nil, _):
            throw CredentialsError(.invalid, "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not")
        }
    }
}

/// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, as EKS sets them.
struct WebIdentityEnvironment: CredentialsProvider {
    let context: CredentialContext

    func credentials() async throws -> Credentials {
        guard let file = context.variable("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            throw CredentialsError(.notConfigured, "the environment has no AWS_WEB_IDENTITY_TOKEN_FILE")
        }
        guard let role = context.variable("AWS_ROLE_ARN") else {
            throw CredentialsError(.invalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not")
        }
        let request = STS.RoleRequest(
            roleARN: role, sessionName: context.variable("AWS_ROLE_SESSION_NAME") ?? "trailhound")
        // This call is not signed, so it needs no credentials of its own.
        let client = try context.client(NoCredentials())
        return try await WebIdentityCredentials(request, tokenFile: file, client: client, files: context.files)
            .credentials()
    }
}

/// For calls that are not signed.
struct NoCredentials: CredentialsProvider {
    func credentials() async throws -> Credentials {
        throw CredentialsError(.notConfigured, "this call is made without credentials")
    }
}
