// SPDX-License-Identifier: Apache-2.0

import Cryptography

/// A header of a request. Names compare without regard to case.
package struct Header: Sendable, Hashable {
    /// The header's name.
    package let name: String
    /// Its value.
    package let value: String

    /// Takes a name and a value.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A request in the form that Signature Version 4 signs: the same text on both sides, whatever was done to the
/// request on its way.
///
/// Source: "Create a signed AWS API request" in the IAM user guide.
package struct CanonicalRequest: Sendable, Hashable {
    /// The request's text, six parts in lines.
    package let text: String
    /// The names of the headers that are signed, in order, with semicolons between.
    package let signedHeaders: String

    /// Puts a request into form.
    ///
    /// - Parameters:
    ///   - path: The path as it goes over the wire, with its percent-encoding.
    ///   - query: The parameters, not encoded.
    ///   - headers: What is signed, `host` among it; an order does not matter but among equal names.
    ///   - normalizesPath: Every service but S3 removes `.`, `..` and empty segments and encodes the path again.
    package init(
        method: String, path: String, query: [QueryItem], headers: [Header], payloadHash: String, normalizesPath: Bool
    ) {
        var values: [String: [String]] = [:]
        for header in headers { values[header.name.lowercased(), default: []].append(Self.trimmed(header.value)) }
        let names = values.keys.sorted()
        signedHeaders = names.joined(separator: ";")
        var lines = [method, Self.canonicalPath(path, normalizes: normalizesPath), Self.queryString(query)]
        for name in names { lines.append(name + ":" + values[name, default: []].joined(separator: ",")) }
        lines.append("")
        lines.append(signedHeaders)
        lines.append(payloadHash)
        text = lines.joined(separator: "\n")
    }

    /// The parameters as they are signed and sent: encoded, then in the order of their bytes.
    package static func queryString(_ query: [QueryItem]) -> String {
        query
            .map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0.0 != $1.0 ? precedes($0.0, $1.0) : precedes($0.1, $1.1) }
            .map { $0.0 + "=" + $0.1 }
            .joined(separator: "&")
    }

    /// Order of bytes: Swift's own order of strings is that of Unicode.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func canonicalPath(_ path: String, normalizes: Bool) -> String {
        guard normalizes else { return path.isEmpty ? "/" : path }
        var kept: [Substring] = []
        for segment in path.split(separator: "/", omittingEmptySubsequences: true) {
            switch segment {
            case ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        guard !kept.isEmpty else { return "/" }
        let isFolder = path.hasSuffix("/")
        return "/" + kept.map { PercentEncoding.encode($0) }.joined(separator: "/") + (isFolder ? "/" : "")
    }

    /// Without blanks around, and with one for each run of them inside.
    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }.joined(separator: " ")
    }
}
