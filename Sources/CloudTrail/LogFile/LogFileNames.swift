// SPDX-License-Identifier: Apache-2.0

/// Names of files that hold log data.
package enum LogFileNames {
    private static let suffixes = [".json", ".jsonl", ".ndjson"].flatMap { [$0, $0 + ".gz", $0 + ".zst"] }

    /// True for names by which a folder's files are taken: endings of JSON, plain or compressed, and the numbers that
    /// exports of CloudWatch Logs have, as `000000.gz`.
    package static func isLogData(_ name: String) -> Bool {
        suffixes.contains { name.hasSuffix($0) } || isExport(name.split(separator: "/").last ?? "")
    }

    private static func isExport(_ name: Substring) -> Bool {
        guard name.hasSuffix(".gz") else { return false }
        let number = name.dropLast(3)
        return number.count == 6 && number.allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// True for files in the folder that a trail's digests are delivered to.
    package static func isDigest(_ path: String) -> Bool { path.split(separator: "/").contains("CloudTrail-Digest") }
}
