// SPDX-License-Identifier: Apache-2.0

import AWSTestKit
import CloudTrail
import Cryptography
import Foundation
import Testing

/// A trail's bucket in memory: hourly digests, two log files each, and whatever a test then does to it.
struct DigestBucket {
    static let hour: Milliseconds = 3_600_000
    static let origin: Milliseconds = 1_700_000_000_000 - 1_700_000_000_000 % 3_600_000
    static let bucket = "trail-bucket"
    static let chain = DigestName.Chain(
        accountID: "111122223333", region: "us-east-1", trail: "my_trail_us-east-1", isBackfill: false)

    var digests: [ObjectLocation: (content: [UInt8], signature: String?)] = [:]
    var logFiles: [ObjectLocation: [UInt8]] = [:]
    var signed: [DigestForge.Signed] = []
    let forge: DigestForge
    /// The fewest digests of a chain come from one forge: making keys is slow.
    static let forge = Result { try DigestForge() }

    init(hours: Int) throws {
        forge = try Self.forge.get()
        for index in 0..<hours { try append(index) }
    }

    static func location(_ index: Int, suffix: String = "") -> ObjectLocation {
        let end = EventTime.format(origin + Milliseconds(index + 1) * hour)
        let time = end.filter { $0 != "-" && $0 != ":" }
        return ObjectLocation(
            bucket: bucket,
            key:
                "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/\(end.prefix(10).replacingOccurrences(of: "-", with: "/"))/"
                + "111122223333_CloudTrail-Digest_us-east-1_my_trail_us-east-1_\(time)\(suffix).json.gz")
    }

    static func logLocation(_ index: Int, _ number: Int) -> ObjectLocation {
        ObjectLocation(bucket: bucket, key: "AWSLogs/111122223333/CloudTrail/us-east-1/\(index)-\(number).json.gz")
    }

    /// Adds an hour's digest and its log files.
    mutating func append(
        _ index: Int, linked: Bool = true, previous: DigestForge.Signed? = nil,
        change: (inout [String: Any]) -> Void = { _ in }
    ) throws {
        var named: [(ObjectLocation, hash: String)] = []
        for number in 0..<2 {
            let content = Array(#"{"Records":[\#(index * 2 + number)]}"#.utf8)
            logFiles[Self.logLocation(index, number)] = content
            named.append((Self.logLocation(index, number), SHA256.hexadecimal(content)))
        }
        let start = Self.origin + Milliseconds(index) * Self.hour
        let digest = try forge.digest(
            at: Self.location(index), start: start, end: start + Self.hour, accountID: "111122223333",
            logFiles: named, previous: linked ? previous ?? signed.last : nil, change: change)
        signed.append(digest)
        digests[digest.location] = (digest.content, digest.signature)
    }

    /// Walks the chain and returns the findings that are not good, as texts, and the number of good ones.
    func verify(
        keys: [String: RSAPublicKey]? = nil, since: Milliseconds = origin, until: Milliseconds? = nil,
        listing: [ObjectLocation]? = nil
    ) -> (bad: [String], good: Int, chain: DigestChain) {
        var chain = DigestChain(
            listing: (listing ?? Array(digests.keys)).map(\.key).shuffled(), of: Self.chain, in: Self.bucket,
            keys: keys ?? forge.keys, since: since,
            until: until ?? Self.origin + Milliseconds(signed.count + 1) * Self.hour)
        loop: while true {
            switch chain.step {
            case .fetchDigest(let location):
                if let found = digests[location] {
                    chain.digest(content: found.content, signature: found.signature, algorithm: "SHA256withRSA")
                } else {
                    chain.digestIsMissing()
                }
            case .fetchLogFile(let location):
                if let content = logFiles[location] {
                    chain.logFile(hash: SHA256.hash(content))
                } else {
                    chain.logFileIsMissing()
                }
            case .finished: break loop
            }
        }
        let bad = chain.findings.filter { $0.verdict != .good }
        return (bad.map(Self.text), chain.findings.count - bad.count, chain)
    }

    /// `log_file_altered 2-1`, `digest_missing 3`, `gap 1-2`.
    static func text(_ finding: DigestFinding) -> String {
        let hours = { (time: Milliseconds?) in time.map { String(($0 - origin) / hour) } ?? "" }
        guard let location = finding.location else {
            return "\(finding.kind.rawValue) \(hours(finding.start))-\(hours(finding.end))"
        }
        if let name = DigestName(key: location.key) {
            return "\(finding.kind.rawValue) \(Int(hours(name.end)).map { $0 - 1 } ?? -1)"
        }
        let file = location.key.split(separator: "/").last?.dropLast(".json.gz".count) ?? ""
        return "\(finding.kind.rawValue) \(file)"
    }
}

// Skipped where there is no openssl to make keys and signatures with.
@Suite(.enabled(if: DigestForge.isAvailable, "needs the openssl program"))
struct DigestChainTests {
    @Test func anUntouchedChainIsValid() throws {
        let result = try DigestBucket(hours: 6).verify()
        #expect(result.bad == [])
        #expect(result.good == 6 * 3)
        #expect(result.chain.named.count == 12)
        #expect(result.chain.covered.count == 6)
    }

