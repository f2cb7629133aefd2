// SPDX-License-Identifier: Apache-2.0

/// Credentials of a role, taken on anew at each asking: `CachedCredentials` goes around it.
package struct RoleCredentials: CredentialsProvider {
    private let sts: STS
    private let request: STS.RoleRequest

    /// Takes on a role with the credentials of `client`.
    package init(_ request: STS.RoleRequest, client: AWSClient) {
        sts = STS(client)
        self.request = request
    }

    package func credentials() async throws -> Credentials {
        try await sts.assumeRole(request)
    }
}

/// Credentials of a role for the token in a file, which is read anew at each asking since it changes within hours.
package struct WebIdentityCredentials: CredentialsProvider {
    private let sts: STS
    private let request: STS.RoleRequest
    private let tokenFile: String
    private let files: ConfigurationFiles

    /// Takes on a role for the token in `tokenFile`. The client's own credentials are not used.
    init(_ request: STS.RoleRequest, tokenFile: String, client: AWSClient, files: ConfigurationFiles) {
        sts = STS(client)
        self.request = request
        self.tokenFile = tokenFile
        self.files = files
    }

    package func credentials() async throws -> Credentials {
        guard let token = try files.text(tokenFile)?.trimmingBlanks(), !token.isEmpty else {
            throw CredentialsError(.unavailable, "the web identity token file \(tokenFile) is missing or empty")
        }
        return try await sts.assumeRoleWithWebIdentity(request, token: Secret(token))
    }
}

extension AWSClient {
    /// A client that calls as a role, in the role's account, with credentials that renew themselves.
    package func assuming(_ request: STS.RoleRequest) -> AWSClient {
        let parts = request.roleARN.split(separator: ":", omittingEmptySubsequences: false)
        let account = parts.count > 4 ? String(parts[4]) : scope
        return with(
            credentials: CachedCredentials(RoleCredentials(request, client: self), clock: clock), scope: account)
    }
}

extension StringProtocol {
    /// Without blanks and line ends around.
    func trimmingBlanks() -> String {
        let isBlank: (Character) -> Bool = { $0.isWhitespace || $0.isNewline }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
