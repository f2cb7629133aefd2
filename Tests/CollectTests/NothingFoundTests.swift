// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Collect
import Testing

/// Collectors that find nothing, or that may not read what they find.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"), .timeLimit(.minutes(2)))
struct NothingFoundTests {
    private static func layout(
        _ rig: CollectRig, _ keyPrefix: String = "", accounts: Set<String> = [], regions: Set<String> = []
    ) -> BucketLayout {
        BucketLayout(
            s3: rig.s3(), bucket: rig.trail.bucket, keyPrefix: keyPrefix, accounts: accounts, regions: regions)
    }

    private func collector(_ rig: CollectRig, _ layout: BucketLayout, s3: S3? = nil) -> ListingCollector {
        var settings = ListingCollector.Settings()
        settings.endsAfterPass = true
        let delivery = s3.map {
            FileDelivery(s3: $0, sink: rig.sink, permits: Permits(), report: rig.report, buckets: [rig.trail.bucket])
        }
        return ListingCollector(
            bucket: rig.trail.bucket, layout: layout, s3: rig.s3(), delivery: delivery ?? rig.delivery,
            aside: rig.aside, report: rig.report, state: rig.folder.path + "/state", settings: settings)
    }

    private func backfill(_ rig: CollectRig, _ layout: BucketLayout) -> Backfill {
        Backfill(
            bucket: rig.trail.bucket, layout: layout, s3: rig.s3(), delivery: rig.delivery, sink: rig.sink,
            aside: rig.aside, report: rig.report, state: rig.folder.path + "/state")
    }

    @Test func theAddressAndWhatIsNearAreNamed() async throws {
        let rig = try await CollectRig("nothing-near")
        try await rig.put("x", organization: "o-abc1234567", keyPrefix: "logs/trail")
        let bucket = "s3://nothing-near/"
        let cases: [(BucketLayout, [String])] = [
            (
                Self.layout(rig, "logs/trial"),
                [bucket + "logs/trial/AWSLogs/*/CloudTrail/*/", "--prefix logs/trail"]
            ),
            (Self.layout(rig), [bucket + "AWSLogs/", "has the folders logs/"]),
            (Self.layout(rig, "logs/trail/AWSLogs"), ["--prefix logs/trail"]),
            (
                Self.layout(rig, "logs/trail", accounts: ["111122223334"]),
                ["AWSLogs/111122223334/CloudTrail/", "the accounts 111122223333"]
            ),
            (Self.layout(rig, "logs/trail", regions: ["eu-west-1"]), ["has the regions us-east-1"]),
        ]
        for (layout, expected) in cases {
            for run in [
                { try await collector(rig, layout).run() },
                { _ = try await backfill(rig, layout).run(days: ["2020/01/01"]) },
            ] {
                let nothing = try await #require(throws: NothingFound.self) { try await run() }
                for text in expected { #expect(nothing.description.contains(text), "\(nothing)") }
            }
        }
        #expect(rig.sink.files.isEmpty)
    }

    @Test func daysWithoutFilesAreToldWithThoseThatHaveSome() async throws {
        let rig = try await CollectRig("nothing-days")
        try await rig.put("x", daysAgo: 400)
        let layout = Self.layout(rig)
        let day = FolderDay.of(rig.now - 400 * 86_400_000)
        for run in [
            { try await collector(rig, layout).run() },
            { _ = try await backfill(rig, layout).run(days: ["2020/01/01"]) },
        ] {
            let nothing = try await #require(throws: NothingFound.self) { try await run() }
            #expect(nothing.description.contains("has the days from \(day) to \(day)"), "\(nothing)")
        }
    }

    @Test func anEmptyBucketIsToldAsThat() async throws {
        let rig = try await CollectRig("nothing-empty")
        let nothing = try await #require(throws: NothingFound.self) {
            try await collector(rig, Self.layout(rig, "p")).run()
        }
        #expect(nothing.nearby == ["the bucket is empty"])
    }

