// SPDX-License-Identifier: Apache-2.0

/// Tells callers that AWS has authenticated from principals that a record merely names.
///
/// Anybody can have a name written into a record: a failed sign-in names the user that was tried, and a request with a
/// wrong signature the key. Such a principal is the attack's target, not its actor.
extension MatchedEvent {
    /// The source of sign-ins to the console.
    package static let signInSource = "signin.amazonaws.com"

    /// Stands for the error code of a sign-in that did not say that it succeeded: CloudTrail gives a failed ConsoleLogin an
    /// `errorMessage` and no code.
    package static let unprovedSignIn = "unproved"

    /// Errors that AWS answers before it knows who calls.
    private static let unauthenticated: Set<String> = [
        unprovedSignIn, "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature",
        "IncompleteSignatureException", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidIdentityToken",
        "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorizedException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
        "TokenRefreshRequired", "UnrecognizedClientException",
    ]

    /// Whether AWS had authenticated the caller as the actor before it wrote the record.
    package var isCallerAuthenticated: Bool {
        // Beside ConsoleLogin, whose answer was looked at, sign-in writes events of people who have proved nothing yet.
        if eventSource == Self.signInSource { return eventName == "ConsoleLogin" && errorCode.isEmpty }
        guard !errorCode.isEmpty else { return true }
        // A refused call of somebody whom AWS knows carries the key that it was signed with.
        return !actor.accessKeyID.isEmpty && !Self.unauthenticated.contains(errorCode)
    }
}
