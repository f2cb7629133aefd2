// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Collect

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The checks of what the trail delivers: bucket, key, queue, digests.
extension AccountVerifier {
    /// Where the log files are: as set, or as the trail says.
    private func place(_ trail: Trails.Trail?) -> (bucket: String, keyPrefix: String)? {
        let bucket = account.bucket.isEmpty ? trail?.bucket ?? "" : account.bucket
        guard !bucket.isEmpty else { return nil }
        return (bucket, account.keyPrefix.isEmpty ? trail?.keyPrefix ?? "" : account.keyPrefix)
    }

    /// Whether the bucket is another account's, whose role is not this one: an organisation keeps its logs apart.
    private func isElsewhere(_ trail: Trails.Trail?) -> Bool {
        guard account.bucket.isEmpty, let trail else { return false }
        let parts = trail.arn.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 4 && parts[4] != account.accountID
    }

    private static let elsewhere = (
        detail: "the bucket is not this account's: the organisation's trail delivers to another",
        remedy: "Verify the account that has the bucket; or set it here with --bucket."
    )

    // MARK: Bucket

    /// Whether the newest log file can be listed, read and decrypted.
    func bucket(_ trail: Trails.Trail?) async -> [AccountCheck] {
        let names: [AccountCheck.Name] = [.bucketListed, .newestObject]
        guard let place = place(trail) else { return names.map(Self.trailless) }
        guard !isElsewhere(trail) else {
            return names.map { .unknown($0, Self.elsewhere.detail, remedy: Self.elsewhere.remedy) }
        }
        let s3 = S3(client)
        let newest: S3.ObjectSummary?
        do {
            newest = try await newestLogFile(s3, place)
        } catch {
            return [.of(.bucketListed, error), .unknown(.newestObject, "\(error)", remedy: "Make bucket_listed pass.")]
        }
        guard let newest else {
            let detail = "there is no log file of the last \(OnboardLimits.searchedDays) days in s3://\(place.bucket)"
            return [
                .failed(
                    .bucketListed, detail,
                    remedy: "See whether bucket and prefix are the trail's, and whether it delivers."),
                .unknown(.newestObject, detail, remedy: "Make bucket_listed pass."),
            ]
        }
        return [.passed(.bucketListed, newest.key), await readable(newest, s3, bucket: place.bucket)]
    }

    private func newestLogFile(
        _ s3: S3, _ place: (bucket: String, keyPrefix: String)
    ) async throws -> S3.ObjectSummary? {
        let layout = BucketLayout(
            s3: s3, bucket: place.bucket, keyPrefix: place.keyPrefix, accounts: [account.accountID])
        let folders = try await layout.folders().filter { $0.kind == .events }
        let end = Milliseconds(now * 1_000)
        let days = FolderDay.range(
            from: end - Milliseconds(OnboardLimits.searchedDays - 1) * 86_400_000, through: end)
        for day in days.reversed() {
            var newest: S3.ObjectSummary?
            for folder in folders {
                try await s3.forEachPage(bucket: place.bucket, prefix: folder.prefix + day + "/") { page in
                    for object in page where LogFileName(key: object.key) != nil {
                        // Of those of one second the last name is the latest.
                        if (newest?.lastModified ?? .distantPast) <= (object.lastModified ?? .distantPast) {
                            newest = object
                        }
                    }
                }
            }
            if let newest { return newest }
        }
        return nil
    }

    private func readable(_ object: S3.ObjectSummary, _ s3: S3, bucket: String) async -> AccountCheck {
        do {
            let fetched = try await s3.getObject(bucket: bucket, key: object.key, limit: OnboardLimits.logFileBytes)
            let reader = LogFileReader()
            let (bytes, isObject): (Int, Bool) = try fetched.body.withUnsafeBytes { body in
                let document = try reader.document(of: body)
                return (document.count, document.first { !$0.isBlank } == UInt8(ascii: "{"))
            }
            guard isObject else {
                return .failed(
                    .newestObject, "\(object.key) is no log file", remedy: "See what wrote the file beside CloudTrail.")
            }
            let key = fetched.metadata.kmsKeyID.map { ", decrypted by \($0)" } ?? ""
            return .passed(.newestObject, "\(bytes) bytes of records read\(key)")
        } catch let error as Rejection {
            return .failed(
                .newestObject, "\(object.key): \(error.reason.rawValue): \(error.detail)",
                remedy: "See what wrote the file: CloudTrail writes gzip.")
        } catch {
            return .of(
                .newestObject, error,
                remedy: "Allow s3:GetObject on the prefix to the role, and kms:Decrypt where the trail has a key.")
        }
    }

    // MARK: Key

