// SPDX-License-Identifier: Apache-2.0

/// How to reach the service, after options, environment and defaults have been weighed.
package struct ConnectionSettings: Sendable, Equatable {
    /// What the program presents and trusts: paths of PEM files.
    package struct Credentials: Sendable, Equatable {
        package var authority: String
        package var certificate: String
        package var key: String

        /// The files that `trailhoundd` puts into its folder of certificates.
        package init(folder: String) {
            let prefix = folder.hasSuffix("/") ? folder : folder + "/"
            authority = prefix + "ca.pem"
            certificate = prefix + "admin.pem"
            key = prefix + "admin-key.pem"
        }

        var files: [String] { [authority, certificate, key] }
    }

    package enum Security: Sendable, Equatable {
        case tls(Credentials)
        case plaintext
    }

    /// What was said on the command line.
    package struct Choices: Sendable {
        package var server: String?
        package var folder: String?
        package var authority: String?
        package var certificate: String?
        package var key: String?
        package var plaintext = false

        package init() {}
    }

    /// Where certificates are looked for when nobody names a place: the folder of a service started here with its
    /// default data folder, then the user's own.
    package static let usualFolders = ["trailhound-data/pki", "~/.config/trailhound/pki"]

    package let endpoint: Endpoint
    package let security: Security

    /// As it is.
    package init(endpoint: Endpoint, security: Security) {
        self.endpoint = endpoint
        self.security = security
    }

    /// Decides. `environment` and `isReadable` are the process's own, except in tests.
    package init(
        _ choices: Choices, environment: (String) -> String?, isReadable: (String) -> Bool
    ) throws(Failure) {
        let server = choices.server ?? environment("TRAILHOUND_SERVER") ?? "127.0.0.1:\(Endpoint.defaultPort)"
        guard let endpoint = Endpoint(server) else {
            throw Failure("'\(server)' is no server address: give it as HOST:PORT", code: Failure.Code.usage)
        }
        self.endpoint = endpoint
        if choices.plaintext {
            guard endpoint.isLoopback else {
                throw Failure(
                    "--plaintext is for a service on this machine only, and \(endpoint.host) is not: leave it out",
                    code: Failure.Code.usage)
            }
            security = .plaintext
        } else {
            security = .tls(try Self.credentials(choices, environment: environment, isReadable: isReadable))
        }
    }

    private static func credentials(
        _ choices: Choices, environment: (String) -> String?, isReadable: (String) -> Bool
    ) throws(Failure) -> Credentials {
        func expanded(_ path: String) -> String {
            guard path.hasPrefix("~/"), let home = environment("HOME") else { return path }
            return home + path.dropFirst(1)
        }
        let candidates: [String]
        if let folder = choices.folder ?? environment("TRAILHOUND_PKI") {
            candidates = [expanded(folder)]
        } else {
            candidates = usualFolders.map(expanded)
        }
        let found = candidates.first { isReadable(Credentials(folder: $0).authority) }
        var credentials = Credentials(folder: found ?? candidates[0])
        if let authority = choices.authority { credentials.authority = expanded(authority) }
        if let certificate = choices.certificate { credentials.certificate = expanded(certificate) }
        if let key = choices.key { credentials.key = expanded(key) }
        guard let missing = credentials.files.first(where: { !isReadable($0) }) else { return credentials }
        if candidates.count > 1, found == nil, choices.authority == nil {
            throw Failure(
                "no certificates found in \(candidates.joined(separator: " or ")): name the service's folder of "
                    + "certificates with --pki DIR or TRAILHOUND_PKI")
        }
        throw Failure("can't read \(missing): name the certificates with --pki DIR, or with --ca, --cert and --key")
    }
}
