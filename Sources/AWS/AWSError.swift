// SPDX-License-Identifier: Apache-2.0

/// What went wrong with a call to AWS. It never carries a credential.
package struct AWSError: Error, Sendable, Hashable {
    /// Who or what failed. Open: a service's own codes are in `code`.
    package enum Kind: Sendable, Hashable {
        /// The service answered with an error.
        case service
        /// No answer came: no connection, a reset, a timeout. The call may have had its effect.
        case transport
        /// There are no credentials to call with.
        case credentials
        /// The answer can't be read, or is larger than allowed.
        case response
        /// The call was not made: its arguments or the endpoint are wrong.
        case request
    }

    /// Who or what failed.
    package let kind: Kind
    /// The service's error code (`NoSuchEntity`), or a name of our own for other kinds (`Timeout`).
    package let code: String
    /// What the service says, shortened.
    package let message: String
    /// The HTTP status, or nil when no answer came.
    package let status: Int?
    /// What AWS support asks for.
    package let requestID: String?
    /// The service and operation, as IAM policies name them: `iam:UpdateAccessKey`.
    package let action: String
    /// The region that a bucket is in, when S3 was asked in another.
    package internal(set) var bucketRegion: String?
    /// How many times the call was made.
    package internal(set) var attempts: Int

    /// Makes an error; the message is shortened to what is kept.
    package init(
        kind: Kind, code: String, message: String, status: Int? = nil, requestID: String? = nil, action: String,
        attempts: Int = 1
    ) {
        self.kind = kind
        self.code = code
        self.message = Self.shortened(message)
        self.status = status
        self.requestID = requestID
        self.action = action
        self.attempts = attempts
    }

    private static func shortened(_ message: String) -> String {
        // A refused signature is explained with the canonical request, session token and all. The first sentence
        // says what a person needs.
        var text = message
        for mark in ["The Canonical String for this request", "The String-to-Sign should have been"] {
            if let range = text.firstRange(of: mark) { text = String(text[..<range.lowerBound]) }
        }
        while let last = text.unicodeScalars.last, last == "\n" || last == " " { text.unicodeScalars.removeLast() }
        guard text.utf8.count > AWSLimits.errorMessageBytes else { return text }
        return String(decoding: text.utf8.prefix(AWSLimits.errorMessageBytes), as: UTF8.self) + "…"
    }
}

extension AWSError: CustomStringConvertible {
    package var description: String {
        var text = "\(action): \(code)"
        if !message.isEmpty { text += ": \(message)" }
        if let status { text += " (HTTP \(status)" + (requestID.map { ", request id \($0)" } ?? "") + ")" }
        if attempts > 1 { text += " after \(attempts) attempts" }
        return text
    }
}

extension AWSError {
    /// The code where a call names a bucket by what can't be a bucket's name; S3's own code too.
    package static let invalidBucketName = "InvalidBucketName"

    /// The code where a queue is named by what is no queue's address.
    package static let invalidQueueAddress = "InvalidQueueAddress"

    /// Whether the service asks for fewer calls.
    package var isThrottling: Bool {
        if status == 429 { return true }
        return kind == .service && Self.throttlingCodes.contains(code)
    }

    /// Whether the same call may well succeed later. Every call that Trailhound makes can be made twice.
    package var isTransient: Bool {
        switch kind {
        case .transport: true
        case .service: isThrottling || (status.map { $0 >= 500 && $0 != 501 } ?? false) || code == "RequestTimeout"
        case .credentials: code == "CredentialsUnavailable"
        case .response, .request: false
        }
    }

    /// Whether the credentials were refused as too old, so that others may do.
    package var isExpiredCredentials: Bool {
        kind == .service && ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].contains(code)
    }

    /// Whether the principal may not make the call.
    package var isAccessDenied: Bool {
        guard kind == .service else { return false }
        return ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"].contains(code)
    }

    /// Whether the same call fails until a person mends something: permissions, keys, credentials, names.
    package var needsMending: Bool {
        if isAccessDenied || kind == .request || code == "NoSuchBucket" || code.hasPrefix("KMS.") { return true }
        if kind == .credentials { return !isTransient }
        return kind == .service && status == 403 && !isClockSkew && !isExpiredCredentials
    }

    /// Whether what the call names does not exist.
    package var isMissing: Bool {
        guard kind == .service else { return false }
        return ["NoSuchEntity", "NoSuchKey", "NoSuchBucket", "TrailNotFoundException"].contains(code)
            || code.hasSuffix("QueueDoesNotExist") || (code == "NotFound" && status == 404)
    }

    /// Whether the signature's time is too far from the service's.
    var isClockSkew: Bool {
        guard kind == .service else { return false }
        if code == "RequestTimeTooSkewed" || code == "RequestExpired" || code == "RequestInTheFuture" { return true }
        guard code == "SignatureDoesNotMatch" || code == "InvalidSignatureException" else { return false }
        return message.contains("Signature expired") || message.contains("Signature not yet current")
    }

    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException",
        "SlowDown", "PriorRequestNotComplete", "KMSThrottlingException", "ProvisionedThroughputExceededException",
    ]
}
