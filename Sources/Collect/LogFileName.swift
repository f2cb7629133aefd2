// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// What the key of a delivered log file says:
/// `[PREFIX/]AWSLogs/[o-…/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_20230710T1145Z_RANDOM.json.gz`.
/// Organisation trails made before 2018 lack the `o-…` part.
package struct LogFileName: Hashable, Sendable {
    /// The folders after an account's number that CloudTrail writes to.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case events = "CloudTrail"
        case insights = "CloudTrail-Insight"
        case networkActivity = "CloudTrail-NetworkActivity"
        case aggregated = "CloudTrail-Aggregated"
        case digest = "CloudTrail-Digest"

        /// Whether its files hold records.
        package var hasRecords: Bool { self != .digest }
    }

    package let kind: Kind
    package let organizationID: String?
    package let accountID: AccountID
    package let region: String
    /// The day of delivery, as `2023/07/10`.
    package let day: String
    /// The minute of delivery; nil where the file's name does not tell.
    package let delivered: Milliseconds?

    /// Reads a key, or gives nil where CloudTrail writes none like it.
    package init?(key: String) {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard let file = parts.last, file.hasSuffix(".json.gz"), let start = parts.lastIndex(of: "AWSLogs") else {
            return nil
        }
        var rest = parts[(start + 1)...].dropLast()
        if let first = rest.first, first.hasPrefix("o-") {
            organizationID = String(first)
            rest = rest.dropFirst()
        } else {
            organizationID = nil
        }
        let path = Array(rest)
        guard path.count == 6, let accountID = AccountID(String(path[0])), let kind = Kind(rawValue: String(path[1])),
            !path[2].isEmpty, Self.isDay(path[3...])
        else { return nil }
        self.accountID = accountID
        self.kind = kind
        region = String(path[2])
        day = path[3...].joined(separator: "/")
        delivered = Self.delivered(name: file)
    }

    /// When CloudTrail delivered a file of this name, `ACCOUNT_CloudTrail_REGION_20230710T1145Z_RANDOM.json.gz` with or
    /// without its endings; nil where CloudTrail gives no such name to files with records.
    package static func delivered(name: Substring) -> Milliseconds? {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 5, AccountID(String(parts[0])) != nil, Kind(rawValue: String(parts[1]))?.hasRecords == true
        else { return nil }
        let stamp = parts[3].utf8
        guard stamp.count == 14, stamp.last == UInt8(ascii: "Z"), stamp.dropFirst(8).first == UInt8(ascii: "T") else {
            return nil
        }
        func digits(_ start: Int, _ count: Int) -> Substring { parts[3].dropFirst(start).prefix(count) }
        let date = "\(digits(0, 4))-\(digits(4, 2))-\(digits(6, 2))"
        return EventTime.parse("\(date)T\(digits(9, 2)):\(digits(11, 2)):00Z")
    }

    private static func isDay(_ parts: ArraySlice<Substring>) -> Bool {
        EventTime.parse(parts.joined(separator: "-") + "T00:00:00Z") != nil
    }
}
