// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a request to AWS is signed with.
///
/// It prints as its access key id, which is no secret: CloudTrail itself shows it in every event. The rest never
/// prints and has no coding, so it can't reach a log, an error or the journal by accident.
package struct Credentials: Sendable, Hashable {
    /// The public name of the key: AKIA… for a long-term one, ASIA… for a temporary one.
    package let accessKeyID: String
    /// What signs.
    package let secretAccessKey: Secret
    /// The token that goes with a temporary key.
    package let sessionToken: Secret?
    /// When a temporary key ends; nil for one that does not.
    package let expiration: Date?

    /// Takes the parts as AWS gave them.
    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = Secret(secretAccessKey)
        self.sessionToken = sessionToken.map { Secret($0) }
        self.expiration = expiration
    }

    /// How long they still hold at `now`; nil for ever.
    func remaining(at now: Date) -> Duration? {
        expiration.map { .seconds($0.timeIntervalSince(now)) }
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "Credentials(\(accessKeyID))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID], displayStyle: .struct) }
}

/// Whoever can give credentials.
package protocol CredentialsProvider: Sendable {
    /// Credentials that hold now. Throws `CredentialsError` when there are none.
    func credentials() async throws -> Credentials

    /// AWS refused these credentials as expired or unknown: the next call should fetch others where it can.
    func invalidate(_ refused: Credentials) async
}

extension CredentialsProvider {
    package func invalidate(_ refused: Credentials) async {}
}

/// Gives the same credentials every time.
package struct StaticCredentials: CredentialsProvider {
    private let value: Credentials

    /// Takes what to give.
    package init(_ value: Credentials) { self.value = value }

    package func credentials() async throws -> Credentials { value }
}

/// Why a provider has no credentials. Its text names files, profiles and variables, never what is in them.
package struct CredentialsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of trouble it is.
    package enum Code: Sendable, Hashable {
        /// The provider is not configured here; the chain goes on to the next.
        case notConfigured
        /// It is configured, but wrongly or incompletely. The chain stops: to fall through to somebody else's
        /// credentials would act under a name that nobody meant.
        case invalid
        /// It is configured and could not be asked now.
        case unavailable
    }

    /// What kind of trouble it is.
    package let code: Code
    /// What to tell a person.
    package let message: String

    /// Makes an error with a message for people.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "no AWS credentials: \(message)" }
}
