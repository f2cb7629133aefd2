// SPDX-License-Identifier: Apache-2.0

/// What the credential chain looks at: variables, files, endpoints, time. Tests set all of them.
package struct CredentialContext: Sendable {
    /// The process's environment.
    package var environment: [String: String]
    /// The files of credentials.
    package var files: ConfigurationFiles
    /// What carries requests to STS and to credential endpoints.
    package var transport: any HTTPTransport
    /// The time.
    package var clock: AWSClock
    /// A profile named on the command line, which wins over AWS_PROFILE and over credentials in the environment.
    package var profile: String?
    /// A region named on the command line, which wins over every other.
    package var region: String?

    /// Takes what to look at.
    package init(
        environment: [String: String], files: ConfigurationFiles = .system,
        transport: any HTTPTransport = SocketTransport.shared, clock: AWSClock = .system, profile: String? = nil,
        region: String? = nil
    ) {
        self.environment = environment
        self.files = files
        self.transport = transport
        self.clock = clock
        self.profile = profile
        self.region = region
    }

    /// A variable that is set and not empty.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The folder that `.aws` is in.
    var home: String { variable("HOME") ?? "" }

    /// Both shared files as one.
    func sharedConfiguration() throws -> SharedConfiguration {
        let configPath = variable("AWS_CONFIG_FILE") ?? home + "/.aws/config"
        let credentialsPath = variable("AWS_SHARED_CREDENTIALS_FILE") ?? home + "/.aws/credentials"
        var result = SharedConfiguration(try files.text(configPath) ?? "", isConfig: true)
        result.merge(SharedConfiguration(try files.text(credentialsPath) ?? "", isConfig: false))
        return result
    }

    /// The profile in force: the caller's, AWS_PROFILE's, or `default`.
    var profileName: String { profile ?? variable("AWS_PROFILE") ?? "default" }

    /// The region in force: the caller's, AWS_REGION, AWS_DEFAULT_REGION, the profile's, or nil.
    package func resolvedRegion() throws -> String? {
        if let region = region ?? variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") { return region }
        return try sharedConfiguration().profiles[profileName]?["region"]
    }

    /// A client for STS whose own credentials are `source`.
    func client(_ source: any CredentialsProvider) throws -> AWSClient {
        AWSClient(
            credentials: source, region: try resolvedRegion() ?? "us-east-1",
            endpoints: EndpointResolver(environment: environment), transport: transport, clock: clock)
    }

    /// A body from a credential endpoint on this machine or beside it, tried three times.
    func fetch(_ request: HTTPRequest, from name: String) async throws -> [UInt8] {
        var request = request
        request.timeout = AWSLimits.metadataTimeout
        request.responseLimit = AWSLimits.metadataBytes
        var reason = ""
        for attempt in 1...3 {
            if attempt > 1 {
                let pause = Backoff().pause(after: attempt - 1, throttled: true, fraction: clock.fraction())
                try await clock.sleep(pause)
            }
            do {
                let response = try await transport.send(request)
                if response.status == 200 { return response.body }
                reason = "it answers with HTTP \(response.status)"
                if response.status < 500, response.status != 429 { break }
            } catch let error as TransportError {
                reason = error.message
                // Nobody is there: asking again would only hold up who is on no instance.
                if error.code != .timeout || attempt == 2 { break }
            }
        }
        throw CredentialsError(.unavailable, "\(name) can't be asked: \(reason)")
    }
}