    @Test func oneAlteredAndOneMissingLogFileAreNamed() throws {
        var bucket = try DigestBucket(hours: 4)
        bucket.logFiles[DigestBucket.logLocation(2, 1)]?.append(0x20)
        bucket.logFiles[DigestBucket.logLocation(0, 0)] = nil
        let result = bucket.verify()
        #expect(result.bad == ["log_file_altered 2-1", "log_file_missing 0-0"])
        #expect(result.good == 10)
    }

    @Test func aMissingDigestIsNamedByItsSuccessor() throws {
        var bucket = try DigestBucket(hours: 5)
        bucket.digests[DigestBucket.location(2)] = nil
        let result = bucket.verify()
        #expect(result.bad == ["digest_missing 2"])
        #expect(result.good == 4 * 3)
    }

    @Test func theNewestDigestsAbsenceShows() throws {
        var bucket = try DigestBucket(hours: 5)
        for index in 2..<5 { bucket.digests[DigestBucket.location(index)] = nil }
        #expect(bucket.verify().bad == ["ends_early 1"])
        bucket.digests = [:]
        #expect(bucket.verify().bad == ["no_digests 0-6"])
    }

    @Test func aContentThatWasChangedIsNotBelieved() throws {
        var bucket = try DigestBucket(hours: 4)
        let location = DigestBucket.location(1)
        // The attacker rewrites a log file, and the hash in the digest with it.
        let file = DigestBucket.logLocation(1, 0)
        let before = SHA256.hexadecimal(bucket.logFiles[file] ?? [])
        bucket.logFiles[file] = Array("{}".utf8)
        let content = String(decoding: bucket.digests[location]?.content ?? [], as: UTF8.self)
            .replacingOccurrences(of: before, with: SHA256.hexadecimal("{}".utf8))
        bucket.digests[location]?.content = Array(content.utf8)
        let result = bucket.verify()
        #expect(result.bad == ["digest_signature_invalid 1"])
        // Its two log files are not judged by it, and the walk goes on behind it.
        #expect(result.good == 3 * 3)
    }

    @Test func signatures() throws {
        var bucket = try DigestBucket(hours: 4)
        bucket.digests[DigestBucket.location(0)]?.signature = nil
        bucket.digests[DigestBucket.location(1)]?.signature = bucket.signed[2].signature
        bucket.digests[DigestBucket.location(3)]?.signature = "no hexadecimal"
        #expect(
            bucket.verify().bad == ["digest_signature_invalid 3", "digest_signature_invalid 1", "digest_unsigned 0"])
    }

    @Test func keysOfOthers() throws {
        let bucket = try DigestBucket(hours: 1)
        #expect(bucket.verify(keys: [:]).bad == ["digest_key_unknown 0"])
        let other = try DigestForge()
        let wrong = other.keys.values.first.map { [bucket.forge.fingerprint: $0] } ?? [:]
        #expect(bucket.verify(keys: wrong).bad == ["digest_signature_invalid 0"])
    }

    @Test func weakKeysAreNone() throws {
        let weak = try DigestForge(bits: 1_024)
        #expect(weak.keys.isEmpty)
        #expect(RSAPublicKey(der: []) == nil)
        #expect(RSAPublicKey(der: Array(weak.publicKey.dropLast())) == nil)
        let good = try DigestBucket.forge.get().publicKey
        #expect(RSAPublicKey(der: good + [0]) == nil)
    }

