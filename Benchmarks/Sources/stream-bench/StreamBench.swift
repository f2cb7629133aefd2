// SPDX-License-Identifier: Apache-2.0

import BenchKit
import CloudTrail
import Detect
import Foundation

/// Fills a stream's state with groups and measures what they take.
struct StreamBench {
    let groups: Int
    /// The correlation's: one that a later event can undo makes every window wait.
    let condition: String

    private var rules: String {
        """
        title: Call
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
        name: call
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: GetSecretValue}, condition: selection}
        level: low
        ---
        title: Burst
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c12
        level: high
        correlation:
            type: value_count
            rules: [call]
            group-by: [userIdentity.arn]
            timespan: 1h
            condition: {field: requestParameters.secretId, \(condition)}
        """
    }

    func run() throws {
        let plan = try DetectionPlan(Catalog.read([.init(path: "burst.yml", text: rules)]))
        let evaluator = BatchEvaluator()
        var stage = DetectionStage()
        var logBytes = 0
        // What evaluating takes reaches its size before anything is compared.
        for _ in 0..<10 { _ = try Self.evaluate((0..<1_000).map { record($0, 0) }, evaluator, plan) }
        let before = residentMiB
        report("groups \(grouped(groups)), load \(load())")
        for (round, name) in ["first event of each group", "second event of each group"].enumerated() {
            var seconds = 0.0
            for start in stride(from: 0, to: groups, by: 1_000) {
                let records = (start..<min(start + 1_000, groups)).map { record($0, round) }
                let batch = try Self.evaluate(records, evaluator, plan)
                let watch = Watch()
                _ = stage.apply(batch, now: 1_772_000_000_000)
                logBytes += stage.takeChanges().row.count
                stage.commit()
                seconds += watch.cpuSeconds
            }
            report(
                "\(name): \(grouped(Double(groups) / seconds)) events/s a core in the sequencer;",
                "resident \(residentMiB - before) MiB above the start, by its own account \(stage.state.bytes >> 20) MiB;",
                "log \(logBytes >> 20) MiB; groups \(grouped(stage.state.groupCount)), lost \(stage.state.losses.evictedGroups),",
                "waiting \(grouped(stage.state.waitingCount))")
        }
    }

    private func record(_ group: Int, _ round: Int) -> [UInt8] {
        let number = String(group)
        let name = "service-user-" + String(repeating: "0", count: 7 - number.count) + number
        let id = "0000000\(round)-0000-4000-8000-" + String(repeating: "0", count: 12 - number.count) + number
        return Array(
            """
            {"eventID":"\(id)","eventTime":"2026-03-01T10:00:0\(round)Z","eventName":"GetSecretValue","eventSource":\
            "secretsmanager.amazonaws.com","awsRegion":"eu-west-1","recipientAccountId":"111122223333",\
            "sourceIPAddress":"203.0.113.57","requestParameters":{"secretId":"prod/database/\(group % 50)"},\
            "userIdentity":{"type":"IAMUser","accountId":"111122223333","userName":"\(name)","accessKeyId":\
            "AKIA\(name.suffix(7))EXAMPLE12","principalId":"AIDA\(name.suffix(7))EXAMPLE12",\
            "arn":"arn:aws:iam::111122223333:user/\(name)"}}
            """.utf8)
    }

    static func evaluate(
        _ records: [[UInt8]], _ evaluator: BatchEvaluator, _ plan: DetectionPlan
    ) throws -> EvaluatedBatch {
        let joined = records.flatMap { $0 }
        return try joined.withUnsafeBytes { bytes in
            var parts: [UnsafeRawBufferPointer] = []
            var offset = 0
            for record in records {
                parts.append(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + record.count)]))
                offset += record.count
            }
            return try evaluator.evaluate(.records(parts), plan: plan, accounts: .all) { _, _, _ in }
        }
    }

    private var residentMiB: Int {
        // Foundation takes the size that the file claims, which is none.
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = fread(&bytes, 1, bytes.count, file)
        let fields = bytes.prefix(count).split(separator: UInt8(ascii: " "))
        let pages = fields.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
        return (pages * Int(getpagesize())) >> 20
    }
}
