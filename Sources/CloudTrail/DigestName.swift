// SPDX-License-Identifier: Apache-2.0

/// What the key of a digest's object says:
/// `…/ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_20150817T150131Z.json.gz`, with `_backfill` after the time for
/// the chain of digests that CloudTrail makes up for later.
package struct DigestName: Hashable, Sendable {
    package let accountID: String
    /// The region whose log files it names, and whose key signs it.
    package let region: String
    /// Trail and home region, as they are written: a trail's name may hold the underscore that separates them.
    package let trail: String
    /// The end of its hour.
    package let end: Milliseconds
    /// Whether it belongs to the chain of late additions.
    package let isBackfill: Bool

    /// Reads a key, or gives nil where it is no digest's.
    package init?(key: String) {
        guard let name = key.split(separator: "/").last, name.hasSuffix(".json.gz") else { return nil }
        var parts = name.dropLast(".json.gz".count).split(separator: "_", omittingEmptySubsequences: false)
        isBackfill = parts.last == "backfill"
        if isBackfill { parts.removeLast() }
        guard parts.count >= 5, parts[1] == "CloudTrail-Digest", AccountID(String(parts[0])) != nil,
            let time = parts.last.flatMap(Self.time)
        else { return nil }
        accountID = String(parts[0])
        region = String(parts[2])
        trail = parts[3..<(parts.count - 1)].joined(separator: "_")
        end = time
    }

    /// The chain that a digest belongs to.
    package struct Chain: Hashable, Sendable {
        package let accountID: String
        package let region: String
        package let trail: String
        package let isBackfill: Bool

        package init(accountID: String, region: String, trail: String, isBackfill: Bool) {
            self.accountID = accountID
            self.region = region
            self.trail = trail
            self.isBackfill = isBackfill
        }
    }

    /// The chain that the digest belongs to.
    package var chain: Chain {
        Chain(accountID: accountID, region: region, trail: trail, isBackfill: isBackfill)
    }

    /// Where the digests of an account and region are: `PREFIX/AWSLogs/[o-…/]ACCOUNT/CloudTrail-Digest/REGION/`.
    package static func folder(
        keyPrefix: String?, organizationID: String?, accountID: String, region: String
    ) -> String {
        let start = keyPrefix.map { $0.isEmpty ? "" : $0 + "/" } ?? ""
        let organization = organizationID.map { $0 + "/" } ?? ""
        return "\(start)AWSLogs/\(organization)\(accountID)/CloudTrail-Digest/\(region)/"
    }

    /// Reads `20150817T150131Z`.
    private static func time(_ text: Substring) -> Milliseconds? {
        let characters = Array(text)
        guard characters.count == 16, characters[8] == "T", characters[15] == "Z" else { return nil }
        let part = { (range: Range<Int>) in String(characters[range]) }
        return EventTime.parse(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }
}
