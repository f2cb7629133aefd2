// SPDX-License-Identifier: Apache-2.0

import Cryptography

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// AWS Signature Version 4.
package struct Signer: Sendable {
    /// The region in the credential scope, which for a global service is not always the caller's.
    package let region: String
    /// The service's name in the credential scope.
    package let service: String

    /// S3 signs paths as they are; others normalise and encode them again.
    private var normalizesPath: Bool { service != "s3" }

    /// Makes a signer for one region and service.
    package init(region: String, service: String) {
        self.region = region
        self.service = service
    }

    /// A signature and the texts that it was made of.
    package struct Signature: Sendable, Hashable {
        /// The request in canonical form.
        package let canonicalRequest: String
        /// What the key signs.
        package let stringToSign: String
        /// The value of the request's Authorization header.
        package let authorization: String
    }

    /// The time of a signature: `20150830T123600Z`.
    package static func timestamp(_ date: Date) -> String {
        // Written by hand: a formatter costs more than the hashes do.
        let seconds = Int64(date.timeIntervalSince1970.rounded(.down))
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let inDay = seconds - day * 86_400
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return pad(year, 4) + pad(month, 2) + pad(dayOfMonth, 2) + "T"
            + pad(inDay / 3_600, 2) + pad(inDay / 60 % 60, 2) + pad(inDay % 60, 2) + "Z"
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Signs a request whose headers include `host` and `x-amz-date`.
    package func sign(
        method: String, path: String, query: [QueryItem], headers: [Header], payloadHash: String, timestamp: String,
        credentials: Credentials
    ) -> Signature {
        let request = CanonicalRequest(
            method: method, path: path, query: query, headers: headers, payloadHash: payloadHash,
            normalizesPath: normalizesPath)
        let day = String(timestamp.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let hash = SHA256.hexadecimal(request.text.utf8)
        let stringToSign = "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(hash)"
        let key = signingKey(credentials.secretAccessKey, day: day)
        let signature = Hexadecimal.encode(SHA256.authenticationCode(stringToSign.utf8, key: key))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(request.signedHeaders), Signature=\(signature)"
        return Signature(
            canonicalRequest: request.text, stringToSign: stringToSign, authorization: authorization)
    }

    private func signingKey(_ secret: Secret, day: String) -> [UInt8] {
        var key = Array("AWS4".utf8) + Array(secret.reveal().utf8)
        for part in [day, region, service, "aws4_request"] {
            key = SHA256.authenticationCode(part.utf8, key: key)
        }
        return key
    }
}
