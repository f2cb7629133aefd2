// SPDX-License-Identifier: Apache-2.0

import Cryptography

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials of a role for the token that `aws sso login` left in its cache. The token is never renewed here: that takes
/// a person or AWS's own tools.
///
/// Source: "IAM Identity Center credential provider" in the AWS SDKs and tools reference.
struct SingleSignOnCredentials: CredentialsProvider {
    let context: CredentialContext
    let profile: String
    /// The profile's settings.
    let settings: [String: String]
    /// The settings of the `[sso-session]` that the profile names; nil where there is none.
    let session: [String: String]?

    func credentials() async throws -> Credentials {
        let name = settings["sso_session"]
        if let name, session == nil {
            throw CredentialsError(.invalid, "profile '\(profile)' names the sso-session '\(name)', which there is not")
        }
        let merged = settings.merging(session ?? [:]) { own, _ in own }
        let needed = ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"]
        let missing = needed.filter { merged[$0]?.isEmpty ?? true }
        guard missing.isEmpty, let start = merged["sso_start_url"], let region = merged["sso_region"],
            let account = merged["sso_account_id"], let role = merged["sso_role_name"]
        else {
            throw CredentialsError(.invalid, "profile '\(profile)' has no \(missing.joined(separator: ", "))")
        }
        let login = "aws sso login " + (name.map { "--sso-session \($0)" } ?? "--profile \(profile)")
        let token = try token(of: name ?? start, login)
        return try await ask(region: region, account: account, role: role, token: token, login)
    }

    private struct Token: Decodable {
        let accessToken: String
        let expiresAt: String
    }

    private func token(of session: String, _ login: String) throws -> Secret {
        let path = context.home + "/.aws/sso/cache/" + SHA1.hexadecimal(Array(session.utf8)) + ".json"
        guard let text = try context.files.text(path) else {
            throw CredentialsError(.invalid, "profile '\(profile)' has no SSO token in the cache: run \(login)")
        }
        guard let token = try? JSONDecoder().decode(Token.self, from: Data(text.utf8)),
            let end = TimeText.iso8601(token.expiresAt.replacing("UTC", with: "Z"))
        else { throw CredentialsError(.invalid, "the SSO token in \(path) can't be read: run \(login)") }
        guard end > context.clock.now() else {
            throw CredentialsError(
                .invalid, "the SSO token of profile '\(profile)' expired at \(token.expiresAt): run \(login)")
        }
        return Secret(token.accessToken)
    }

    private struct Answer: Decodable {
        struct Role: Decodable {
            let accessKeyId: String
            let secretAccessKey: String
            let sessionToken: String
            /// Milliseconds since 1970.
            let expiration: Double
        }
        let roleCredentials: Role
    }

    private func ask(
        region: String, account: String, role: String, token: Secret, _ login: String
    ) async throws -> Credentials {
        let query = CanonicalRequest.queryString([QueryItem("account_id", account), QueryItem("role_name", role)])
        var request = HTTPRequest(
            method: "GET", url: try endpoint(region) + "/federation/credentials?" + query,
            headers: [Header("x-amz-sso_bearer_token", token.reveal())])
        request.responseLimit = AWSLimits.metadataBytes
        let response: HTTPResponse
        do {
            response = try await context.transport.send(request)
        } catch let error as TransportError {
            throw CredentialsError(.unavailable, "profile '\(profile)': IAM Identity Center: \(error.message)")
        }
        switch response.status {
        case 200: break
        case 401: throw CredentialsError(.invalid, "the SSO token of profile '\(profile)' is refused: run \(login)")
        case 403, 404:
            throw CredentialsError(
                .invalid, "profile '\(profile)': IAM Identity Center gives nobody the role \(role) in \(account) by it")
        default:
            throw CredentialsError(
                .unavailable, "profile '\(profile)': IAM Identity Center answers with HTTP \(response.status)")
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)).roleCredentials else {
            throw CredentialsError(
                .unavailable, "profile '\(profile)': IAM Identity Center gave no credentials that can be read")
        }
        return Credentials(
            accessKeyID: answer.accessKeyId, secretAccessKey: answer.secretAccessKey,
            sessionToken: answer.sessionToken, expiration: Date(timeIntervalSince1970: answer.expiration / 1_000))
    }

    private func endpoint(_ region: String) throws -> String {
        if context.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() != "true",
            var own = context.variable("AWS_ENDPOINT_URL_SSO") ?? context.variable("AWS_ENDPOINT_URL")
        {
            while own.hasSuffix("/") { own.removeLast() }
            return own
        }
        do throws(EndpointError) {
            return "https://portal.sso.\(region).\(try Partition.of(region: region).domain)"
        } catch {
            throw CredentialsError(.invalid, "profile '\(profile)': sso_region: \(error.message)")
        }
    }
}

/// The credentials that `aws login` left in its cache. They hold for minutes, and only AWS's own tools renew them.
///
/// Source: "Login credential provider" in the AWS SDKs and tools reference.
struct LoginSessionCredentials: CredentialsProvider {
    let context: CredentialContext
    let profile: String
    /// The profile's `login_session`.
    let session: String

    private struct Cached: Decodable {
        struct Token: Decodable {
            let accessKeyId: String
            let secretAccessKey: String
            let sessionToken: String
            let expiresAt: String
        }
        let accessToken: Token
    }

    func credentials() async throws -> Credentials {
        let folder = context.variable("AWS_LOGIN_CACHE_DIRECTORY") ?? context.home + "/.aws/login/cache"
        let path = folder + "/" + SHA256.hexadecimal(Array(session.utf8)) + ".json"
        guard let text = try context.files.text(path) else {
            throw CredentialsError(
                .invalid, "profile '\(profile)' has no login session in the cache: run aws login --profile \(profile)")
        }
        guard let token = try? JSONDecoder().decode(Cached.self, from: Data(text.utf8)).accessToken,
            let end = TimeText.iso8601(token.expiresAt)
        else { throw CredentialsError(.invalid, "the login session in \(path) can't be read: run aws login") }
        guard end.timeIntervalSince(context.clock.now()) > AWSLimits.expiryMargin.inSeconds else {
            throw CredentialsError(
                .invalid,
                "the login session of profile '\(profile)' expired at \(token.expiresAt), and Trailhound can't renew it: "
                    + "use a profile with credential_process = "
                    + "aws configure export-credentials --profile \(profile) --format process")
        }
        return Credentials(
            accessKeyID: token.accessKeyId, secretAccessKey: token.secretAccessKey, sessionToken: token.sessionToken,
            expiration: end)
    }
}