    @Test func aPassThatMayNotReadEndsWithTheReason() async throws {
        let rig = try await CollectRig("nothing-denied")
        for name in ["a", "b"] { try await rig.put(name) }
        let denied = S3(try MotoServer.shared.get().client(as: .collector, transport: DenyingTransport(key: "_b.")))
        let unread = try await #require(throws: UnreadFiles.self) {
            try await collector(rig, Self.layout(rig), s3: denied).run()
        }
        #expect(unread.count == 1 && unread.first.contains("kms:Decrypt"), "\(unread)")
        #expect(rig.sink.files.count == 1)
    }

    @Test func aQueueWhoseFilesMayNotBeReadEndsWithTheReason() async throws {
        let rig = try await CollectRig("queue-denied")
        let queue = try await rig.stage.makeQueue("queue-denied")
        for name in ["a", "b", "c"] {
            let key = try await rig.put(name)
            try await rig.stage.sendMessage(queue, try rig.trail.message([key], .storage))
        }
        let denied = S3(try MotoServer.shared.get().client(as: .collector, transport: DenyingTransport(key: "_b.")))
        var settings = QueueCollector.Settings()
        settings.wait = .zero
        settings.endsWhenEmpty = true
        let collector = QueueCollector(
            queue: SQS(rig.client, queueURL: queue),
            delivery: FileDelivery(
                s3: denied, sink: rig.sink, permits: Permits(), report: rig.report, buckets: [rig.trail.bucket]),
            aside: rig.aside, report: rig.report, settings: settings)
        let unread = try await #require(throws: UnreadFiles.self) { try await collector.run() }
        #expect(unread.count == 1 && unread.first.contains("kms:Decrypt"), "\(unread)")
        #expect(rig.sink.files.count == 2)
        // The message is left for when somebody has mended the permission.
        #expect(await collector.waiting() == 1)
    }

    @Test func refusalsAreToldByFileAndReason() async throws {
        let told = Locked<[String]>([])
        let lines = Locked<[String]>([])
        let report = CollectReport({ _, text in lines.withLock { $0.append(text) } }) { object, refusal in
            told.withLock { $0.append("\(object.key.suffix(10)) \(refusal.reason) \(refusal.count)") }
        }
        let rig = try await CollectRig(
            "refusals",
            sink: RecordingSink { _ in
                Acknowledgement(
                    accepted: 1, rejected: 5,
                    reasons: [
                        Refusal(reason: "account_not_onboarded", detail: "account 1", count: 3),
                        Refusal(reason: "missing_field", detail: "", count: 2),
                    ])
            })
        let key = try await rig.put("x")
        let delivery = FileDelivery(s3: rig.s3(), sink: rig.sink, permits: Permits(), report: report)
        let object = ObjectLocation(bucket: rig.trail.bucket, key: key)
        #expect(try await delivery.deliver(object, lane: .live) == .delivered)
        #expect(told.withLock { $0 } == ["_x.json.gz account_not_onboarded 3", "_x.json.gz missing_field 2"])
        #expect(report.totals.refusals == ["account_not_onboarded": 3, "missing_field": 2])
        let text = lines.withLock { $0 }.joined(separator: "\n")
        #expect(text.contains("\(object): 3 records refused: account_not_onboarded (account 1)"), "\(text)")
    }

    @Test func objectsThatAreNoLogFilesAreCountedOnce() async throws {
        let rig = try await CollectRig("left-out")
        let key = try await rig.put("x")
        let folder = key.prefix(through: key.lastIndex(of: "/") ?? key.startIndex)
        try await rig.stage.put(rig.trail.bucket, folder + "notes.txt", [1])
        for _ in 0..<2 { try await collector(rig, Self.layout(rig)).run() }
        #expect(rig.report.totals.leftOut == 1)
        #expect(rig.sink.files.count == 1)
    }
}

/// A transport to which S3 says of some objects that their key may not be used.
private struct DenyingTransport: HTTPTransport {
    let key: String

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard request.method == "GET", request.url.contains(key) else {
            return try await SocketTransport.shared.send(request)
        }
        return .xml(
            """
            <Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:role/x is not authorized to perform: kms:Decrypt \
            on the resource associated with this ciphertext</Message></Error>
            """, status: 403)
    }
}
