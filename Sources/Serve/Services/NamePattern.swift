// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The name of a call with `*` and `?` as wildcards, in any letter case: `Create*`, or `iam:Create*` with the short name
/// of its service.
struct NamePattern: Sendable {
    private let pattern: [UInt8]
    private let hasService: Bool

    init(_ text: String) {
        pattern = Array(text.lowercased().utf8)
        hasService = text.contains(":")
    }

    /// True for an event of such a name.
    func matches(_ event: EventSummary) -> Bool {
        let suffix = ".amazonaws.com"
        let source = event.eventSource.lowercased()
        let service = source.hasSuffix(suffix) ? String(source.dropLast(suffix.utf8.count)) : source
        let name = event.eventName.lowercased()
        return matches(Array((hasService ? service + ":" + name : name).utf8))
    }

    /// Compares bytes, going back to the latest star where they differ.
    private func matches(_ text: [UInt8]) -> Bool {
        var (place, index) = (0, 0)
        var star: (place: Int, index: Int)?
        while index < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, index)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") || pattern[place] == text[index] {
                place += 1
                index += 1
            } else if let last = star {
                star = (last.place, last.index + 1)
                place = last.place + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
