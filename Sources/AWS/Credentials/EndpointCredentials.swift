// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials that a container's agent gives: on ECS, Fargate and, as Pod Identity, on EKS.
///
/// Source: "Container credential provider" in the AWS SDKs and tools reference.
struct ContainerCredentials: CredentialsProvider {
    let context: CredentialContext

    func credentials() async throws -> Credentials {
        let url = try address()
        var headers: [Header] = []
        if let token = try token() { headers.append(Header("authorization", token.reveal())) }
        let body = try await context.fetch(
            HTTPRequest(method: "GET", url: url, headers: headers), from: "the container's credential endpoint")
        return try EndpointAnswer.read(body, from: "the container's credential endpoint")
    }

    private func address() throws -> String {
        if let path = context.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/") else {
                throw CredentialsError(.invalid, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash")
            }
            return "http://169.254.170.2" + path
        }
        guard let url = context.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") else {
            throw CredentialsError(.notConfigured, "this is no container with a credential endpoint")
        }
        // Over plain HTTP the token may only go to this machine or to the agents that AWS puts beside it.
        let host = url.hasPrefix("http://") ? Self.host(url.dropFirst(7)) : ""
        let local = ["127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
        guard url.hasPrefix("https://") || local.contains(host) else {
            throw CredentialsError(.invalid, "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither HTTPS nor on this machine")
        }
        return url
    }

    private static func host(_ rest: Substring) -> String {
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
        // Before an @ stands a user's name, which may look like a host.
        guard !authority.contains("@") else { return "" }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }

    private func token() throws -> Secret? {
        if let path = context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let text = try context.files.text(path)?.trimmingBlanks(), !text.isEmpty else {
                throw CredentialsError(.unavailable, "the token file \(path) is missing or empty")
            }
            return Secret(text)
        }
        return context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { Secret($0) }
    }
}

/// Credentials of an EC2 instance's role, from its metadata service, version 2 only: version 1 can be reached through
/// somebody else's web proxy.
///
/// Source: "Use the Instance Metadata Service" in the EC2 user guide.
struct InstanceCredentials: CredentialsProvider {
    let context: CredentialContext

    func credentials() async throws -> Credentials {
        let name = "the instance's metadata service"
        guard context.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else {
            throw CredentialsError(.notConfigured, "AWS_EC2_METADATA_DISABLED is set")
        }
        var base = context.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        while base.hasSuffix("/") { base.removeLast() }
        let token: [UInt8]
        do {
            token = try await context.fetch(
                HTTPRequest(
                    method: "PUT", url: base + "/latest/api/token",
                    headers: [Header("x-aws-ec2-metadata-token-ttl-seconds", "21600")]), from: name)
        } catch let error as CredentialsError where error.code == .unavailable {
            // On a machine that is no instance there is nobody at that address.
            throw CredentialsError(.notConfigured, error.message)
        }
        let headers = [Header("x-aws-ec2-metadata-token", String(decoding: token, as: UTF8.self).trimmingBlanks())]
        let path = base + "/latest/meta-data/iam/security-credentials/"
        let roles = try await context.fetch(HTTPRequest(method: "GET", url: path, headers: headers), from: name)
        let lines = String(decoding: roles, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let role = lines.first?.trimmingBlanks(), !role.isEmpty else {
            throw CredentialsError(.notConfigured, "the instance has no role")
        }
        let body = try await context.fetch(
            HTTPRequest(method: "GET", url: path + PercentEncoding.encode(role), headers: headers), from: name)
        return try EndpointAnswer.read(body, from: name)
    }
}

/// What both kinds of endpoint answer with.
private struct EndpointAnswer: Decodable {
    let code: String?
    let accessKeyID: String?
    let secretAccessKey: String?
    let token: String?
    let expiration: String?

    private enum CodingKeys: String, CodingKey {
        case code = "Code"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case expiration = "Expiration"
    }

    static func read(_ body: [UInt8], from name: String) throws -> Credentials {
        let answer = try? JSONDecoder().decode(EndpointAnswer.self, from: Data(body))
        guard let answer, answer.code == nil || answer.code == "Success", let accessKeyID = answer.accessKeyID,
            let secretAccessKey = answer.secretAccessKey, let token = answer.token,
            let expiration = answer.expiration.flatMap(TimeText.iso8601)
        else { throw CredentialsError(.unavailable, "\(name) gave no credentials that can be read") }
        return Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: token, expiration: expiration)
    }
}