    @Test func aDigestThatWasMovedOrPutInAnothersPlace() throws {
        var bucket = try DigestBucket(hours: 4)
        // The digest of hour 0, signed by CloudTrail, stands where that of hour 2 was.
        bucket.digests[DigestBucket.location(2)] = bucket.digests[DigestBucket.location(0)]
        #expect(bucket.verify().bad == ["digest_moved 2"])
    }

    @Test func asGenuineDigestThatIsNotTheLinkedOneIsAltered() throws {
        var bucket = try DigestBucket(hours: 3)
        // CloudTrail never signs an hour twice; who had its key could.
        let start = DigestBucket.origin + DigestBucket.hour
        let twin = try bucket.forge.digest(
            at: DigestBucket.location(1), start: start, end: start + DigestBucket.hour, accountID: "111122223333",
            logFiles: [], previous: bucket.signed[0])
        bucket.digests[twin.location] = (twin.content, twin.signature)
        #expect(bucket.verify().bad == ["digest_altered 1"])
    }

    @Test func digestsThatTheChainPassesOver() throws {
        var bucket = try DigestBucket(hours: 4)
        let rogue = ObjectLocation(
            bucket: DigestBucket.bucket,
            key: DigestBucket.location(1).key.replacingOccurrences(of: "/us-east-1/", with: "/us-east-1/x/"))
        bucket.digests[rogue] = bucket.digests[DigestBucket.location(1)]
        #expect(bucket.verify().bad == ["digest_outside_chain 1"])
    }

    @Test func aChainThatBeginsAnewLeavesAGap() throws {
        var bucket = try DigestBucket(hours: 2)
        try bucket.append(4, linked: false)
        try bucket.append(5)
        let until = DigestBucket.origin + 6 * DigestBucket.hour
        let result = bucket.verify(until: until)
        #expect(result.bad == ["gap 2-4"])
        #expect(result.good == 4 * 3)
    }

    @Test func aLinkThatLeavesHoursOut() throws {
        var bucket = try DigestBucket(hours: 2)
        try bucket.append(3)
        #expect(bucket.verify(until: DigestBucket.origin + 4 * DigestBucket.hour).bad == ["gap 2-3"])
    }

    @Test func linksForwardAndToOneselfEnd() throws {
        var bucket = try DigestBucket(hours: 2)
        try bucket.append(2) { fields in fields["previousDigestS3Object"] = DigestBucket.location(2).key }
        #expect(bucket.verify().bad == ["digest_altered 2"])
        try bucket.append(3) { fields in fields["previousDigestS3Object"] = "nonsense" }
        #expect(bucket.verify().bad == ["digest_altered 3", "digest_altered 2"])
    }

    @Test func onlyTheAskedTimeIsWalked() throws {
        let bucket = try DigestBucket(hours: 6)
        let since = DigestBucket.origin + 3 * DigestBucket.hour
        let result = bucket.verify(since: since, until: DigestBucket.origin + 5 * DigestBucket.hour)
        #expect(result.bad == [] && result.good == 2 * 3)
    }

    @Test func otherChainsAndObjectsAreSkipped() throws {
        let bucket = try DigestBucket(hours: 2)
        let others = [
            DigestBucket.location(1, suffix: "_backfill"),
            ObjectLocation(
                bucket: DigestBucket.bucket,
                key: DigestBucket.location(1).key.replacingOccurrences(of: "my_trail", with: "other")),
            ObjectLocation(bucket: DigestBucket.bucket, key: "AWSLogs/x"),
        ]
        #expect(bucket.verify(listing: Array(bucket.digests.keys) + others).bad == [])
    }

    @Test func logFilesThatNobodySigned() throws {
        let bucket = try DigestBucket(hours: 4)
        let chain = bucket.verify().chain
        let extra = ObjectLocation(
            bucket: DigestBucket.bucket, key: "AWSLogs/111122223333/CloudTrail/us-east-1/x.json.gz")
        let at = { (minutes: Int) in DigestBucket.origin + Milliseconds(minutes) * 60_000 }
        let found = { (time: Milliseconds) in
            chain.unsigned(
                among: [(extra, time), (DigestBucket.logLocation(1, 0), time)], named: chain.named
            ).map(DigestBucket.text)
        }
        #expect(found(at(90)) == ["log_file_unsigned x"])
        // Before the first digest, and within the last hour, nobody can tell yet.
        #expect(found(at(-1)) == [])
        #expect(found(at(185)) == [])
        #expect(found(at(300)) == [])
        #expect(chain.unsigned(among: [(extra, at(90))], named: chain.named.union([extra])).isEmpty)
    }

