// SPDX-License-Identifier: Apache-2.0

import Cryptography

/// Verifies one chain of digests and the log files that they name, newest first.
///
/// It is a value that does no I/O: it says what to fetch next, is told what came, and collects findings. Only what a
/// valid signature covers is believed: the log files of a digest that is not CloudTrail's are not judged by it, and its
/// link to the digest before is not followed; the walk goes on with the next older digest of the listing instead.
///
/// Whatever the bucket holds is legitimate input. A call out of turn is our own mistake and is ignored: the machine
/// stays where it is.
package struct DigestChain: Sendable {
    /// What to do next.
    package enum Step: Hashable, Sendable {
        /// Fetch a digest: then call `digest(…)`, `digestIsMissing()` or `digestIsUnreadable(…)`.
        case fetchDigest(ObjectLocation)
        /// Fetch a log file: then call `logFile(hash:)`, `logFileIsMissing()` or `logFileIsUnreadable(…)`.
        case fetchLogFile(ObjectLocation)
        /// All is done.
        case finished
    }

    /// What has been found so far, newest first.
    package private(set) var findings: [DigestFinding] = []
    /// The spans that valid digests cover, newest first.
    package private(set) var covered: [Range<Milliseconds>] = []
    /// Every log file that a valid digest names.
    package private(set) var named: Set<ObjectLocation> = []

    private let keys: [String: RSAPublicKey]
    private let since: Milliseconds
    /// The listing's digests that the walk has not come to, oldest first.
    private var listed: [(location: ObjectLocation, end: Milliseconds)]
    private var visited: Set<ObjectLocation> = []
    private var current: (location: ObjectLocation, expected: DigestFile.Previous?)?
    private var pending: [DigestFile.LogFile] = []
    /// The last valid digest, until the walk has gone on from it.
    private var last: DigestFile?
    /// The start of the oldest digest so far that is valid.
    private var oldestStart: Milliseconds?

    /// Starts a walk.
    ///
    /// - Parameters:
    ///   - listing: The objects of the chain's folder. Keys that are no digests' are skipped.
    ///   - chain: Which of the folder's chains to walk.
    ///   - bucket: Where the listing is from.
    ///   - keys: CloudTrail's public keys of the region, by fingerprint.
    ///   - since: Digests that end before this are not looked at.
    ///   - until: The time now, or an earlier end of the walk.
    package init(
        listing: [String], of chain: DigestName.Chain, in bucket: String, keys: [String: RSAPublicKey],
        since: Milliseconds, until: Milliseconds
    ) {
        self.keys = keys
        self.since = since
        var seen: Set<String> = []
        listed = listing.compactMap { key in
            guard let name = DigestName(key: key), name.chain == chain, name.end > since, name.end <= until,
                seen.insert(key).inserted
            else { return nil }
            return (ObjectLocation(bucket: bucket, key: key), name.end)
        }.sorted { ($0.end, $0.location) < ($1.end, $1.location) }
        guard let newest = listed.last else {
            // Late additions are made only where there is something to add.
            if !chain.isBackfill { findings.append(DigestFinding(.noDigests, start: since, end: until)) }
            return
        }
        if !chain.isBackfill, newest.end + DigestLimits.staleness < until {
            findings.append(DigestFinding(.endsEarly, newest.location, start: newest.end, end: until))
        }
        advance()
    }

    /// What to do next.
    package var step: Step {
        if let logFile = pending.last { return .fetchLogFile(logFile.location) }
        if let current { return .fetchDigest(current.location) }
        return .finished
    }

    // MARK: What came of a digest

    /// The digest was fetched.
    ///
    /// - Parameters:
    ///   - content: What it holds, uncompressed.
    ///   - signature: The object's `x-amz-meta-signature`, if it has one.
    ///   - algorithm: The object's `x-amz-meta-signature-algorithm`, if it has one.
    package mutating func digest(content: [UInt8], signature: String?, algorithm: String?) {
        guard pending.isEmpty, let (location, expected) = current else { return }
        do throws(DigestError) {
            let digest = try DigestFile(content)
            if let problem = judge(digest, at: location, expected: expected, signature: signature, algorithm: algorithm)
            {
                findings.append(problem)
                advance()
            } else {
                accept(digest)
            }
        } catch {
            findings.append(DigestFinding(.digestAltered, location, detail: error.message))
            advance()
        }
    }

    /// There is no such object.
    package mutating func digestIsMissing() {
        guard pending.isEmpty, let (location, _) = current else { return }
        findings.append(DigestFinding(.digestMissing, location, end: DigestName(key: location.key)?.end))
        advance()
    }

    /// The object could not be fetched or decompressed. `isAltered` says that it came and is no gzip.
    package mutating func digestIsUnreadable(_ reason: String, isAltered: Bool = false) {
        guard pending.isEmpty, let (location, _) = current else { return }
        findings.append(DigestFinding(isAltered ? .digestAltered : .digestUnreadable, location, detail: reason))
        advance()
    }

    private func judge(
        _ digest: DigestFile, at location: ObjectLocation, expected: DigestFile.Previous?, signature: String?,
        algorithm: String?
    ) -> DigestFinding? {
        let finding = { (kind: DigestFinding.Kind, detail: String) in
            DigestFinding(kind, location, start: digest.start, end: digest.end, detail: detail)
        }
        guard let signature, !signature.isEmpty else { return finding(.digestUnsigned, "it has no signature") }
        if let algorithm, algorithm != DigestFile.signatureAlgorithm {
            return finding(.digestSignatureInvalid, "it is signed by '\(algorithm)'")
        }
        if digest.location != location { return finding(.digestMoved, "it was made for \(digest.location)") }
        guard let key = keys[digest.fingerprint] else {
            return finding(.digestKeyUnknown, "CloudTrail has no key \(digest.fingerprint)")
        }
        guard digest.isSigned(by: key, signature: signature) else {
            return finding(.digestSignatureInvalid, "the signature does not match")
        }
        // A digest of CloudTrail's own can still be another than the one that stood here.
        if let expected, expected.hash != digest.contentHash {
            return finding(.digestAltered, "its content is not what the next digest says")
        }
        if let expected, expected.signature.lowercased() != signature.lowercased() {
            return finding(.digestAltered, "its signature is not what the next digest says")
        }
        return nil
    }

    private mutating func accept(_ digest: DigestFile) {
        findings.append(DigestFinding(.digestValid, digest.location, start: digest.start, end: digest.end))
        if let oldestStart, digest.end < oldestStart, current?.expected != nil {
            findings.append(DigestFinding(.gap, start: digest.end, end: oldestStart))
        }
        oldestStart = digest.start
        covered.append(digest.start..<max(digest.end, digest.start + 1))
        pending = digest.logFiles.reversed()
        named.formUnion(digest.logFiles.map(\.location))
        last = digest
        if pending.isEmpty { advance() }
    }

    /// Goes on to the digest before: to the one that the last valid digest names, or else to the next of the listing.
    private mutating func advance() {
        if let (location, _) = current { visited.insert(location) }
        current = nil
        let valid = last
        last = nil
        guard visited.count < DigestLimits.digests else { return }
        if let valid, let previous = valid.previous {
            // A link forward would be a circle, and CloudTrail makes none.
            let isOlder = DigestName(key: previous.location.key).map { $0.end < valid.end } ?? false
            guard let name = DigestName(key: previous.location.key), isOlder else {
                findings.append(DigestFinding(.digestAltered, valid.location, detail: "its link leads nowhere older"))
                return takeListed()
            }
            guard name.end > since else { return finish() }
            passOver(after: name.end, until: valid.end, except: previous.location)
            current = (previous.location, previous)
            return
        }
        let start = valid?.start
        takeListed()
        if let start, let (location, _) = current, let end = DigestName(key: location.key)?.end {
            findings.append(
                DigestFinding(.gap, start: end, end: max(start, end), detail: "the chain begins anew after it"))
        }
    }

    private mutating func takeListed() {
        while let next = listed.popLast() {
            guard !visited.contains(next.location) else { continue }
            current = (next.location, nil)
            return
        }
    }

    /// Digests of the listing that a link has passed over are not CloudTrail's, or have been replaced.
    private mutating func passOver(after end: Milliseconds, until limit: Milliseconds, except kept: ObjectLocation) {
        while let next = listed.last, next.end > end || (next.end == end && next.location != kept) {
            listed.removeLast()
            guard !visited.contains(next.location), next.location != kept else { continue }
            visited.insert(next.location)
            findings.append(DigestFinding(.digestOutsideChain, next.location, end: next.end))
        }
        if let next = listed.last, next.location == kept { listed.removeLast() }
    }

    private mutating func finish() {
        passOver(after: since, until: .max, except: ObjectLocation(bucket: "", key: ""))
        current = nil
    }

    // MARK: What came of a log file

    /// The log file was fetched and its uncompressed content hashed.
    package mutating func logFile(hash: [UInt8]) {
        guard let logFile = pending.last else { return }
        let isSame = Hexadecimal.encode(hash) == logFile.hash
        settle(isSame ? .logFileValid : .logFileAltered, isSame ? "" : "its content is not what the digest says")
    }

    /// There is no such object.
    package mutating func logFileIsMissing() { settle(.logFileMissing, "") }

    /// The object could not be fetched. `isAltered` says that it came and is no gzip.
    package mutating func logFileIsUnreadable(_ reason: String, isAltered: Bool = false) {
        settle(isAltered ? .logFileAltered : .logFileUnreadable, reason)
    }

    private mutating func settle(_ kind: DigestFinding.Kind, _ detail: String) {
        guard let logFile = pending.popLast() else { return }
        findings.append(DigestFinding(kind, logFile.location, detail: detail))
        if pending.isEmpty { advance() }
    }

    // MARK: Log files that nobody vouches for

    /// Findings for log files that no digest names though digests cover the time at which they were written.
    ///
    /// - Parameters:
    ///   - logFiles: The bucket's log files of the chain's account and region, and when each was last written.
    ///   - named: What all chains of the account and region name, late additions included.
    package func unsigned(
        among logFiles: [(location: ObjectLocation, written: Milliseconds)], named: Set<ObjectLocation>
    ) -> [DigestFinding] {
        logFiles.compactMap { file in
            guard !named.contains(file.location), isSettled(file.written) else { return nil }
            return DigestFinding(.logFileUnsigned, file.location, start: file.written)
        }
    }

    /// Whether digests cover a time, and one after it too, where a file that was written late would be named.
    private func isSettled(_ time: Milliseconds) -> Bool {
        covered.contains { $0.contains(time) } && covered.contains { $0.upperBound >= time + DigestLimits.lateness }
    }
}