    /// Whether the trail's KMS key works.
    func key(_ trail: Trails.Trail?) async -> [AccountCheck] {
        guard let trail else { return [Self.trailless(.key)] }
        guard let key = trail.kmsKeyID, !key.isEmpty else { return [.passed(.key, "the trail has no KMS key")] }
        guard !isElsewhere(trail) else {
            return [.unknown(.key, Self.elsewhere.detail, remedy: Self.elsewhere.remedy)]
        }
        do {
            let known = try await KMS(client).describeKey(key, region: home(trail))
            return [
                known.isEnabled
                    ? .passed(.key, "\(known.arn) is enabled")
                    : .failed(
                        .key, "\(known.arn) is \(known.state): log files can't be read any more",
                        remedy: "aws kms enable-key --key-id \(known.arn)")
            ]
        } catch {
            return [.of(.key, error)]
        }
    }

    // MARK: Queue

    /// Whether messages can be received and deleted, and are of a form that is known.
    func queue() async -> [AccountCheck] {
        guard !account.queueURL.isEmpty else {
            return [.queueReceive, .queueDelete].map {
                .unknown($0, "no queue is set", remedy: "Collect by listing, or set a queue with --queue.")
            }
        }
        let queue = SQS(client, queueURL: account.queueURL)
        return [await receive(queue), await delete(queue)]
    }

    private func receive(_ queue: SQS) async -> AccountCheck {
        do {
            let attributes = try await queue.attributes()
            let count = attributes["ApproximateNumberOfMessages"] ?? "?"
            // Visible again at once, for the collector.
            guard let message = try await queue.receiveMessages(max: 1, wait: .zero, visibility: .zero).first else {
                return .passed(.queueReceive, "\(count) messages; none was to be had to look at")
            }
            switch Notification(message.body) {
            case .poison(let reason):
                return .failed(
                    .queueReceive, "\(count) messages; one that was looked at: \(reason)",
                    remedy: "Let only S3's, EventBridge's or CloudTrail's notifications into the queue.")
            case .objects(let objects):
                return .passed(.queueReceive, "\(count) messages; one names \(objects.first?.description ?? "")")
            case .nothing(let reason):
                return .passed(.queueReceive, "\(count) messages; one that was looked at: \(reason)")
            }
        } catch {
            return .of(.queueReceive, error)
        }
    }

    /// IAM looks at a deletion before SQS looks at the handle: a handle that is none tells whether it would be let.
    private func delete(_ queue: SQS) async -> AccountCheck {
        do {
            try await queue.deleteMessage("trailhound-verification")
            return .passed(.queueDelete, "messages can be deleted")
        } catch let error as AWSError where error.code.contains("ReceiptHandleIsInvalid") {
            return .passed(.queueDelete, "messages can be deleted")
        } catch {
            return .of(.queueDelete, error)
        }
    }

    // MARK: Digests

    /// Whether the digests of the last hours say that the log files are as CloudTrail delivered them.
    func digests(_ trail: Trails.Trail?) async -> [AccountCheck] {
        guard let trail, let place = place(trail) else { return [Self.trailless(.digests)] }
        guard !isElsewhere(trail) else {
            return [.unknown(.digests, Self.elsewhere.detail, remedy: Self.elsewhere.remedy)]
        }
        let region = trail.homeRegion.isEmpty ? client.region : trail.homeRegion
        let end = Milliseconds(now * 1_000)
        let scope = DigestAudit.Scope(
            bucket: place.bucket, keyPrefix: place.keyPrefix,
            organizationID: account.organizationID.isEmpty ? nil : account.organizationID,
            accountID: account.accountID, region: region, trail: trail.name,
            since: end - Milliseconds(OnboardLimits.digestHours) * 3_600_000, until: end)
        var good = 0
        var bad: [DigestFinding] = []
        var open: [DigestFinding] = []
        do {
            try await DigestAudit(s3: S3(client), trails: Trails(client)).run(scope) { finding in
                switch finding.verdict {
                case .good: good += 1
                case .bad: bad.append(finding)
                case .unknown: open.append(finding)
                }
            }
        } catch {
            return [.of(.digests, error)]
        }
        if !bad.isEmpty {
            return [
                .failed(
                    .digests, Self.told(bad),
                    remedy: "Somebody has been at the log, or could have been: trailhound collect validate tells all.")
            ]
        }
        if !open.isEmpty { return [.unknown(.digests, Self.told(open), remedy: "Try again.")] }
        return [.passed(.digests, "\(good) digests and log files of the last hours are as CloudTrail delivered them")]
    }

    private static func told(_ findings: [DigestFinding]) -> String {
        let told = findings.prefix(OnboardLimits.toldFindings).map { finding in
            finding.kind.rawValue + (finding.location.map { " \($0)" } ?? "")
        }
        let more = findings.count - told.count
        return told.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
    }

    /// Seconds since 1970 as people read them.
    func time(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e11 else { return "\(seconds)" }
        return EventTime.format(Milliseconds(seconds * 1_000))
    }
}

extension UInt8 {
    /// Whether JSON passes it over.
    fileprivate var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
