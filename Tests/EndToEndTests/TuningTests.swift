// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Operators tune detections with the CLI; what they set outlives the process.
@Suite("Tuning detections")
struct TuningTests {
    private static let id = "53d40d92-f4ac-4b82-bdab-b2b26c8c42fb"

    private static func rule(_ event: String = "Call", id: String = id, more: String = "level: high") -> String {
        """
        title: A call of \(event)
        id: \(id)
        logsource: {product: aws, service: cloudtrail}
        detection:
            selection: {eventName: \(event)}
            condition: selection
        \(more)

        """
    }

    /// A file of one event; each number is an event of its own.
    private static func event(_ number: Int, user: String, account: String = "111122223333") throws -> URL {
        try file([record(number, user: user, account: account)])
    }

    private static func record(_ number: Int, user: String, account: String = "111122223333") -> String {
        """
        {"eventVersion":"1.08","eventID":"0f6b2e40-52cf-4f0a-9d1c-\(String(1_000_000_000_000 + number).dropFirst())",\
        "eventTime":"2026-11-20T10:00:00Z","eventName":"Call","eventSource":"iam.amazonaws.com",\
        "awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","userAgent":"x","eventType":"AwsApiCall",\
        "recipientAccountId":"\(account)","userIdentity":{"type":"IAMUser","userName":"\(user)",\
        "arn":"arn:aws:iam::\(account):user/\(user)","accountId":"\(account)","principalId":"AIDA"}}
        """
    }

