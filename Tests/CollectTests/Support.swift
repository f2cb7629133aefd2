// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Collect
import Foundation
import Synchronization

/// A service that takes everything, and remembers it.
final class RecordingSink: EventSink {
    private struct State {
        var files: [CollectedFile] = []
        var underWay = 0
        var mostUnderWay = 0
        var bytesUnderWay = 0
    }

    private let state = Mutex(State())
    private let answer: @Sendable (CollectedFile) async throws -> Acknowledgement
    private let waiting: @Sendable () -> Int?

    init(
        answer: @escaping @Sendable (CollectedFile) async throws -> Acknowledgement = { _ in
            Acknowledgement(accepted: 1)
        }, waiting: @escaping @Sendable () -> Int? = { nil }
    ) {
        self.answer = answer
        self.waiting = waiting
    }

    var files: [CollectedFile] { state.withLock { $0.files } }
    var sources: [String] { files.map(\.source) }
    var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

    func submit(_ file: CollectedFile) async throws -> Acknowledgement {
        state.withLock { state in
            state.files.append(file)
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
        }
        defer { state.withLock { $0.underWay -= 1 } }
        return try await answer(file)
    }

    func backlog() async -> Int? { waiting() }
}

/// A folder that goes away with its owner.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "collect-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A trail's bucket in moto, and all that a collector of it needs.
struct CollectRig: Sendable {
    /// The collector's.
    let client: AWSClient
    /// The test's own, to look at what came of it.
    let own: AWSClient
    let stage: MotoStage
    let trail: TrailDelivery
    let sink: RecordingSink
    let folder: ScratchFolder
    let aside: AsideFolder
    let report = CollectReport()
    let delivery: FileDelivery

    init(_ bucket: String, sink: RecordingSink = RecordingSink(), permits: Permits = Permits()) async throws {
        client = try MotoServer.shared.get().client(as: .collector)
        own = try MotoServer.shared.get().client()
        stage = MotoStage(own)
        try await stage.put(bucket)
        trail = TrailDelivery(stage: stage, bucket: bucket)
        self.sink = sink
        folder = try ScratchFolder()
        aside = try AsideFolder(path: folder.path + "/aside")
        delivery = FileDelivery(
            s3: S3(client), sink: sink, permits: permits, report: report, buckets: [bucket])
    }

    func s3() -> S3 { S3(client) }

    var now: Milliseconds { Milliseconds(Date().timeIntervalSince1970 * 1_000) }

    /// Puts a log file and returns its key.
    @discardableResult
    func put(_ suffix: String, daysAgo: Int = 0, organization: String? = nil, keyPrefix: String = "") async throws
        -> String
    {
        let key = trail.key(
            organization: organization, keyPrefix: keyPrefix, time: now - Milliseconds(daysAgo) * 86_400_000,
            suffix: suffix)
        try await trail.put(key, Array(#"{"Records":[]}"#.utf8))
        return key
    }

    func address(_ key: String) -> String { "s3://\(trail.bucket)/\(key)" }
}

/// Waits until something holds; a test's time limit ends what never does.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
}

/// A value that tasks share.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    func withLock<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result {
        mutex.withLock { body(&$0) }
    }
}
