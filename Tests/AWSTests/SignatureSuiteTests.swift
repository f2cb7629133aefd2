// SPDX-License-Identifier: Apache-2.0

import AWS
import Cryptography
import Foundation
import Testing

/// AWS's own test suite of Signature Version 4, as botocore carries it.
@Suite struct SignatureSuiteTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/corpora/sigv4")
    static let isPresent = FileManager.default.fileExists(atPath: folder.path)

    static var cases: [String] {
        guard let paths = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".req") }.map { String($0.dropLast(4)) }
            .sorted()
    }

    // Skipped where the corpora are not beside the repository.
    @Test(.enabled(if: isPresent, "needs ../shared/corpora/sigv4")) func wholeSuiteIsThere() {
        #expect(Self.cases.count == 34)
    }

    @Test(.enabled(if: isPresent, "needs ../shared/corpora/sigv4"), arguments: cases)
    func signs(name: String) throws {
        let text = { (suffix: String) in
            try String(contentsOf: Self.folder.appending(path: name + suffix), encoding: .utf8)
                .replacingOccurrences(of: "\r\n", with: "\n")
        }
        let request = try Request(text(".req"))
        let expected = try text(".creq")
        var headers = request.headers
        // The suite's own way to hand the token over: it is among the headers to sign, but not in the request.
        let tokenLine = expected.split(separator: "\n").first { $0.hasPrefix("x-amz-security-token:") }
        if let tokenLine, !headers.contains(where: { $0.name.lowercased() == "x-amz-security-token" }) {
            headers.append(Header("X-Amz-Security-Token", String(tokenLine.split(separator: ":", maxSplits: 1)[1])))
        }
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let signature = Signer(region: "us-east-1", service: "service").sign(
            method: request.method, path: request.path, query: request.query, headers: headers,
            payloadHash: SHA256.hexadecimal(request.body.utf8), timestamp: "20150830T123600Z",
            credentials: credentials)
        #expect(signature.canonicalRequest == expected)
        #expect(try signature.stringToSign == text(".sts"))
        #expect(try signature.authorization == text(".authz"))
    }

    /// An HTTP request as the suite writes it, folded headers and unencoded paths included.
    struct Request {
        let method: String
        let path: String
        let query: [QueryItem]
        let headers: [Header]
        let body: String

        init(_ text: String) throws {
            let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
            var lines = parts[0].split(separator: "\n", omittingEmptySubsequences: false)
            body = parts.count > 1 ? String(parts[1]) : ""
            let first = lines.removeFirst()
            method = String(first.prefix { $0 != " " })
            let target = first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
            let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            path = String(halves[0])
            query =
                halves.count < 2
                ? []
                : halves[1].split(separator: "&").map { item in
                    let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    return QueryItem(
                        PercentEncoding.decode(pair[0]), pair.count > 1 ? PercentEncoding.decode(pair[1]) : "")
                }
            var headers: [Header] = []
            for line in lines where !line.isEmpty {
                if line.hasPrefix(" "), let last = headers.popLast() {
                    headers.append(Header(last.name, last.value + "\n" + line))
                } else {
                    let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    headers.append(Header(String(pair[0]), String(pair[1])))
                }
            }
            self.headers = headers
        }
    }
}

@Suite struct SignerTests {
    @Test func timestampsAreUTC() {
        #expect(Signer.timestamp(Date(timeIntervalSince1970: 0)) == "19700101T000000Z")
        #expect(Signer.timestamp(Date(timeIntervalSince1970: 1_440_938_160)) == "20150830T123600Z")
        #expect(Signer.timestamp(Date(timeIntervalSince1970: 1_709_164_799.9)) == "20240228T235959Z")
        #expect(Signer.timestamp(Date(timeIntervalSince1970: 1_709_164_800)) == "20240229T000000Z")
    }

    @Test func storagePathsAreNotNormalised() {
        let request = CanonicalRequest(
            method: "GET", path: "/a//b/../c%20d", query: [], headers: [Header("host", "h")], payloadHash: "x",
            normalizesPath: false)
        #expect(request.text.split(separator: "\n")[1] == "/a//b/../c%20d")
    }

    @Test func queriesAreOrderedByBytes() {
        let items = [
            QueryItem("b", "2"), QueryItem("B", "1"), QueryItem("a-", ""), QueryItem("a", "z"), QueryItem("a", "y"),
        ]
        #expect(CanonicalRequest.queryString(items) == "B=1&a=y&a=z&a-=&b=2")
    }

    @Test func encodingGoesBothWays() {
        let text = "a b/ü+%~*'\u{1F600}"
        let encoded = PercentEncoding.encode(text)
        #expect(encoded == "a%20b%2F%C3%BC%2B%25~%2A%27%F0%9F%98%80")
        #expect(PercentEncoding.decode(encoded) == text)
        #expect(PercentEncoding.decode("100%") == "100%")
        #expect(PercentEncoding.decode("%zz%4") == "%zz%4")
    }
}
