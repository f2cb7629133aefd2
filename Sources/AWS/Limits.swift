// SPDX-License-Identifier: Apache-2.0

/// Every limit on what Trailhound takes from AWS, and on how hard it tries. Sizes are bytes.
package enum AWSLimits {
    /// The largest answer of an API call. S3 objects have a limit of their own, which the caller gives.
    package static let responseBytes = 8 << 20

    /// The largest body of an error, where the answer's own limit is less.
    package static let errorBytes = 64 << 10

    /// The largest answer of a metadata or container credential endpoint.
    package static let metadataBytes = 64 << 10

    /// The largest shared config, credentials or token file.
    package static let configurationFileBytes = 1 << 20

    /// How deep elements may nest in an XML answer. The deepest that IAM sends is under ten.
    package static let xmlDepth = 64

    /// How many elements an XML answer may hold. A full page of ListObjectsV2 has some 8,000.
    package static let xmlElements = 200_000

    /// How long a bucket's name is. 63 bytes is the limit for new ones.
    package static let bucketNameBytes = 3...255

    /// The longest name of a queue.
    package static let queueNameBytes = 80

    /// The shortest secret that is taken out of an error's message. AWS's own have 40 characters.
    package static let secretBytes = 8

    /// How much of an error's message is kept.
    package static let errorMessageBytes = 1_024

    /// How many times a call is made before its error is given to the caller.
    package static let attempts = 5

    /// The longest first pause before a call is made again; it doubles with each attempt.
    package static let backoffBase: Duration = .milliseconds(50)

    /// The longest pause between two attempts, whatever the doubling or a Retry-After asks for.
    package static let backoffCap: Duration = .seconds(20)

    /// How long one attempt of a call may take. ReceiveMessage adds its waiting time to it.
    package static let attemptTimeout: Duration = .seconds(15)

    /// How long reading one S3 object may take.
    package static let objectTimeout: Duration = .seconds(120)

    /// How long to wait for a connection to an AWS endpoint.
    package static let connectTimeout: Duration = .seconds(5)

    /// How long the metadata endpoint of an instance may take. It is one hop away, or not there at all.
    package static let metadataTimeout: Duration = .seconds(1)

    /// How long a profile's credential_process may take: it may ask a person.
    package static let credentialProcessTimeout: Duration = .seconds(60)

    /// How many profiles a `source_profile` chain may pass through.
    package static let profileChain = 5

    /// Credentials are renewed when they have less than this left.
    package static let refreshAhead: Duration = .seconds(300)

    /// While renewing fails, credentials are used until they have less than this left.
    package static let expiryMargin: Duration = .seconds(10)

    /// After a failed renewal of credentials that still hold, the next try waits this long.
    package static let refreshRetry: Duration = .seconds(30)

    /// How many pages a paginated call may have before it is taken for a loop.
    package static let pages = 10_000
}
