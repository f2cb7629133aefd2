// SPDX-License-Identifier: Apache-2.0

/// The credentials of a profile in the shared files: keys, a role through another profile or another source, a web
/// identity, a single sign-on, a login session or a process.
struct ProfileCredentials: CredentialsProvider {
    let context: CredentialContext

    func credentials() async throws -> Credentials {
        let name = context.profileName
        let configuration = try context.sharedConfiguration()
        guard configuration.profiles[name] != nil else {
            if context.profile != nil || context.variable("AWS_PROFILE") != nil {
                throw CredentialsError(
                    .invalid, "there is no profile '\(name)' in the shared config and credentials files")
            }
            throw CredentialsError(.notConfigured, "the shared config and credentials files have no default profile")
        }
        return try await resolve(name, in: configuration, passed: [])
    }

    private func resolve(
        _ name: String, in configuration: SharedConfiguration, passed: [String]
    ) async throws -> Credentials {
        guard let settings = configuration.profiles[name] else {
            throw CredentialsError(.invalid, "there is no profile '\(name)', which '\(passed.last ?? "")' names")
        }
        guard passed.count < AWSLimits.profileChain else {
            throw CredentialsError(.invalid, "the profiles \(passed.joined(separator: ", ")) name too many in turn")
        }
        // A profile with both keys and a role that names itself as the source means: these keys take on that role.
        if passed.contains(name) {
            guard passed.last == name, let own = try keys(settings, profile: name) else {
                throw CredentialsError(
                    .invalid, "the profiles \(passed.joined(separator: ", ")) name each other in a circle")
            }
            return own
        }
        if let role = settings["role_arn"] {
            return try await assume(role, settings, profile: name, in: configuration, passed: passed)
        }
        if let own = try keys(settings, profile: name) { return own }
        if settings["sso_session"] != nil || settings["sso_start_url"] != nil {
            let session = settings["sso_session"].flatMap { configuration.sessions[$0] }
            return try await SingleSignOnCredentials(
                context: context, profile: name, settings: settings, session: session
            ).credentials()
        }
        if let session = settings["login_session"] {
            return try await LoginSessionCredentials(context: context, profile: name, session: session).credentials()
        }
        if let command = settings["credential_process"] {
            return try await ProcessCredentials(profile: name, command: command).credentials()
        }
        // A default profile that holds a region alone is common, and no mistake.
        let code: CredentialsError.Code = passed.isEmpty && name == "default" ? .notConfigured : .invalid
        throw CredentialsError(code, "profile '\(name)' has no credentials")
    }

    private func keys(_ settings: [String: String], profile: String) throws -> Credentials? {
        switch (settings["aws_access_key_id"], settings["aws_secret_access_key"]) {
        case (let id?, let secret?):
            return Credentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: settings["aws_session_token"])
        case (nil, nil): return nil
        default: throw CredentialsError(.invalid, "profile '\(profile)' has one half of a key")
        }
    }

    private func assume(
        _ role: String, _ settings: [String: String], profile: String, in configuration: SharedConfiguration,
        passed: [String]
    ) async throws -> Credentials {
        var request = STS.RoleRequest(
            roleARN: role, sessionName: settings["role_session_name"] ?? "trailhound",
            externalID: settings["external_id"], sourceIdentity: nil)
        if let seconds = settings["duration_seconds"].flatMap(Int.init) {
            request.duration = .seconds(max(900, min(seconds, 43_200)))
        }
        if settings["mfa_serial"] != nil {
            throw CredentialsError(
                .invalid, "profile '\(profile)' needs a code of an MFA device, which a service can't give")
        }
        if let file = settings["web_identity_token_file"] {
            let client = try context.client(NoCredentials())
            return try await WebIdentityCredentials(request, tokenFile: file, client: client, files: context.files)
                .credentials()
        }
        let base: Credentials
        switch (settings["source_profile"], settings["credential_source"]) {
        case (let source?, nil):
            base = try await resolve(source, in: configuration, passed: passed + [profile])
        case (nil, let source?):
            base = try await named(source, profile: profile)
        case (nil, nil):
            throw CredentialsError(
                .invalid, "profile '\(profile)' has a role_arn and no source_profile or credential_source")
        case (_?, _?):
            throw CredentialsError(.invalid, "profile '\(profile)' has both source_profile and credential_source")
        }
        return try await STS(context.client(StaticCredentials(base))).assumeRole(request)
    }

    private func named(_ source: String, profile: String) async throws -> Credentials {
        let provider: any CredentialsProvider
        switch source {
        case "Environment": provider = EnvironmentCredentials(context: context)
        case "EcsContainer": provider = ContainerCredentials(context: context)
        case "Ec2InstanceMetadata": provider = InstanceCredentials(context: context)
        default:
            throw CredentialsError(.invalid, "profile '\(profile)' has an unknown credential_source '\(source)'")
        }
        do {
            return try await provider.credentials()
        } catch let error as CredentialsError where error.code == .notConfigured {
            throw CredentialsError(.invalid, "profile '\(profile)' takes credentials from \(source): \(error.message)")
        }
    }
}
