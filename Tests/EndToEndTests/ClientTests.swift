// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestKit
import Testing

/// What a user meets: the CLI's commands, the Python clients and the demo, against the running service.
@Suite(.serialized) struct ClientTests {
    private static let trail = SyntheticTrail(attackEvery: 50)

    @Test(.timeLimit(.minutes(2)))
    func anAccountsLife() async throws {
        let service = try await Service()
        let account = Self.trail.account
        #expect(try await service.client("account", "onboard", account, "--name", "Production").status == 0)
        let again = try await service.client("account", "onboard", account)
        #expect(again.status != 0)
        #expect(again.errors.split(separator: "\n").count == 1, "one clear line: \(again.errors)")
        #expect(try await service.client("account", "onboard", "12").status != 0)
        let shown = try await service.client("account", "show", account, "-o", "json")
        let object = try JSONSerialization.jsonObject(with: shown.output) as? [String: Any]
        #expect(object?["name"] as? String == "Production")
        #expect(try await service.client("account", "list", "-o", "jsonl").lines.count == 1)
        #expect(try await service.client("account", "offboard", account, "--yes").status == 0)
        #expect(try await service.client("account", "list", "-o", "jsonl").lines.isEmpty)
        let answers = try await service.submit([.records(RecordBatch(records: [Bytes(Self.trail.record(0))]))])
        #expect(answers.first?.rejections.map(\.reason) == ["account_not_onboarded"])
    }

    @Test(.timeLimit(.minutes(2)))
    func alertsAreListedShownAndClosed() async throws {
        let service = try await Service(accounts: [Self.trail.account])
        _ = try await service.submit([.logFile(Bytes(Self.trail.logFile(0..<300)))])
        let listed = try await service.client("alerts", "list", "-o", "jsonl")
        #expect(listed.lines.count >= 3)
        let first = try JSONSerialization.jsonObject(with: Data(listed.lines[0].utf8)) as? [String: Any]
        let id = try #require(first?["alert_id"] as? String)
        let shown = try await service.client("alerts", "show", id)
        #expect(shown.status == 0 && shown.text.contains(id))
        #expect(try await service.client("alerts", "close", id, "--note", "a drill").status == 0)
        let closed = try await service.client("alerts", "show", id, "-o", "json")
        #expect(closed.text.contains("a drill"))
        // Closed alerts take no more: the next match opens another.
        let before = Set(AlertOutcome.of(try await service.alertLog()))
        _ = try await service.submit([.logFile(Bytes(Self.trail.logFile(300..<600)))])
        #expect(AlertOutcome.of(try await service.alertLog()).count == before.count + 1)
    }

    @Test(.timeLimit(.minutes(2)))
    func detectionsAreSwitchedAndReloaded() async throws {
        let rules = try TemporaryFolder()
        let file = rules.url.appendingPathComponent("stop.yml")
        let rule = """
            title: Logging stopped
            id: 1b2c3d4e-0000-4000-8000-000000000001
            status: test
            level: high
            logsource: {product: aws, service: cloudtrail}
            detection:
              selection: {eventName: StopLogging}
              condition: selection
            """
        try rule.write(to: file, atomically: true, encoding: .utf8)
        let service = try await Service(rules: rules.url, accounts: [Self.trail.account])
        let id = "1b2c3d4e-0000-4000-8000-000000000001"
        #expect(try await service.client("detections", "disable", id).status == 0)
        _ = try await service.submit([.logFile(Bytes(Self.trail.logFile(0..<300)))])
        #expect(try await service.alertLog().isEmpty)
        // The switch survives a restart.
        try await service.killNow()
        try await service.start()
        _ = try await service.submit([.logFile(Bytes(Self.trail.logFile(300..<600)))])
        #expect(try await service.alertLog().isEmpty)
        #expect(try await service.client("detections", "enable", id).status == 0)
        _ = try await service.submit([.logFile(Bytes(Self.trail.logFile(600..<900)))])
        #expect(try await service.alertLog().count == 1)
        // A broken set is refused whole, with file and line; the old one goes on.
        try (rule + "\n  broken: [").write(to: file, atomically: true, encoding: .utf8)
        let refused = try await service.client("detections", "reload")
        #expect(refused.status != 0)
        #expect(refused.errors.contains("stop.yml:"))
        _ = try await service.submit([.logFile(Bytes(Self.trail.logFile(900..<1_200)))])
        #expect(try await service.alertLog().count == 2)
    }

    @Test(
        .timeLimit(.minutes(2)), .enabled(if: Programs.python != nil, "skipped: make deps makes the Python environment")
    )
    func pythonClientsCollectAndSubscribe() async throws {
        let python = try #require(Programs.python)
        let service = try await Service(accounts: [Self.trail.account])
        let logs = try TemporaryFolder()
        for file in 0..<3 {
            let path = logs.url.appendingPathComponent("log-\(file).json")
            try Data(Self.trail.logFile(file * 100..<(file + 1) * 100)).write(to: path)
        }
        let folder = Programs.root.appendingPathComponent("Clients/python")
        let collected = try await run(
            python,
            [
                folder.appendingPathComponent("collector.py").path, "--server", "localhost:\(service.port)", "--pki",
                service.pki.path, logs.url.path,
            ])
        #expect(collected.status == 0, "\(collected.errors)")
        #expect(collected.lines.filter { $0.contains("100 accepted, 0 duplicate, 0 rejected") }.count == 3)
        // A file is sent whatever it is called; one that is not there is no success.
        let other = logs.url.appendingPathComponent("log")
        try Data(Self.trail.logFile(0..<3)).write(to: other)
        for (path, status) in [(other.path, 0), (logs.url.path + "/missing", 1)] {
            let outcome = try await run(
                python,
                [
                    folder.appendingPathComponent("collector.py").path, "--server", "localhost:\(service.port)",
                    "--pki",
                    service.pki.path, path,
                ])
            #expect(Int(outcome.status) == status && outcome.lines.count == 1 - status, "\(outcome.errors)")
        }
        let subscribe = [
            folder.appendingPathComponent("subscriber.py").path, "--server", "localhost:\(service.port)", "--pki",
            service.pki.path, "--cursor-file", logs.url.appendingPathComponent("cursor").path, "--once",
        ]
        let alerts = try await run(python, subscribe)
        #expect(alerts.status == 0, "\(alerts.errors)")
        #expect(alerts.lines.count == (try await service.alertLog().count))
        // It goes on where it stopped.
        #expect(try await run(python, subscribe).lines.isEmpty)
    }

    @Test(.timeLimit(.minutes(3)))
    func theDemoEndsByItselfWithoutATerminal() async throws {
        let demo = Programs.root.appendingPathComponent("Samples/demo")
        let data = try TemporaryFolder()
        let outcome = try await run(
            demo, [],
            environment: [
                "TRAILHOUND_DEMO_PORT": String(LoopbackPort.free()), "TRAILHOUND_DEMO_DATA": data.url.path,
                "TRAILHOUND_PROGRAMS": Programs.folder.path,
            ], seconds: 150)
        #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
        #expect(outcome.text.contains("0 rejected"))
        for title in ["CloudTrail stopped", "Access key made for another user", "DUET"] {
            #expect(outcome.text.contains(title), "\(outcome.text)")
        }
    }
}
