// SPDX-License-Identifier: Apache-2.0

import BenchKit
import CloudTrail
import Detect

/// Takes events of sessions whose makers nobody knows, each of another session, and measures what they take while there is
/// room for them to wait and while there is none.
struct SessionBench {
    let sessions: Int

    /// Events of one commit.
    private static let events = 1_000
    /// Of commits that are reported together.
    private static let commits = 10

    private static let rules = """
        title: First use of a network
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: GetSecretValue}, condition: selection}
        level: low
        trailhound:
            first_seen: {fields: [network], scope: actor, days: 90}
        """

    func run() throws {
        let plan = try DetectionPlan(Catalog.read([.init(path: "first.yml", text: Self.rules)]))
        let evaluator = BatchEvaluator()
        var stage = DetectionStage(reportsMatches: true)
        var now: Milliseconds = 1_772_360_000_000
        var seconds = 0.0
        var matches = 0
        report("sessions \(grouped(sessions)), \(grouped(Self.events)) events a commit, load \(load())")
        let step = Self.events * Self.commits
        for start in stride(from: 0, to: sessions, by: Self.events) {
            let batch = try StreamBench.evaluate((start..<start + Self.events).map(record), evaluator, plan)
            now += 100
            let watch = Watch()
            matches += stage.apply(batch, now: now).matches.count
            _ = stage.takeChanges()
            stage.commit()
            seconds += watch.cpuSeconds
            guard (start + Self.events) % step == 0 else { continue }
            report(
                "\(grouped(start + Self.events)): \(decimal(seconds * 1_000 / Double(Self.commits))) ms a commit,",
                "\(grouped(Double(step) / seconds)) events/s a core; waiting \(grouped(stage.state.waitingCount)),",
                "judged early \(grouped(stage.state.losses.releasedEarly)), matches \(grouped(matches)),",
                "\(stage.state.bytes >> 20) MiB by its own account")
            seconds = 0
        }
    }

    private func record(_ number: Int) -> [UInt8] {
        let digits = String(repeating: "0", count: max(0, 12 - String(number).count)) + String(number)
        let (minute, second) = (number / 6_000 % 60, number / 100 % 60)
        let time = [minute, second].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return Array(
            """
            {"eventID":"00000000-0000-4000-8000-\(digits)","eventTime":"2026-03-01T10:\(time)Z","eventName":\
            "GetSecretValue","eventSource":"secretsmanager.amazonaws.com","awsRegion":"eu-west-1","recipientAccountId":\
            "111122223333","sourceIPAddress":"203.0.\(number % 200).57","userIdentity":{"type":"AssumedRole",\
            "principalId":"AROAEXAMPLE:s\(digits)","arn":"arn:aws:sts::999988887777:assumed-role/far/s\(digits)",\
            "accountId":"999988887777","accessKeyId":"ASIA\(digits)"}}
            """.utf8)
    }
}
