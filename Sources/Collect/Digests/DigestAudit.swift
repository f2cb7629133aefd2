// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Cryptography

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Verifies the digests of a trail and the log files that they name, in the bucket where CloudTrail delivered them.
package struct DigestAudit: Sendable {
    /// What to verify.
    package struct Scope: Sendable, Hashable {
        package var bucket: String
        /// The trail's key prefix, without a slash at its end.
        package var keyPrefix: String?
        /// `o-…` for an organisation's trail.
        package var organizationID: String?
        package var accountID: String
        package var region: String
        /// The trail's name; nil for all trails that deliver there.
        package var trail: String?
        package var since: Milliseconds
        package var until: Milliseconds

        package init(
            bucket: String, keyPrefix: String? = nil, organizationID: String? = nil, accountID: String, region: String,
            trail: String? = nil, since: Milliseconds, until: Milliseconds
        ) {
            self.bucket = bucket
            self.keyPrefix = keyPrefix
            self.organizationID = organizationID
            self.accountID = accountID
            self.region = region
            self.trail = trail
            self.since = since
            self.until = until
        }
    }

    private let s3: S3
    private let trails: Trails

    /// Reads the bucket through `s3`, and CloudTrail's keys through `trails`.
    package init(s3: S3, trails: Trails) {
        self.s3 = s3
        self.trails = trails
    }

    /// Walks all chains of the scope and gives each finding to `found` as it comes.
    ///
    /// - Throws: `AWSError` where nothing can be verified at all: no listing, no keys, no credentials.
    package func run(_ scope: Scope, found: (DigestFinding) async throws -> Void) async throws {
        let keys = try await publicKeys(scope)
        let folder = DigestName.folder(
            keyPrefix: scope.keyPrefix, organizationID: scope.organizationID, accountID: scope.accountID,
            region: scope.region)
        let listing = try await list(scope, folder: folder)
        var chains = Set(listing.compactMap { DigestName(key: $0.key)?.chain }.filter { Self.isWanted($0, scope) })
        if chains.isEmpty {
            // A chain without a digest says so itself.
            chains.insert(
                DigestName.Chain(
                    accountID: scope.accountID, region: scope.region, trail: scope.trail ?? "", isBackfill: false))
        }
        var walked: [DigestChain] = []
        for chain in chains.sorted(by: { ($0.trail, $0.isBackfill ? 1 : 0) < ($1.trail, $1.isBackfill ? 1 : 0) }) {
            walked.append(
                try await walk(
                    DigestChain(
                        listing: listing.map(\.key), of: chain, in: scope.bucket, keys: keys, since: scope.since,
                        until: scope.until), found: found))
        }
        try await reportUnsigned(scope, walked, found)
    }

    private static func isWanted(_ chain: DigestName.Chain, _ scope: Scope) -> Bool {
        guard chain.accountID == scope.accountID, chain.region == scope.region else { return false }
        // The trail's home region follows its name.
        return scope.trail.map { chain.trail.hasPrefix($0 + "_") } ?? true
    }

    private func publicKeys(_ scope: Scope) async throws -> [String: RSAPublicKey] {
        let day = 86_400.0
        let listed = try await trails.publicKeys(
            from: Date(timeIntervalSince1970: Double(scope.since) / 1_000 - day),
            until: Date(timeIntervalSince1970: Double(scope.until) / 1_000 + day), region: scope.region)
        var keys: [String: RSAPublicKey] = [:]
        for key in listed { keys[key.fingerprint] = RSAPublicKey(der: key.der) }
        return keys
    }

    /// The objects of a folder with a subfolder for each day.
    private func list(_ scope: Scope, folder: String) async throws -> [S3.ObjectSummary] {
        var objects: [S3.ObjectSummary] = []
        let day: Milliseconds = 86_400_000
        var time = scope.since - scope.since % day
        while time <= scope.until {
            let date = EventTime.format(time).prefix(10).replacing("-", with: "/")
            try await s3.forEachPage(bucket: scope.bucket, prefix: folder + date + "/") { objects += $0 }
            time += day
        }
        return objects
    }

    private func walk(
        _ start: DigestChain, found: (DigestFinding) async throws -> Void
    ) async throws -> DigestChain {
        var chain = start
        var reported = 0
        let reader = LogFileReader()
        while true {
            while reported < chain.findings.count {
                try await found(chain.findings[reported])
                reported += 1
            }
            switch chain.step {
            case .fetchDigest(let location):
                await take(digest: try await fetch(location), reader: reader, &chain)
            case .fetchLogFile(let location):
                take(logFile: try await fetch(location), reader: reader, &chain)
            case .finished: return chain
            }
        }
    }

    private enum Fetched {
        case object(body: [UInt8], metadata: S3.Metadata)
        case missing
        case unreadable(String)
    }

    private func fetch(_ location: ObjectLocation) async throws -> Fetched {
        do {
            let object = try await s3.getObject(
                bucket: location.bucket, key: location.key, limit: CloudTrailLimits.logFileBytes)
            return .object(body: object.body, metadata: object.metadata)
        } catch let error as AWSError {
            if error.isMissing { return .missing }
            // Without credentials every object would be unreadable: that is one trouble, not thousands.
            if error.kind == .credentials { throw error }
            return .unreadable(error.description)
        }
    }

    private func take(digest: Fetched, reader: LogFileReader, _ chain: inout DigestChain) async {
        switch digest {
        case .missing: chain.digestIsMissing()
        case .unreadable(let reason): chain.digestIsUnreadable(reason)
        case .object(let body, let metadata):
            do throws(Rejection) {
                let content = try Self.content(body, reader) { Array($0) }
                chain.digest(
                    content: content, signature: metadata.user["signature"],
                    algorithm: metadata.user["signature-algorithm"])
            } catch {
                chain.digestIsUnreadable(error.detail, isAltered: true)
            }
        }
    }

    private func take(logFile: Fetched, reader: LogFileReader, _ chain: inout DigestChain) {
        switch logFile {
        case .missing: chain.logFileIsMissing()
        case .unreadable(let reason): chain.logFileIsUnreadable(reason)
        case .object(let body, _):
            do throws(Rejection) {
                chain.logFile(hash: try Self.content(body, reader) { SHA256.hash($0) })
            } catch {
                chain.logFileIsUnreadable(error.detail, isAltered: true)
            }
        }
    }

    /// Calls `body` with the uncompressed content of an object.
    private static func content<Result>(
        _ object: [UInt8], _ reader: LogFileReader, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(Rejection) -> Result {
        let result = object.withUnsafeBytes { bytes in
            Swift.Result { () throws(Rejection) in body(try reader.document(of: bytes)) }
        }
        return try result.get()
    }

    /// Looks for log files that no digest names.
    private func reportUnsigned(
        _ scope: Scope, _ chains: [DigestChain], _ found: (DigestFinding) async throws -> Void
    ) async throws {
        guard chains.contains(where: { !$0.covered.isEmpty }) else { return }
        let folder = DigestName.folder(
            keyPrefix: scope.keyPrefix, organizationID: scope.organizationID, accountID: scope.accountID,
            region: scope.region
        ).replacing("/CloudTrail-Digest/", with: "/CloudTrail/")
        let named = chains.reduce(into: Set<ObjectLocation>()) { $0.formUnion($1.named) }
        let logFiles = try await list(scope, folder: folder).compactMap { object in
            object.lastModified.map { date in
                (
                    location: ObjectLocation(bucket: scope.bucket, key: object.key),
                    written: Milliseconds(date.timeIntervalSince1970 * 1_000)
                )
            }
        }
        // Files are named once however many trails deliver there: report each once.
        var reported: Set<DigestFinding> = []
        for chain in chains {
            for finding in chain.unsigned(among: logFiles, named: named) where reported.insert(finding).inserted {
                try await found(finding)
            }
        }
    }
}
