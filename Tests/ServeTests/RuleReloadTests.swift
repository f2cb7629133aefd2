// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Testing

import Serve

/// Rules change under a running service: what can't run is told and left out, and the rest runs.
@Suite("Reloads of rules", .serialized)
struct RuleReloadTests {
    private static func rule(
        _ number: Int, _ selection: String = "eventName: Call", more: String = "level: high"
    ) -> String {
        """
        title: Rule \(number)
        id: 00000000-0000-4000-8000-00000000000\(number)
        name: rule\(number)
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {\(selection)}, condition: selection}
        \(more)

        """
    }

    private static func correlation(_ number: Int, of names: [String], name: String = "") -> String {
        """
        title: Correlation \(number)
        id: 00000000-0000-4000-8000-0000000\(10_000 + number)
        name: c\(number)
        level: high
        correlation: {type: event_count, rules: [\(names.joined(separator: ", "))], group-by: [userIdentity.arn], \
        timespan: 10m, condition: {gte: 1}}

        """
    }

    /// A service whose rules folder has rule 1 alone, and a placeholders' file.
    private static func run(_ body: (ServiceRig, Folder) async throws -> Void) async throws {
        let folder = Folder()
        try await ServiceRig.run { settings in
            let names = try FileManager.default.contentsOfDirectory(atPath: settings.rules)
            for name in names { try FileManager.default.removeItem(atPath: "\(settings.rules)/\(name)") }
            folder.path = settings.rules
            try folder.write("a.yml", rule(1))
            settings.placeholders = settings.rules + "/placeholders.json"
            try folder.write("placeholders.json", "{}")
        } _: { rig in
            try await body(rig, folder)
        }
    }

    private final class Folder: @unchecked Sendable {
        // Written once, before the service starts, and read by the test's own task.
        var path = ""

        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    private static func reload(_ rig: ServiceRig, allowEmpty: Bool = false) async throws -> ReloadRulesResponse {
        try await rig.withClient { client in
            try await client.unary(DetectionService.reloadRules, ReloadRulesRequest(allowEmpty: allowEmpty))
        }
    }

    private static func titles(_ rig: ServiceRig) async throws -> [String] {
        try await rig.withClient { client in
            try await client.unary(DetectionService.listDetections, ListDetectionsRequest()).detections.map(\.title)
        }
    }

    @Test(.timeLimit(.minutes(1))) func oneBrokenFileRefusesNothingElse() async throws {
        try await Self.run { rig, folder in
            try folder.write("b.yml", "title: [\n")
            try folder.write("c.yml", Self.rule(2))
            try folder.write(
                "d.yml", Self.rule(3).replacing("product: aws, service: cloudtrail", with: "category: dns"))
            let answer = try await Self.reload(rig)
            #expect(answer.loaded == 2 && answer.leftOut == 1 && answer.foreign == 1, "\(answer.problems)")
            let problem = try #require(answer.problems.first { $0.isError })
            #expect(problem.file == "b.yml" && problem.line == 2, "\(problem)")
            #expect(try await Self.titles(rig) == ["Rule 1", "Rule 2"])
            let status = try await rig.withClient { client in
                try await client.unary(InvestigationService.getStatus, GetStatusRequest())
            }
            #expect(status.rulesLeftOut == 1)
            let entry = try #require(try await rig.auditLog().last { $0.method.hasSuffix("ReloadRules") })
            #expect(entry.summary == "loaded 2 detections in place of 1; 1 rules left out")
        }
    }

