// SPDX-License-Identifier: Apache-2.0

/// Log files that a run which ends could not read, by the first one's reason. They are where they were.
package struct UnreadFiles: Error, Sendable, Hashable, CustomStringConvertible {
    package private(set) var count = 0
    /// The first file and why.
    package private(set) var first = ""

    package init() {}

    package mutating func add(_ reason: String) {
        if count == 0 { first = reason }
        count += 1
    }

    package var description: String {
        "\(count) \(count == 1 ? "log file" : "log files") could not be read: \(first)"
    }
}
