// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// A folder of a trail's bucket that has a folder for each day: `PREFIX/AWSLogs/[o-…/]ACCOUNT/KIND/REGION/`.
package struct TrailFolder: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The trail's key prefix, without a slash at its end; empty for none.
    package let keyPrefix: String
    /// `o-…` for an organisation's trail.
    package let organizationID: String?
    package let accountID: String
    package let kind: LogFileName.Kind
    package let region: String

    package init(
        keyPrefix: String, organizationID: String?, accountID: String, kind: LogFileName.Kind, region: String
    ) {
        self.keyPrefix = keyPrefix
        self.organizationID = organizationID
        self.accountID = accountID
        self.kind = kind
        self.region = region
    }

    /// The prefix of its keys, with a slash at its end.
    package var prefix: String {
        (keyPrefix.isEmpty ? "" : keyPrefix + "/") + "AWSLogs/" + (organizationID.map { $0 + "/" } ?? "")
            + "\(accountID)/\(kind.rawValue)/\(region)/"
    }

    /// The folder that a log file's key is in; nil where it is no log file's.
    package init?(key: String) {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = LogFileName(key: key), let start = parts.lastIndex(of: "AWSLogs") else { return nil }
        self.init(
            keyPrefix: parts[..<start].joined(separator: "/"), organizationID: name.organizationID,
            accountID: name.accountID.description,
            kind: name.kind, region: name.region)
    }

    package var description: String { prefix }

    package static func < (left: TrailFolder, right: TrailFolder) -> Bool { left.prefix < right.prefix }
}

/// Finds what trails have written to a bucket: accounts, kinds, regions; with and without an organisation's folder.
package struct BucketLayout: Sendable {
    let s3: S3
    let bucket: String
    let keyPrefix: String
    let accounts: Set<String>
    let regions: Set<String>
    private let kinds: Set<LogFileName.Kind>

    /// - Parameters:
    ///   - keyPrefix: The trail's key prefix, without a slash at its end; empty for none.
    ///   - accounts: The only accounts; empty for all.
    ///   - regions: The only regions; empty for all.
    ///   - kinds: The kinds; those with records unless told otherwise.
    package init(
        s3: S3, bucket: String, keyPrefix: String, accounts: Set<String> = [], regions: Set<String> = [],
        kinds: Set<LogFileName.Kind> = Set(LogFileName.Kind.allCases.filter(\.hasRecords))
    ) {
        self.s3 = s3
        self.bucket = bucket
        self.keyPrefix = keyPrefix
        self.accounts = accounts
        self.regions = regions
        self.kinds = kinds
    }

    /// The folder that trails write to, with a slash at its end.
    var root: String { (keyPrefix.isEmpty ? "" : keyPrefix + "/") + "AWSLogs/" }

    /// Every folder with files of these kinds, in order.
    ///
    /// - Throws: `AWSError`.
    package func folders() async throws -> [TrailFolder] {
        var found: [TrailFolder] = []
        for name in try await names(root) {
            if name.hasPrefix("o-") {
                for account in try await names(root + name + "/") {
                    found += try await folders(organizationID: name, account: account)
                }
            } else {
                found += try await folders(organizationID: nil, account: name)
            }
        }
        return found.sorted()
    }

    private func folders(organizationID: String?, account: String) async throws -> [TrailFolder] {
        guard AccountID(account) != nil, accounts.isEmpty || accounts.contains(account) else { return [] }
        let start =
            (keyPrefix.isEmpty ? "" : keyPrefix + "/") + "AWSLogs/"
            + (organizationID.map { $0 + "/" } ?? "") + account + "/"
        var found: [TrailFolder] = []
        for kind in try await names(start).compactMap(LogFileName.Kind.init) where kinds.contains(kind) {
            for region in try await names(start + kind.rawValue + "/")
            where regions.isEmpty || regions.contains(region) {
                found.append(
                    TrailFolder(
                        keyPrefix: keyPrefix, organizationID: organizationID, accountID: account, kind: kind,
                        region: region))
            }
        }
        return found
    }

    /// The names of the folders in a folder.
    func names(_ prefix: String) async throws -> [String] {
        var names: [String] = []
        var continuation: String?
        repeat {
            let page = try await s3.listObjects(
                bucket: bucket, prefix: prefix, continuation: continuation, delimiter: "/")
            names += page.commonPrefixes.map { String($0.dropFirst(prefix.count).dropLast()) }
            guard names.count <= CollectLimits.folders else {
                throw SinkError("s3://\(bucket)/\(prefix) has more than \(CollectLimits.folders) folders")
            }
            continuation = page.continuation
        } while continuation != nil
        return names
    }
}
