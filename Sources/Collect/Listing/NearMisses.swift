// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// Nothing lies where log files were looked for: the address, and what there is near it.
package struct NothingFound: Error, Sendable, Hashable, CustomStringConvertible {
    /// The address, with a `*` for every account or region.
    package let address: String
    /// What there is instead, a sentence each.
    package let nearby: [String]

    package init(address: String, nearby: [String]) {
        self.address = address
        self.nearby = nearby
    }

    package var description: String {
        "no log file of CloudTrail lies under \(address)" + nearby.map { "; " + $0 }.joined()
    }
}

extension BucketLayout {
    /// What is looked for, as a person would write it.
    package var address: String {
        func pattern(_ names: Set<String>) -> String {
            guard names.count > 1 else { return names.first ?? "*" }
            return "{" + names.sorted().prefix(CollectLimits.namesTold).joined(separator: ",")
                + (names.count > CollectLimits.namesTold ? ",…}" : "}")
        }
        return "s3://\(bucket)/\(root)\(pattern(accounts))/CloudTrail/\(pattern(regions))/"
    }

    /// Looks around an address under which nothing lies: a level up at a time, until there is something.
    ///
    /// - Throws: `AWSError`, where the bucket can't be listed.
    package func nothingFound() async throws -> NothingFound {
        NothingFound(address: address, nearby: try await nearby())
    }

    /// Says which days there are log files of, where none lies in those that were asked for.
    package func nothingFound(in folders: [TrailFolder], days: [String]) async throws -> NothingFound {
        var nearby: [String] = []
        for folder in folders.prefix(CollectLimits.foldersTold) {
            guard let first = try await day(folder, \.first), let last = try await day(folder, \.last) else { continue }
            nearby.append("\(folder) has the days from \(first) to \(last)")
        }
        let span = days.count > 1 ? "\(days.first ?? "") to \(days.last ?? "")" : days.first ?? ""
        return NothingFound(address: "\(address) in the days \(span)", nearby: nearby)
    }

    /// A folder's first or last day, by three listings.
    private func day(_ folder: TrailFolder, _ end: KeyPath<[String], String?>) async throws -> String? {
        var path = ""
        for _ in 0..<3 {
            guard let name = try await names(folder.prefix + path).sorted()[keyPath: end] else { return nil }
            path += name + "/"
        }
        return String(path.dropLast())
    }

    private func nearby() async throws -> [String] {
        let entries = try await names(root)
        guard !entries.isEmpty else { return try await aboveRoot() }
        var known: [(folder: String, account: String)] = []
        for entry in entries {
            if entry.hasPrefix("o-") {
                known += try await names(root + entry + "/").map { (root + entry + "/", $0) }
            } else {
                known.append((root, entry))
            }
        }
        known = known.filter { AccountID($0.account) != nil }
        let wanted = known.filter { accounts.isEmpty || accounts.contains($0.account) }
        guard !wanted.isEmpty else {
            return known.isEmpty
                ? ["s3://\(bucket)/\(root) has the folders \(Self.told(entries))"]
                : ["there are the accounts \(Self.told(known.map(\.account)))"]
        }
        var found: [String] = []
        for (folder, account) in wanted.prefix(CollectLimits.foldersTold) {
            for kind in try await names(folder + account + "/").compactMap(LogFileName.Kind.init) where kind.hasRecords
            {
                let regions = try await names("\(folder)\(account)/\(kind.rawValue)/")
                found.append("\(account)/\(kind.rawValue) has the regions \(Self.told(regions))")
            }
        }
        return found.isEmpty ? ["the accounts there have no log files"] : found
    }

    /// Looks from the key prefix upwards, and for the trail's folder in what is found.
    private func aboveRoot() async throws -> [String] {
        let parts = keyPrefix.split(separator: "/").map { $0 + "/" }
        // The trail's own folder is often taken for a part of the prefix.
        if let index = parts.firstIndex(of: "AWSLogs/"), try await !names(parts[...index].joined()).isEmpty {
            return [Self.advice(parts[..<index].joined())]
        }
        for count in (0...parts.count).reversed() {
            let base = parts.prefix(count).joined()
            let folders = try await names(base)
            guard !folders.isEmpty else { continue }
            var found = ["s3://\(bucket)/\(base) has the folders \(Self.told(folders.map { $0 + "/" }))"]
            if folders.contains("AWSLogs") { found.append(Self.advice(base)) }
            for folder in folders.prefix(CollectLimits.foldersTold)
            where try await names(base + folder + "/").contains("AWSLogs") {
                found.append(Self.advice(base + folder + "/"))
            }
            return found
        }
        let any = try await s3.listObjects(bucket: bucket, maxKeys: 1).objects
        return [any.isEmpty ? "the bucket is empty" : "the bucket has no folders"]
    }

    private static func advice(_ base: String) -> String {
        base.isEmpty ? "log files lie there without a --prefix" : "log files lie there with --prefix \(base.dropLast())"
    }

    private static func told(_ names: [String]) -> String {
        let names = names.sorted()
        let shown = names.prefix(CollectLimits.namesTold).joined(separator: ", ")
        return names.count > CollectLimits.namesTold
            ? "\(shown) and \(names.count - CollectLimits.namesTold) more" : shown
    }
}
