// SPDX-License-Identifier: Apache-2.0

import Cryptography
import JSON

/// An object in S3.
package struct ObjectLocation: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let bucket: String
    package let key: String

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    package var description: String { "s3://\(bucket)/\(key)" }

    package static func < (left: ObjectLocation, right: ObjectLocation) -> Bool {
        (left.bucket, left.key) < (right.bucket, right.key)
    }
}

/// A digest: CloudTrail's signed statement about the log files that it delivered in an hour.
///
/// Source: "CloudTrail digest file structure" in the AWS CloudTrail user guide.
package struct DigestFile: Hashable, Sendable {
    /// A log file that a digest names.
    package struct LogFile: Hashable, Sendable {
        package let location: ObjectLocation
        /// SHA-256 of the uncompressed log file, in lower-case hexadecimal.
        package let hash: String
    }

    /// What a digest says of the one before it.
    package struct Previous: Hashable, Sendable {
        package let location: ObjectLocation
        /// SHA-256 of that digest's uncompressed content, in lower-case hexadecimal.
        package let hash: String
        /// That digest's signature, in hexadecimal as it was written.
        package let signature: String
    }

    /// The account whose log files these are.
    package let accountID: String
    /// The hour's start, by the time of delivery.
    package let start: Milliseconds
    /// The hour's end.
    package let end: Milliseconds
    /// Where the digest says that it is.
    package let location: ObjectLocation
    /// Names the key that signed it.
    package let fingerprint: String
    /// The digest before it; nil for a chain's first.
    package let previous: Previous?
    /// The log files of the hour; none where nothing happened.
    package let logFiles: [LogFile]

    /// SHA-256 of the uncompressed content, in lower-case hexadecimal.
    package let contentHash: String
    /// The end as it is written, which the signature covers.
    private let endText: String

    /// Reads the uncompressed content of a digest.
    package init(_ content: [UInt8]) throws(DigestError) {
        guard content.count <= DigestLimits.documentBytes else { throw DigestError("it is too large") }
        let root: JSONValue
        do {
            root = try JSONValue(parsing: content)
        } catch {
            throw DigestError("it is no JSON: \(error)")
        }
        contentHash = SHA256.hexadecimal(content)
        accountID = try Self.text(root, "awsAccountId")
        endText = try Self.text(root, "digestEndTime")
        let startText = try Self.text(root, "digestStartTime")
        guard let start = EventTime.parse(startText), let end = EventTime.parse(endText), start <= end else {
            throw DigestError("digestStartTime and digestEndTime are no span of time")
        }
        self.start = start
        self.end = end
        location = ObjectLocation(
            bucket: try Self.text(root, "digestS3Bucket"), key: try Self.text(root, "digestS3Object"))
        fingerprint = try Self.text(root, "digestPublicKeyFingerprint")
        let algorithm = try Self.text(root, "digestSignatureAlgorithm")
        guard algorithm == Self.signatureAlgorithm else {
            throw DigestError("its signature algorithm is '\(algorithm)', not \(Self.signatureAlgorithm)")
        }
        previous = try Self.previous(root)
        logFiles = try Self.logFiles(root)
    }

    /// The only algorithm that CloudTrail signs with: RSASSA-PKCS1-v1_5.
    package static let signatureAlgorithm = "SHA256withRSA"

    /// Whether `signature`, the object's `x-amz-meta-signature`, is `key`'s over this digest.
    package func isSigned(by key: RSAPublicKey, signature: String) -> Bool {
        guard let bytes = Hexadecimal.decode(signature) else { return false }
        return key.isValid(signature: bytes, for: Array(stringToSign.utf8))
    }

    /// What CloudTrail signs. A chain's first digest has the text `null` for a previous signature.
    package var stringToSign: String {
        "\(endText)\n\(location.bucket)/\(location.key)\n\(contentHash)\n\(previous?.signature ?? "null")"
    }

    private static func text(_ root: JSONValue, _ name: String) throws(DigestError) -> String {
        guard let text = root[name]?.string, !text.isEmpty else { throw DigestError("it has no \(name)") }
        return text
    }

    private static func hash(_ value: JSONValue, _ name: String, algorithm: String) throws(DigestError) -> String {
        let kind = try text(value, algorithm)
        guard kind == "SHA-256" else { throw DigestError("its \(algorithm) is '\(kind)', not SHA-256") }
        guard let bytes = Hexadecimal.decode(try text(value, name)), bytes.count == SHA256.byteCount else {
            throw DigestError("its \(name) is no SHA-256")
        }
        return Hexadecimal.encode(bytes)
    }

    private static func previous(_ root: JSONValue) throws(DigestError) -> Previous? {
        let names = ["previousDigestS3Bucket", "previousDigestS3Object", "previousDigestSignature"]
        // All or none: one alone would drop the link, or the signature's cover of it.
        let given = names.filter { root[$0]?.string?.isEmpty == false }
        guard !given.isEmpty else { return nil }
        return Previous(
            location: ObjectLocation(bucket: try text(root, names[0]), key: try text(root, names[1])),
            hash: try hash(root, "previousDigestHashValue", algorithm: "previousDigestHashAlgorithm"),
            signature: try text(root, names[2]))
    }

    private static func logFiles(_ root: JSONValue) throws(DigestError) -> [LogFile] {
        guard let list = root["logFiles"]?.array else { throw DigestError("it has no logFiles") }
        guard list.count <= DigestLimits.logFiles else { throw DigestError("it names too many log files") }
        var result: [LogFile] = []
        result.reserveCapacity(list.count)
        for item in list {
            let location = ObjectLocation(bucket: try text(item, "s3Bucket"), key: try text(item, "s3Object"))
            let hash = try hash(item, "hashValue", algorithm: "hashAlgorithm")
            result.append(LogFile(location: location, hash: hash))
        }
        return result
    }
}

/// Why bytes are no digest, to be read after the digest's name.
package struct DigestError: Error, Hashable, Sendable {
    package let message: String

    init(_ message: String) { self.message = message }
}