    private static func file(_ records: [String]) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString).jsonl")
        try Data((records.joined(separator: "\n") + "\n").utf8).write(to: url)
        return url
    }

    private struct Rig {
        let rules: TemporaryFolder
        let service: Service

        init(_ files: [String: String]) async throws {
            rules = try TemporaryFolder()
            for (name, text) in files {
                try Data(text.utf8).write(to: rules.url.appendingPathComponent(name))
            }
            service = try await Service(rules: rules.url, accounts: ["111122223333", "444455556666"])
        }

        /// Runs the CLI, which has to succeed.
        @discardableResult
        func client(_ arguments: String...) async throws -> Outcome {
            let outcome = try await run(
                Programs.client, arguments + ["--server", service.server, "--pki", service.pki.path])
            #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
            return outcome
        }

        func submit(_ number: Int, user: String, account: String = "111122223333") async throws {
            let file = try TuningTests.event(number, user: user, account: account)
            defer { try? FileManager.default.removeItem(at: file) }
            try await client("submit", file.path)
        }

        /// Severity and actor of each alert.
        func alerts() async throws -> [String] {
            let lines = try await client("alerts", "list", "-o", "jsonl").lines
            return try lines.map { line in
                let alert = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let actor = alert["actor"] as? [String: Any]
                let principal = (actor?["principal"] as? String)?.split(separator: "/").last ?? ""
                return "\(alert["severity"] ?? "") \(principal)"
            }.sorted()
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func severitySwitchesAndExceptionsOutliveARestart() async throws {
        let rig = try await Rig(["a.yml": Self.rule()])
        try await rig.client("detections", "tune", Self.id, "--severity", "low", "--account", "111122223333")
        try await rig.client("detections", "disable", Self.id, "--account", "444455556666")
        try await rig.client(
            "detections", "except", "53d40d92", "--when", "userIdentity.userName: robot", "--owner", "us@example.com",
            "--reason", "it's \"nightly\"", "--expires", "90d")
        try await rig.service.killNow()
        try await rig.service.start()
        try await rig.submit(1, user: "eve")
        try await rig.submit(2, user: "robot")
        try await rig.submit(3, user: "adam", account: "444455556666")
        #expect(try await rig.alerts() == ["low eve"])
        let list = try await rig.client("detections", "except", "-o", "json").text
        #expect(list.contains("it's \\\"nightly\\\"") && list.contains("us@example.com"))
        let shown = try await rig.client("detections", "show", Self.id).text
        #expect(shown.contains("in 111122223333: severity low"))
        #expect(shown.contains("in 444455556666: off"))

        let exceptions = try #require(
            try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]])
        let id = try #require(exceptions.first?["exception_id"] as? String)
        try await rig.client("detections", "except", "--delete", id)
        try await rig.client("detections", "tune", Self.id, "--inherit", "--account", "444455556666")
        try await rig.submit(4, user: "robot")
        try await rig.submit(5, user: "adam", account: "444455556666")
        #expect(try await rig.alerts() == ["high adam", "low eve", "low robot"])
    }

    @Test(.timeLimit(.minutes(3)))
    func exceptionsCountWhatTheyHideAndAPreviewTellsWhatTheyWouldHaveHidden() async throws {
        let rig = try await Rig(["a.yml": Self.rule()])
        try await rig.submit(1, user: "robot")
        try await rig.submit(2, user: "eve")
        try await rig.submit(3, user: "robot", account: "444455556666")
        #expect(try await rig.alerts() == ["high eve", "high robot", "high robot"])
        let asked = [
            "detections", "except", "53d40d92", "--when", "userIdentity.userName: robot", "--owner", "us@example.com",
            "--reason", "nightly", "--expires", "90d",
        ]
        let preview = try await rig.service.client(asked + ["--preview"])
        #expect(
            preview.status == 0
                && preview.errors.contains(
                    "of all 3 alerts with 3 stored events it would have hidden 2 events and 2 whole alerts"),
            "\(preview.errors)")
        let ofOne = try await rig.service.client(asked + ["--preview", "--account", "444455556666"])
        #expect(
            ofOne.errors.contains("of all 1 alert with 1 stored event it would have hidden 1 event and 1 whole alert"),
            "\(ofOne.errors)")
        #expect(try await rig.client("detections", "except").errors.contains("There is no exception."))

        #expect(try await rig.service.client(asked).status == 0)
        try await rig.submit(4, user: "robot")
        try await rig.submit(4, user: "robot")
        try await rig.submit(5, user: "robot", account: "444455556666")
        try await rig.submit(6, user: "eve")
        try await rig.service.killNow()
        try await rig.service.start()
        let list = try await rig.client("detections", "except", "-o", "json").text
        let exceptions = try #require(try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]])
        let excepted = try #require(exceptions.first?["excepted"] as? [String: Any])
        // The event that came twice counts once.
        #expect(excepted["match_count"] as? Int == 2 && (excepted["account_ids"] as? [String])?.count == 2, "\(list)")
        let table = try await rig.client("detections", "except").text
        #expect(table.contains("HIDDEN"), "\(table)")

        // Replaced under the same id, it counts anew.
        let id = try #require(exceptions.first?["exception_id"] as? String)
        try await rig.client("detections", "except", "--delete", id)
        #expect(try await rig.service.client(asked).status == 0)
        let again = try await rig.client("detections", "except", "-o", "json").text
        #expect(again.contains("\"excepted\": null") || again.contains("\"excepted\":null"), "\(again)")
    }

    @Test(.timeLimit(.minutes(3)))
    func aDetectionOnTrialIsCountedAndDoesNotAlert() async throws {
        let rig = try await Rig(["a.yml": Self.rule()])
        try await rig.client("detections", "trial", Self.id)
        try await rig.submit(1, user: "eve")
        try await rig.submit(1, user: "eve")
        try await rig.submit(2, user: "adam")
        #expect(try await rig.alerts() == [])
        try await rig.service.killNow()
        try await rig.service.start()
        let shown = try await rig.client("detections", "show", Self.id).text
        #expect(shown.contains("on trial") && shown.contains("2 matches in 1 account"), "\(shown)")
        try await rig.client("detections", "trial", Self.id, "--end")
        try await rig.submit(3, user: "eve")
        #expect(try await rig.alerts() == ["high eve"])
    }

    @Test(.timeLimit(.minutes(3)))
    func whatIsWrongInASetIsToldAndLeftOutAndTheOthersRun() async throws {
        let rig = try await Rig(["a.yml": Self.rule()])
        let other = "63d40d92-f4ac-4b82-bdab-b2b26c8c42fb"
        try Data(Self.rule("Other", id: other).utf8).write(to: rig.rules.url.appendingPathComponent("b.yml"))
        let broken = rig.rules.url.appendingPathComponent("c.yml")
        try Data("title: [\n".utf8).write(to: broken)
        let wrong = rig.rules.url.appendingPathComponent("d.yml")
        let twice = Self.rule("Other", id: "no-uuid").replacing("selection}", with: "nothing").replacing(
            "level: high", with: "level: severe\ntags: 7")
        try Data(twice.utf8).write(to: wrong)
        let refused = try await rig.service.client("detections", "reload")
        #expect(refused.status == 3 && refused.text.contains("2 detections loaded, 2 rules left out"), "\(refused)")
        let status = try await rig.client("status").text
        #expect(status.contains("Rules left out"), "\(status)")
        // All that is wrong in all files, not only the first of it.
        for error in ["c.yml", "d.yml", "'id' must be a UUID", "'level' must be one of"] {
            #expect(refused.errors.contains(error), "\(error) is not in \(refused.errors)")
        }
        #expect(!refused.errors.contains("\\n"), "\(refused.errors)")
        #expect(try await rig.client("detections", "list", "-o", "jsonl").lines.count == 2)
        try FileManager.default.removeItem(at: wrong)
        try FileManager.default.removeItem(at: broken)
        try await rig.client("detections", "reload")
        #expect(try await rig.client("detections", "list", "-o", "jsonl").lines.count == 2)
    }

    /// A rule set is taken up between two events: each is judged by the old one or by the new one, whole.
    @Test(.timeLimit(.minutes(3)))
    func aReloadLosesNoEventAndJudgesNoneTwice() async throws {
        let rig = try await Rig(["a.yml": Self.rule()])
        let ids = [Self.id, "63d40d92-f4ac-4b82-bdab-b2b26c8c42fb"]
        let (rounds, count) = (8, 400)
        async let reloads: Void = {
            for round in 1...rounds {
                // In one step: a reload never reads half a file.
                try Data(Self.rule(id: ids[round % 2]).utf8).write(
                    to: rig.rules.url.appendingPathComponent("a.yml"), options: .atomic)
                try await rig.client("detections", "reload")
            }
        }()
        for round in 0..<rounds {
            let file = try Self.file((0..<count).map { Self.record(round * count + $0, user: "eve") })
            try await rig.client("submit", file.path)
            try FileManager.default.removeItem(at: file)
        }
        try await reloads
        let alerts = try await rig.client("alerts", "list", "-o", "jsonl").lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(Set(alerts.compactMap { $0["detection_id"] as? String }).isSubset(of: ids))
        let matches = alerts.compactMap { ($0["match_count"] as? NSNumber)?.intValue }.reduce(0, +)
        #expect(matches == rounds * count)
    }

    @Test(.timeLimit(.minutes(3)))
    func whatIsOffUntilWantedIsSwitchedOnInOneAccountOrEverywhere() async throws {
        let rig = try await Rig(["a.yml": Self.rule(more: "level: high\ntrailhound: {enabled: false}")])
        try await rig.submit(1, user: "eve")
        try await rig.client("detections", "enable", Self.id, "--account", "111122223333")
        try await rig.submit(2, user: "eve")
        try await rig.submit(3, user: "adam", account: "444455556666")
        #expect(try await rig.alerts() == ["high eve"])
        try await rig.client("detections", "enable", Self.id)
        try await rig.submit(4, user: "adam", account: "444455556666")
        #expect(try await rig.alerts() == ["high adam", "high eve"])
    }

    @Test(.timeLimit(.minutes(3)))
    func wrongExceptionsAreRefusedByField() async throws {
        let rig = try await Rig(["a.yml": Self.rule()])
        let outcome = try await rig.service.client(
            "detections", "except", Self.id, "--when", "userIdentity.userName|odd: robot", "--owner", "o", "--reason",
            "r", "--expires", "90d")
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("unknown modifier 'odd'"), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    @Test func whyAnEventFiresIsShown() async throws {
        let rules = try TemporaryFolder()
        try Data(Self.rule().utf8).write(to: rules.url.appendingPathComponent("a.yml"))
        let event = try Self.event(1, user: "eve")
        defer { try? FileManager.default.removeItem(at: event) }
        let fires = try await run(
            Programs.client, ["detections", "explain", "53d40d92", event.path, "--rules", rules.url.path])
        #expect(fires.status == 0, "\(fires.errors)")
        #expect(
            fires.lines == [
                "A call of Call: fires", "└─ yes selection", "   └─ yes eventName: Call  <- Call",
            ])
        let other = rules.url.appendingPathComponent("b.yml")
        try Data(Self.rule("Other").utf8).write(to: other)
        let silent = try await run(Programs.client, ["detections", "explain", other.path, event.path, "-o", "json"])
        #expect(silent.status == 1)
        let json = try #require(try JSONSerialization.jsonObject(with: silent.output) as? [String: Any])
        #expect(json["holds"] as? Bool == false)
        #expect(silent.text.contains("\"Call\""))
    }

    @Test(.timeLimit(.minutes(3)))
    func whatWasSeenBeforeIsTheServicesToKnow() async throws {
        let more = """
            level: high
            trailhound: {first_seen: {fields: [userIdentity.userName, network], learning: 0h}}
            """
        let rig = try await Rig(["a.yml": Self.rule(more: more)])
        let file = try Self.event(1, user: "eve")
        defer { try? FileManager.default.removeItem(at: file) }
        let rules = ["--rules", rig.rules.url.path]
        let open = try await run(Programs.client, ["detections", "explain", Self.id, file.path] + rules)
        #expect(open.status == 0)
        #expect(
            open.lines == [
                "A call of Call: fires, if what was seen before or after says so too", "├─ yes selection",
                "│  └─ yes eventName: Call  <- Call",
                "└─ ?   first_seen: not seen in the account in 30 days before  (what was seen before decides)",
                "   ├─ userIdentity.userName  <- eve", "   └─ network  <- 192.0.2.0/24",
            ])
        try await rig.client("submit", file.path)
        let stored = "0f6b2e40-52cf-4f0a-9d1c-000000000001"
        let known = try await rig.client("detections", "explain", Self.id, stored, "--rules", rig.rules.url.path)
        let own = try await rig.client("detections", "explain", Self.id, stored)
        #expect(own.text == known.text, "the service explains from its own rules")
        #expect(known.lines.first == "A call of Call: fires")
        #expect(known.text.contains("yes first_seen") && known.text.contains("(the service made alert "))
        // The same hour of another day is seen before.
        let both = try Self.file([
            Self.record(2, user: "eve"), Self.record(3, user: "eve").replacing("2026-11-20T10", with: "2026-11-21T10"),
        ])
        defer { try? FileManager.default.removeItem(at: both) }
        let second = try await run(
            Programs.client,
            ["detections", "explain", Self.id, both.path, "--event-id", "0f6b2e40-52cf-4f0a-9d1c-000000000003"] + rules)
        #expect(second.status == 1 && second.text.contains("no  first_seen"), "\(second.text)")
        #expect(second.text.contains("(not by the records beside it)"))
    }

    @Test(.timeLimit(.minutes(3)))
    func whatTheServiceWaitsForIsSaid() async throws {
        let other = "63d40d92-f4ac-4b82-bdab-b2b26c8c42fb"
        let count = """
            title: Few calls
            id: 73d40d92-f4ac-4b82-bdab-b2b26c8c42fb
            level: high
            correlation: {type: event_count, rules: [\(other)], timespan: 10m, condition: {lte: 3}}

            """
        let rig = try await Rig([
            "a.yml": Self.rule(
                more: "level: high\ntrailhound: {unless: {rule: \(other), by: [sourceIPAddress], within: 10m}}"),
            "b.yml": Self.rule(id: other).replacing("selection: {", with: "selection: {awsRegion: us-east-1, "),
            "c.yml": count,
        ])
        // It clears no event that it is itself.
        try await rig.submit(1, user: "eve")
        let stored = "0f6b2e40-52cf-4f0a-9d1c-000000000001"
        let rules = ["--rules", rig.rules.url.path]
        let cleared = try await rig.client("detections", "explain", Self.id, stored, rules[0], rules[1])
        #expect(cleared.lines.first == "A call of Call: fires, if what was seen before or after says so too")
        // The event is long past, so its account's next one decides.
        let until =
            "the service waits until the account has an event later than 2026-11-20 11:10:00 UTC, or the service's clock"
        #expect(cleared.lines.dropFirst().first?.hasPrefix(until) == true, "\(cleared.text)")
        #expect(cleared.lines.dropFirst().first?.hasSuffix("since a following event may clear it") == true)
        let counted = try await rig.client(
            "detections", "explain", "73d40d92", stored, rules[0], rules[1], "-o", "json")
        #expect(
            counted.text.contains("until the account has an event later than 2026-11-20 11:00:00 UTC"),
            "\(counted.text)")
        #expect(counted.text.contains("since an event more may undo what the correlation's windows hold"))
        let later = try Self.file([Self.record(2, user: "eve").replacing("T10:00", with: "T12:00")])
        defer { try? FileManager.default.removeItem(at: later) }
        try await rig.client("submit", later.path)
        let known = try await rig.client("detections", "explain", Self.id, stored, rules[0], rules[1])
        #expect(known.lines.first == "A call of Call: fires")
        #expect(known.text.contains("(the service made alert ") && !known.text.contains("waits"))
    }

    @Test func whatADetectionNeedsOfTheServiceIsSaid() async throws {
        let rules = try TemporaryFolder()
        let travel = Self.rule(more: "level: high\ntrailhound: {impossible_travel: {}}")
        try Data(travel.utf8).write(to: rules.url.appendingPathComponent("a.yml"))
        let network = Self.rule(
            "Other", id: "63d40d92-f4ac-4b82-bdab-b2b26c8c42fb",
            more: "level: high\ntrailhound: {first_seen: {fields: [asn]}}")
        try Data(network.utf8).write(to: rules.url.appendingPathComponent("b.yml"))
        let outcome = try await run(Programs.client, ["detections", "validate", rules.url.path])
        #expect(outcome.status == 0)
        #expect(
            outcome.lines.suffix(3) == [
                "2 detections valid",
                "'A call of Call' is inactive where the service lacks a city database (--geoip-city)",
                "'A call of Other' is inactive where the service lacks an ASN database (--geoip-asn)",
            ])
        let json = try await run(Programs.client, ["detections", "validate", rules.url.path, "-o", "json"])
        let object = try #require(try JSONSerialization.jsonObject(with: json.output) as? [String: Any])
        let needs = (object["needs"] as? [[String: Any]])?.compactMap { $0["needs"] as? String }
        #expect(needs == ["a city database (--geoip-city)", "an ASN database (--geoip-asn)"])
    }
}
