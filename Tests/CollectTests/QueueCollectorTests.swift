// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Collect
import Foundation
import Testing

/// The collector over a queue and a bucket in moto.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"), .timeLimit(.minutes(2)))
struct QueueCollectorTests {
    private func collect(
        _ rig: CollectRig, _ queue: String, visibility: Duration = .seconds(60), leavesPoison: Bool? = nil
    ) async throws {
        var settings = QueueCollector.Settings()
        settings.visibility = visibility
        settings.wait = .zero
        settings.endsWhenEmpty = true
        settings.leavesPoison = leavesPoison
        try await QueueCollector(
            queue: SQS(rig.client, queueURL: queue), delivery: rig.delivery, aside: rig.aside, report: rig.report,
            settings: settings
        ).run()
    }

    /// Messages in the queue: those to be had, and those that are hidden.
    private func count(_ rig: CollectRig, _ queue: String) async throws -> [Int] {
        let attributes = try await SQS(rig.own, queueURL: queue).attributes()
        return ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"].map {
            attributes[$0].flatMap(Int.init) ?? -1
        }
    }

    @Test func everyEnvelopeIsDeliveredAndDeleted() async throws {
        let rig = try await CollectRig("queue-forms")
        let queue = try await rig.stage.makeQueue("queue-forms")
        var keys: [String] = []
        for (index, envelope) in TrailDelivery.Envelope.allCases.enumerated() {
            let organization = index % 2 == 0 ? "o-abc1234567" : nil
            let key = try await rig.put("\(index)", organization: organization, keyPrefix: "logs/p")
            try await rig.stage.sendMessage(queue, try rig.trail.message([key], envelope))
            keys.append(key)
        }
        try await rig.stage.sendMessage(queue, #"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#)
        try await collect(rig, queue)
        #expect(rig.sink.sources.sorted() == keys.map(rig.address).sorted())
        #expect(rig.sink.files.allSatisfy { !$0.isHistorical && $0.bytes.starts(with: [0x1F, 0x8B]) })
        #expect(try await count(rig, queue) == [0, 0])
        #expect(rig.report.totals.deleted == 5)
        #expect(try rig.aside.items().isEmpty)
    }

    @Test func whatNeverCanBeReadGoesAside() async throws {
        let rig = try await CollectRig(
            "queue-poison",
            sink: RecordingSink { file in
                file.source.contains("refused")
                    ? Acknowledgement(rejected: 1, refusal: "not_a_log_file: no Records") : Acknowledgement(accepted: 1)
            })
        let queue = try await rig.stage.makeQueue("queue-poison")
        let gone = rig.trail.key(time: rig.now, suffix: "gone")
        let refused = try await rig.put("refused")
        let good = try await rig.put("good")
        let foreign = TrailDelivery(stage: rig.stage, bucket: "somebody-elses")
        for body in [
            "no JSON", #"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#, try rig.trail.message([gone], .storage),
            try rig.trail.message([refused], .storage), try foreign.message([good], .storage),
            try rig.trail.message([good], .storage),
        ] { try await rig.stage.sendMessage(queue, body) }
        try await collect(rig, queue)
        #expect(try await count(rig, queue) == [0, 0])
        #expect(rig.sink.sources.sorted() == [rig.address(good), rig.address(refused)].sorted())
        let reasons = try rig.aside.items().map(\.reason).sorted()
        #expect(reasons.count == 5)
        for expected in [
            "the message is no JSON", "a record has no eventName, bucket or key", "the object is gone",
            "the service refused the file: not_a_log_file", "the bucket somebody-elses is not one",
        ] { #expect(reasons.contains { $0.contains(expected) }, "\(expected)") }
        #expect(try rig.aside.items().contains { $0.body == "no JSON" })
    }

    /// Without a bucket of its own a collector reads what messages name: not what no bucket can be called.
    @Test func whatIsNoBucketIsPoison() async throws {
        let rig = try await CollectRig("queue-no-bucket")
        let delivery = FileDelivery(s3: rig.s3(), sink: rig.sink, permits: Permits(), report: rig.report)
        let object = ObjectLocation(bucket: "localhost:1/", key: rig.trail.key(time: rig.now, suffix: "x"))
        #expect(try await delivery.deliver(object, lane: .live) == .poison("localhost:1/ is no bucket's name"))
    }

    @Test func aFullFolderTakesMoreOnceSomebodyHasRemovedSome() throws {
        let folder = try ScratchFolder()
        for number in 0..<CollectLimits.asideFiles {
            _ = FileManager.default.createFile(atPath: "\(folder.path)/\(number).json", contents: nil)
        }
        let aside = try AsideFolder(path: folder.path)
        let item = AsideFolder.Item(at: "", reason: "r", source: "message", body: "")
        #expect(throws: SinkError.self) { try aside.put(item) }
        try FileManager.default.removeItem(atPath: "\(folder.path)/0.json")
        #expect(throws: Never.self) { try aside.put(item) }
    }

    @Test func manyTasksSetTheSameAsideAtOnce() async throws {
        let folder = try ScratchFolder()
        let aside = try AsideFolder(path: folder.path + "/aside")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    // Of different lengths: two that share a file would leave the end of the longer one.
                    let body = String(repeating: "x", count: number * 1_000)
                    try aside.put(AsideFolder.Item(at: "", reason: "r", source: "message", body: body))
                }
            }
            try await group.waitForAll()
        }
        #expect(try aside.items().count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: aside.path).count == 1)
    }

    @Test func poisonIsLeftToTheQueuesOwnRedrive() async throws {
        let rig = try await CollectRig("queue-redrive")
        let dead = try await rig.stage.makeQueue("queue-redrive-dead")
        let arn = try #require(try await SQS(rig.own, queueURL: dead).attributes()["QueueArn"])
        let queue = try await rig.stage.makeQueue(
            "queue-redrive",
            attributes: ["RedrivePolicy": #"{"deadLetterTargetArn":"\#(arn)","maxReceiveCount":"2"}"#])
        try await rig.stage.sendMessage(queue, "no JSON")
        for _ in 0..<4 {
            try await collect(rig, queue, visibility: .seconds(1))
            try await Task.sleep(for: .milliseconds(1_100))
        }
        #expect(try await count(rig, queue) == [0, 0])
        #expect(try await count(rig, dead) == [1, 0])
        #expect(try rig.aside.items().count == 1)
    }

    @Test func whatCannotBeReadNowStaysInTheQueue() async throws {
        let rig = try await CollectRig("queue-retry")
        let queue = try await rig.stage.makeQueue("queue-retry")
        let key = try await rig.put("x")
        try await rig.stage.sendMessage(queue, try rig.trail.message([key], .storage))
        let denied = ScriptedTransport { _, _ in
            .xml("<Error><Code>AccessDenied</Code><Message>no</Message></Error>", status: 403)
        }
        let delivery = FileDelivery(
            s3: S3(try MotoServer.shared.get().client(transport: denied)), sink: rig.sink, permits: Permits(),
            report: rig.report)
        var settings = QueueCollector.Settings()
        settings.wait = .zero
        settings.endsWhenEmpty = true
        let collector = QueueCollector(
            queue: SQS(rig.client, queueURL: queue), delivery: delivery, aside: rig.aside, report: rig.report,
            settings: settings)
        // It ends when the queue is empty, and a hidden message is in it still.
        let running = Task { try await collector.run() }
        try await eventually { rig.report.totals.retried == 1 }
        running.cancel()
        _ = await running.result
        #expect(try await count(rig, queue) == [0, 1])
        #expect(rig.sink.files.isEmpty)
        #expect(try rig.aside.items().isEmpty)
    }

    @Test func aMessageStaysHiddenWhileWorkOnItGoesOn() async throws {
        let hold = Locked(true)
        let rig = try await CollectRig(
            "queue-hidden",
            sink: RecordingSink { _ in
                while hold.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(20)) }
                return Acknowledgement(accepted: 1)
            })
        let queue = try await rig.stage.makeQueue("queue-hidden")
        try await rig.stage.sendMessage(queue, try rig.trail.message([try await rig.put("x")], .storage))
        let running = Task { try await collect(rig, queue, visibility: .seconds(2)) }
        try await eventually { rig.sink.files.count == 1 }
        // Three times as long as one asking hides it.
        try await Task.sleep(for: .seconds(6))
        #expect(try await SQS(rig.own, queueURL: queue).receiveMessages(wait: .zero).isEmpty)
        hold.withLock { $0 = false }
        try await running.value
        #expect(rig.sink.files.count == 1)
        #expect(try await count(rig, queue) == [0, 0])
    }

    @Test func aStopGivesMessagesBackAtOnce() async throws {
        let rig = try await CollectRig(
            "queue-stop",
            sink: RecordingSink { _ in
                try await Task.sleep(for: .seconds(600))
                return Acknowledgement()
            })
        let queue = try await rig.stage.makeQueue("queue-stop")
        for index in 0..<3 {
            try await rig.stage.sendMessage(queue, try rig.trail.message([try await rig.put("\(index)")], .storage))
        }
        let running = Task { try await collect(rig, queue) }
        try await eventually { rig.sink.files.count == 3 }
        #expect(try await count(rig, queue) == [0, 3])
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(try await count(rig, queue) == [3, 0])
    }

    @Test func aSlowServiceSlowsTheReceiving() async throws {
        let hold = Locked(true)
        let rig = try await CollectRig(
            "queue-slow",
            sink: RecordingSink { _ in
                while hold.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(20)) }
                return Acknowledgement(accepted: 1)
            })
        let queue = try await rig.stage.makeQueue("queue-slow")
        let key = try await rig.put("x")
        for _ in 0..<100 { try await rig.stage.sendMessage(queue, try rig.trail.message([key], .storage)) }
        let running = Task { try await collect(rig, queue) }
        try await eventually { rig.report.totals.received == CollectLimits.messagesHeld }
        try await Task.sleep(for: .milliseconds(300))
        #expect(rig.report.totals.received == CollectLimits.messagesHeld)
        hold.withLock { $0 = false }
        try await running.value
        #expect(rig.sink.files.count == 100)
        #expect(rig.sink.mostUnderWay <= CollectLimits.filesInFlight)
        #expect(try await count(rig, queue) == [0, 0])
    }

    @Test func severalCollectorsShareAQueue() async throws {
        let rig = try await CollectRig("queue-shared")
        let queue = try await rig.stage.makeQueue("queue-shared")
        var keys: [String] = []
        for index in 0..<60 {
            let key = try await rig.put("\(index)")
            try await rig.stage.sendMessage(queue, try rig.trail.message([key], .storage))
            keys.append(rig.address(key))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await collect(rig, queue) } }
            try await group.waitForAll()
        }
        // A queue of the standard kind delivers at least once.
        #expect(Set(rig.sink.sources) == Set(keys))
        #expect(try await count(rig, queue) == [0, 0])
    }

    @Test func itKnowsWhenItHasCaughtUp() async throws {
        let hold = Locked(true)
        let rig = try await CollectRig(
            "queue-backlog",
            sink: RecordingSink { _ in
                while hold.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(20)) }
                return Acknowledgement(accepted: 1)
            })
        let queue = try await rig.stage.makeQueue("queue-backlog")
        let key = try await rig.put("x")
        for _ in 0..<12 { try await rig.stage.sendMessage(queue, try rig.trail.message([key], .storage)) }
        var settings = QueueCollector.Settings()
        settings.wait = .zero
        settings.endsWhenEmpty = true
        let collector = QueueCollector(
            queue: SQS(rig.client, queueURL: queue), delivery: rig.delivery, aside: rig.aside, report: rig.report,
            settings: settings)
        #expect(!collector.isCaughtUp)
        async let running: Void = collector.run()
        try await eventually { rig.report.totals.received == 12 }
        #expect(!collector.isCaughtUp, "what is held is not dealt with")
        hold.withLock { $0 = false }
        try await running
        #expect(collector.isCaughtUp)
    }

    @Test func aQueueThatIsNotThereEndsTheCollector() async throws {
        let rig = try await CollectRig("queue-absent")
        let url = try MotoServer.shared.get().url + "/123456789012/no-such-queue"
        await #expect(throws: AWSError.self) { try await collect(rig, url) }
    }
}