    @Test(.timeLimit(.minutes(1))) func placeholdersChangeByAReload() async throws {
        try await Self.run { rig, folder in
            try folder.write("b.yml", Self.rule(2, "eventName|expand: '%calls%'"))
            let without = try await Self.reload(rig)
            #expect(without.loaded == 1 && without.leftOut == 1 && !without.problems.contains { $0.isError })
            try folder.write("placeholders.json", #"{"calls": ["Call"]}"#)
            #expect(try await Self.reload(rig).loaded == 2)
            let event = #"{"eventName":"Call","eventSource":"iam.amazonaws.com"}"#
            let explained = try await Self.explain(2, [event], rig)
            #expect(explained.explanations.map(\.holds) == [true])
            try folder.write("placeholders.json", "[")
            await #expect(throws: RPCError.self) { try await Self.reload(rig) }
            #expect(try await Self.titles(rig) == ["Rule 1", "Rule 2"], "what was loaded stays")
        }
    }

    @Test(.timeLimit(.minutes(1))) func anEmptyFolderIsRefusedUnlessAskedFor() async throws {
        try await Self.run { rig, folder in
            try FileManager.default.removeItem(atPath: folder.path + "/a.yml")
            let error = await #expect(throws: RPCError.self) { try await Self.reload(rig) }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message.contains("the 1 loaded before stay") == true, "\(error?.message ?? "")")
            #expect(try await Self.titles(rig) == ["Rule 1"])
            #expect(try await Self.reload(rig, allowEmpty: true).loaded == 0)
            #expect(try await Self.titles(rig) == [])
        }
    }

    private static func explain(_ number: Int, _ events: [String], _ rig: ServiceRig) async throws
        -> ExplainDetectionResponse
    {
        try await rig.withClient { client in
            try await client.unary(
                DetectionService.explainDetection,
                ExplainDetectionRequest(
                    detectionID: "00000000-0000-4000-8000-00000000000\(number)", events: events.map { Bytes($0) }))
        }
    }

    @Test(.timeLimit(.minutes(1))) func theServiceExplainsFromItsOwnRules() async throws {
        try await Self.run { rig, _ in
            let fires = #"{"eventName":"Call","eventTime":"2026-11-20T10:00:00Z","userIdentity":{"userName":"robot"}}"#
            let answer = try await Self.explain(1, [fires, #"{"eventName":"Other"}"#], rig)
            #expect(answer.explanations.map(\.holds) == [true, false])
            let rule = try #require(answer.explanations.first?.rules.first)
            #expect(rule.condition.map(\.depth) == [0, 1] || rule.condition.count > 1, "\(rule.condition)")
            #expect(rule.condition.last?.field == "eventName" && rule.condition.last?.values == ["Call"])
            let exception = """
                title: expected
                logsource: {product: aws, service: cloudtrail}
                filter: {rules: [rule1], selection: {userIdentity.userName: robot}, condition: not selection}
                trailhound: {owner: us, reason: nightly, expires: 2027-01-31}
                """
            try await rig.withClient { client in
                let preview = try await client.unary(
                    DetectionService.createDetectionException,
                    CreateDetectionExceptionRequest(yaml: exception, preview: true))
                #expect(preview.detectionIDs == ["00000000-0000-4000-8000-000000000001"])
                let list = try await client.unary(
                    DetectionService.listDetectionExceptions, ListDetectionExceptionsRequest())
                #expect(list.exceptions.isEmpty, "a preview changes nothing")
                _ = try await client.unary(
                    DetectionService.createDetectionException, CreateDetectionExceptionRequest(yaml: exception))
            }
            let excepted = try await Self.explain(1, [fires], rig)
            #expect(excepted.explanations.map(\.holds) == [false])
            #expect(excepted.explanations.first?.rules.first?.exceptions.map(\.owner) == ["us"])
            for events in [[], ["no JSON"], Array(repeating: fires, count: 101)] {
                let error = await #expect(throws: RPCError.self) { try await Self.explain(1, events, rig) }
                #expect(error?.code == .invalidArgument)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func anExceptionForACorrelationNamesTheRulesToTake() async throws {
        try await Self.run { rig, folder in
            try folder.write("c.yml", Self.correlation(0, of: ["rule1"]))
            #expect(try await Self.reload(rig).loaded == 2)
            let error = await #expect(throws: RPCError.self) {
                try await rig.withClient { client in
                    try await client.unary(
                        DetectionService.createDetectionException,
                        CreateDetectionExceptionRequest(
                            yaml: """
                                title: expected
                                logsource: {product: aws, service: cloudtrail}
                                filter: {rules: [c0], selection: {userIdentity.userName: a}, condition: not selection}
                                trailhound: {owner: us, reason: nightly, expires: 2027-01-31}
                                """))
                }
            }
            #expect(
                error?.fieldViolations.first?.description == """
                    names the correlation 'Correlation 0', and an exception is for rules; it counts \
                    00000000-0000-4000-8000-000000000001 'Rule 1'
                    """)
        }
    }

    /// Eight such calls stopped the service for minutes.
    @Test(.timeLimit(.minutes(2))) func validationsOfLongChainsLeaveTheServiceFree() async throws {
        try await Self.run { rig, _ in
            let chain = (0..<1_000).map { Self.correlation($0, of: [$0 == 0 ? "rule1" : "c\($0 - 1)"]) }
            let file = RuleFile(path: "chain.yml", yaml: ([Self.rule(1)] + chain).joined(separator: "---\n"))
            let clock = ContinuousClock()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let answer = try await rig.withClient { client in
                            try await client.unary(
                                DetectionService.validateRules, ValidateRulesRequest(files: [file]))
                        }
                        #expect(answer.valid == 18, "one rule and a chain of seventeen")
                    }
                }
                for _ in 0..<5 {
                    let time = try await clock.measure { _ = try await Self.titles(rig) }
                    #expect(time < .seconds(5))
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatIsTooLargeToValidateIsRefused() async throws {
        try await Self.run { rig, _ in
            let text = String(repeating: "# a comment of some length\n", count: 20_000)
            let files = (0..<9).map { RuleFile(path: "\($0).yml", yaml: text) }
            let error = await #expect(throws: RPCError.self) {
                try await rig.withClient { client in
                    try await client.unary(DetectionService.validateRules, ValidateRulesRequest(files: files))
                }
            }
            #expect(error?.fieldViolations.first?.description == "hold more than 4194304 bytes")
        }
    }
}

/// Changes of the catalog are compiled outside the lock that every worker takes.
@Suite("The live catalog")
struct LiveCatalogTests {
    private static func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test func nothingIsHeldWhileAChangeIsCompiled() throws {
        let path = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let live = try LiveCatalog(folder: path)
        var seen = false
        try live.tune { _ in
            // A worker that takes the plan in the middle of a change: under the lock it would wait for ever.
            seen = live.plan.rules.isEmpty
        }
        #expect(seen)
    }

    @Test func aChangeThatAnotherOneOvertookIsNotInstalled() throws {
        let path = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let live = try LiveCatalog(folder: path)
        let first = try live.prepare { $0.set(.init(enabled: false), of: "a") }
        try live.tune { $0.set(.init(enabled: true), of: "b") }
        #expect(throws: LiveCatalog.Conflict.self) { try live.install(first) }
        #expect(live.tuning.setting("a").enabled == nil && live.tuning.setting("b").enabled == true)
    }

    @Test(.timeLimit(.minutes(1))) func theLaneRefusesWhatHasNoPlaceAndSkipsWhatNobodyWaitsFor() async throws {
        let lane = CompileLane("test", places: 1)
        let (stream, begun) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await lane.run("a") { isCancelled in
                begun.yield()
                while !isCancelled() { usleep(1_000) }
                return isCancelled()
            }
        }
        var iterator = stream.makeAsyncIterator()
        await iterator.next()
        let second = Task { try await lane.run("a") { _ in false } }
        while lane.count < 2 { await Task.yield() }
        let error = await #expect(throws: RPCError.self) { try await lane.run("a") { _ in false } }
        #expect(error?.code == .resourceExhausted)
        second.cancel()
        first.cancel()
        #expect(try await first.value, "the running one was told that its caller left")
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(try await lane.run("a") { _ in true })
    }
}