    @Test func contentThatIsNoDigest() throws {
        var bucket = try DigestBucket(hours: 2)
        let location = DigestBucket.location(1)
        let good = try #require(bucket.digests[location]?.content)
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(good)) as? [String: Any])
        for content in ["", "[]", "{}", "nonsense", "{\"logFiles\":[]}"] {
            bucket.digests[location]?.content = Array(content.utf8)
            #expect(bucket.verify().bad == ["digest_altered 1"])
        }
        let changes: [(String, Any)] = [
            ("digestSignatureAlgorithm", "MD5withRSA"), ("digestEndTime", "yesterday"), ("logFiles", "none"),
            ("logFiles", [["s3Bucket": "b"]]), ("previousDigestSignature", NSNull()),
            ("previousDigestHashAlgorithm", "MD5"),
            ("previousDigestHashValue", "ff"), ("digestStartTime", "2033-01-01T00:00:00Z"),
        ]
        for (name, value) in changes {
            var changed = fields
            changed[name] = value
            bucket.digests[location]?.content = Array(try JSONSerialization.data(withJSONObject: changed))
            #expect(bucket.verify().bad == ["digest_altered 1"], "\(name)")
        }
    }

    @Test func everyByteCounts() throws {
        var bucket = try DigestBucket(hours: 1)
        let location = DigestBucket.location(0)
        let good = try #require(bucket.digests[location])
        for index in stride(from: 0, to: good.content.count, by: 7) {
            bucket.digests[location]?.content[index] ^= 1
            #expect(bucket.verify().good == 0, "byte \(index)")
            bucket.digests[location] = good
        }
    }

    @Test func callsOutOfTurnChangeNothing() throws {
        let bucket = try DigestBucket(hours: 1)
        var chain = bucket.verify().chain
        let before = chain.findings
        chain.digest(content: [], signature: nil, algorithm: nil)
        chain.digestIsMissing()
        chain.digestIsUnreadable("x")
        chain.logFile(hash: [])
        chain.logFileIsMissing()
        #expect(chain.findings == before && chain.step == .finished)
    }

    @Test func unreadableIsNotBad() throws {
        let bucket = try DigestBucket(hours: 1)
        var chain = DigestChain(
            listing: [DigestBucket.location(0).key], of: DigestBucket.chain, in: DigestBucket.bucket,
            keys: bucket.forge.keys, since: 0, until: DigestBucket.origin + DigestBucket.hour)
        chain.digestIsUnreadable("AccessDenied")
        #expect(chain.findings.map(\.verdict) == [.unknown])
        #expect(chain.step == .finished)
    }
}

@Suite struct DigestNameTests {
    @Test func keys() throws {
        let name = try #require(DigestName(key: "p/AWSLogs/o-1/" + DigestBucket.location(0).key))
        #expect(name.accountID == "111122223333" && name.region == "us-east-1" && name.trail == "my_trail_us-east-1")
        #expect(name.end == DigestBucket.origin + DigestBucket.hour && !name.isBackfill)
        #expect(DigestName(key: DigestBucket.location(0, suffix: "_backfill").key)?.isBackfill == true)
        let bad = [
            "", "/", "x.json.gz", "1_CloudTrail-Digest_r_t_20150817T150131Z.json.gz",
            "111122223333_CloudTrail_r_t_20150817T150131Z.json.gz", "111122223333_CloudTrail-Digest_r_t_now.json.gz",
            "111122223333_CloudTrail-Digest_r_t_20151317T150131Z.json.gz",
            "111122223333_CloudTrail-Digest_r_20150817T150131Z.json.gz", "_backfill.json.gz",
        ]
        for key in bad { #expect(DigestName(key: key) == nil, "\(key)") }
    }

    @Test func folders() {
        #expect(
            DigestName.folder(keyPrefix: nil, organizationID: nil, accountID: "1", region: "r")
                == "AWSLogs/1/CloudTrail-Digest/r/")
        #expect(
            DigestName.folder(keyPrefix: "p/q", organizationID: "o-1", accountID: "1", region: "r")
                == "p/q/AWSLogs/o-1/1/CloudTrail-Digest/r/")
    }
}
