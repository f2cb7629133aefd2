// SPDX-License-Identifier: Apache-2.0

/// Names of files that hold log data.
package enum LogFileNames {
    /// Endings by which a folder's files are taken.
    package static let suffixes = [".json", ".jsonl", ".ndjson"].flatMap { [$0, $0 + ".gz", $0 + ".zst"] }

    /// True for files in the folder that a trail's digests are delivered to.
    package static func isDigest(_ path: String) -> Bool { path.split(separator: "/").contains("CloudTrail-Digest") }
}
