// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Cryptography
import Foundation

/// Makes keys and signed digests as CloudTrail does, by the `openssl` program, so that a second implementation of
/// signatures stands against ours.
package final class DigestForge: Sendable {
    /// The public key, as ListPublicKeys gives it.
    package let publicKey: [UInt8]
    /// What digests call the key.
    package let fingerprint: String
    private let folder: URL

    /// Whether there is an `openssl` to make keys with.
    package static let isAvailable = (try? run(["version"])) != nil

    /// Makes a new key.
    package init(bits: Int = 2_048) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "digest-forge-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "key.pem").path
        _ = try Self.run(["genrsa", "-out", path, String(bits)])
        publicKey = Array(try Self.run(["rsa", "-in", path, "-RSAPublicKey_out", "-outform", "DER"]))
        fingerprint = String(SHA256.hexadecimal(publicKey).prefix(32))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The key as a machine takes it.
    package var keys: [String: RSAPublicKey] {
        RSAPublicKey(der: publicKey).map { [fingerprint: $0] } ?? [:]
    }

    /// A signature in hexadecimal.
    package func sign(_ text: String) throws -> String {
        let key = folder.appending(path: "key.pem").path
        return Hexadecimal.encode(Array(try Self.run(["dgst", "-sha256", "-sign", key], input: Data(text.utf8))))
    }

    /// SHA-256 in hexadecimal, for the hashes in digests.
    package static func hash(_ content: [UInt8]) -> String { SHA256.hexadecimal(content) }

    /// A digest with its signature.
    package struct Signed: Sendable, Hashable {
        package var location: ObjectLocation
        package var content: [UInt8]
        package var signature: String
    }

    /// Makes the digest of an hour.
    ///
    /// - Parameter change: Changes the fields before they are signed.
    package func digest(
        at location: ObjectLocation, start: Milliseconds, end: Milliseconds, accountID: String,
        logFiles: [(ObjectLocation, hash: String)], previous: Signed?, change: (inout [String: Any]) -> Void = { _ in }
    ) throws -> Signed {
        let null = NSNull()
        var fields: [String: Any] = [
            "awsAccountId": accountID, "digestStartTime": EventTime.format(start),
            "digestEndTime": EventTime.format(end), "digestS3Bucket": location.bucket, "digestS3Object": location.key,
            "digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": EventTime.format(end), "oldestEventTime": EventTime.format(start),
            "previousDigestS3Bucket": previous?.location.bucket ?? null,
            "previousDigestS3Object": previous?.location.key ?? null,
            "previousDigestHashValue": previous.map { SHA256.hexadecimal($0.content) } ?? null,
            "previousDigestHashAlgorithm": previous == nil ? null : "SHA-256",
            "previousDigestSignature": previous?.signature ?? null,
            "logFiles": logFiles.map { file in
                [
                    "s3Bucket": file.0.bucket, "s3Object": file.0.key, "hashValue": file.hash,
                    "hashAlgorithm": "SHA-256", "newestEventTime": EventTime.format(end),
                    "oldestEventTime": EventTime.format(start),
                ]
            },
        ]
        change(&fields)
        let content = Array(try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys]))
        let text =
            "\(EventTime.format(end))\n\(location.bucket)/\(location.key)\n\(SHA256.hexadecimal(content))\n"
            + (previous?.signature ?? "null")
        return Signed(location: location, content: content, signature: try sign(text))
    }

    private static func run(_ arguments: [String], input: Data = Data()) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let standardInput = Pipe()
        let standardOutput = Pipe()
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = FileHandle.nullDevice
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: input)
        try standardInput.fileHandleForWriting.close()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw MotoError("openssl \(arguments[0]) failed") }
        return output
    }
}
