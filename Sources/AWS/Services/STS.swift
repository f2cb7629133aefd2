// SPDX-License-Identifier: Apache-2.0

/// The calls to AWS Security Token Service.
package struct STS: Sendable {
    private static let version = "2011-06-15"

    private let client: AWSClient

    /// Calls with `client`, at the endpoint of the client's region.
    package init(_ client: AWSClient) { self.client = client }

    /// Who a caller is.
    package struct CallerIdentity: Sendable, Hashable {
        /// Twelve digits.
        package let account: String
        /// The user's or the session's ARN.
        package let arn: String
        /// The principal's unique id: AIDA…, or AROA…:session.
        package let userID: String
    }

    /// Which role to take on, and how.
    package struct RoleRequest: Sendable, Hashable {
        /// The role's ARN.
        package var roleARN: String
        /// The name of the session; it stands in every event that the session causes.
        package var sessionName: String
        /// What the role's trust policy asks for so that nobody else's Trailhound can use it.
        package var externalID: String?
        /// Who stands behind the session, kept through every further role.
        package var sourceIdentity: String?
        /// How long the session holds. AWS's least is 15 minutes.
        package var duration: Duration
        /// A policy that narrows what the session may do, as JSON.
        package var sessionPolicy: String?

        /// Takes a role, and a session of an hour unless told otherwise.
        package init(
            roleARN: String, sessionName: String, externalID: String? = nil, sourceIdentity: String? = nil,
            duration: Duration = .seconds(3_600), sessionPolicy: String? = nil
        ) {
            self.roleARN = roleARN
            self.sessionName = sessionName
            self.externalID = externalID
            self.sourceIdentity = sourceIdentity
            self.duration = duration
            self.sessionPolicy = sessionPolicy
        }

        var parameters: [QueryItem] {
            var items = [
                QueryItem("RoleArn", roleARN), QueryItem("RoleSessionName", sessionName),
                QueryItem("DurationSeconds", String(max(900, duration.components.seconds))),
            ]
            if let externalID { items.append(QueryItem("ExternalId", externalID)) }
            if let sourceIdentity { items.append(QueryItem("SourceIdentity", sourceIdentity)) }
            if let sessionPolicy { items.append(QueryItem("Policy", sessionPolicy)) }
            return items
        }
    }

    /// Says who the client's credentials are. No policy can refuse it.
    package func getCallerIdentity() async throws -> CallerIdentity {
        let action = "sts:GetCallerIdentity"
        let result = try await client.query(.sts, "GetCallerIdentity", version: Self.version)
        return CallerIdentity(
            account: try client.required(result, "Account", action: action),
            arn: try client.required(result, "Arn", action: action),
            userID: try client.required(result, "UserId", action: action))
    }

    /// Takes on a role.
    package func assumeRole(_ request: RoleRequest) async throws -> Credentials {
        let result = try await client.query(.sts, "AssumeRole", version: Self.version, request.parameters)
        return try credentials(result, action: "sts:AssumeRole")
    }

    /// Takes on a role with the token of an identity provider as the only proof.
    package func assumeRoleWithWebIdentity(_ request: RoleRequest, token: Secret) async throws -> Credentials {
        let action = "sts:AssumeRoleWithWebIdentity"
        let names: Set = ["RoleArn", "RoleSessionName", "DurationSeconds", "Policy"]
        let items =
            request.parameters.filter { names.contains($0.name) }
            + [QueryItem("WebIdentityToken", token.reveal())]
        let result = try await client.query(
            .sts, "AssumeRoleWithWebIdentity", version: Self.version, items, isSigned: false)
        return try credentials(result, action: action)
    }

    private func credentials(_ result: XMLElement, action: String) throws -> Credentials {
        let expiration = try client.required(result, "Credentials", "Expiration", action: action)
        guard let date = TimeText.iso8601(expiration) else {
            throw AWSError(
                kind: .response, code: "UnreadableResponse", message: "the expiration is no time", action: action)
        }
        return Credentials(
            accessKeyID: try client.required(result, "Credentials", "AccessKeyId", action: action),
            secretAccessKey: try client.required(result, "Credentials", "SecretAccessKey", action: action),
            sessionToken: try client.required(result, "Credentials", "SessionToken", action: action),
            expiration: date)
    }
}
