// SPDX-License-Identifier: Apache-2.0

/// Every limit on what the verification of digests takes.
package enum DigestLimits {
    /// The largest digest after decompression. One names an hour's log files, at some 600 bytes each.
    package static let documentBytes = 32 << 20

    /// The most log files that one digest may name.
    package static let logFiles = 100_000

    /// The most digests that one walk looks at: five years of hours.
    package static let digests = 50_000

    /// How far the newest digest may be behind before its successor counts as missing. Digests come hourly, some
    /// minutes late.
    package static let staleness: Milliseconds = 2 * 3_600_000

    /// How long after the end of a digest's hour a log file may arrive and still be named by a later one.
    package static let lateness: Milliseconds = 3_600_000
}
