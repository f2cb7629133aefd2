// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import JSON
import Testing

/// No spelling that AWS does not write hides an event from a rule: of every event that a rule of the catalog has to find,
/// each variant is found by the same rules or refused by name, by the service and by a scan alike.
@Suite struct DodgedRecordTests {
    private static let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Rules").path

    /// A change of a record that readers or people may not notice.
    private struct Variant: Sendable {
        let name: String
        /// The record's text; nil where the record has nothing to change so.
        let apply: @Sendable (JSONObject) -> String?
        var isRefused = true
    }

    private static func text(_ object: JSONObject, then more: String = "") -> String {
        let text = JSONValue.object(object).text
        return more.isEmpty ? text : text.dropLast() + "," + more + "}"
    }

    private static func changed(_ object: JSONObject, _ key: String, _ change: (String) -> String) -> String? {
        guard let value = object[key]?.string else { return nil }
        var object = object
        object[key] = .string(change(value))
        return text(object)
    }

    /// The members of a record that are objects, or hold some, with one of their own members a second time: before it and
    /// behind it.
    private static func doubled(_ value: JSONValue, isLast: Bool) -> [String] {
        guard case .object(let object) = value else { return [] }
        var found: [String] = []
        for (place, member) in object.members.enumerated() {
            let parts = object.members.map { "\"\($0.key)\":\($0.value.text)" }
            let twin = "\"\(member.key)\":\"harmless\""
            var outer = parts
            outer[place] = isLast ? "\(parts[place]),\(twin)" : "\(twin),\(parts[place])"
            found.append("{" + outer.joined(separator: ",") + "}")
            for inner in doubled(member.value, isLast: isLast) {
                var outer = parts
                outer[place] = "\"\(member.key)\":\(inner)"
                found.append("{" + outer.joined(separator: ",") + "}")
            }
        }
        return found
    }

    private static let variants: [Variant] = [
        Variant(name: "blank behind eventName") { changed($0, "eventName") { $0 + " " } },
        Variant(name: "blank before eventName") { changed($0, "eventName") { " " + $0 } },
        Variant(name: "tab before eventName") { changed($0, "eventName") { "\t" + $0 } },
        Variant(name: "NUL behind eventName") { changed($0, "eventName") { $0 + "\0" } },
        Variant(name: "zero width in eventName") {
            changed($0, "eventName") { "\($0.prefix(3))\u{200B}\($0.dropFirst(3))" }
        },
        Variant(name: "no-break blank behind eventSource") { changed($0, "eventSource") { $0 + "\u{A0}" } },
        Variant(name: "blank behind eventSource") { changed($0, "eventSource") { $0 + " " } },
        Variant(name: "capitals in eventSource") { changed($0, "eventSource") { $0.uppercased() } },
        Variant(name: "blank behind eventType") { changed($0, "eventType") { $0 + " " } },
        Variant(name: "blank behind awsRegion") { changed($0, "awsRegion") { $0 + " " } },
        Variant(name: "blank behind sourceIPAddress") { changed($0, "sourceIPAddress") { $0 + " " } },
        Variant(name: "blank as errorCode") { object in
            var object = object
            object["errorCode"] = .string(" ")
            return text(object)
        },
        Variant(name: "false as errorCode") { object in
            var object = object
            object["errorCode"] = .bool(false)
            return text(object)
        },
        Variant(
            name: "small letters in eventName", apply: { changed($0, "eventName") { $0.lowercased() } },
            isRefused: false),
        Variant(
            name: "empty errorCode and errorMessage",
            apply: { object in
                var object = object
                if object["errorCode"] == nil { object["errorCode"] = .string("") }
                if object["errorMessage"] == nil { object["errorMessage"] = .string("") }
                return text(object)
            }, isRefused: false),
        Variant(name: "eventName twice, the harmless last") { text($0, then: #""eventName":"ListTrails""#) },
        Variant(name: "eventName twice, the last escaped") { text($0, then: #""event\u004eame":"ListTrails""#) },
        Variant(name: "userIdentity twice") { text($0, then: #""userIdentity":{"type":"AWSService"}"#) },
        Variant(name: "requestParameters twice") {
            $0["requestParameters"] == nil ? nil : text($0, then: #""requestParameters":null"#)
        },
        Variant(name: "responseElements twice") {
            $0["responseElements"] == nil ? nil : text($0, then: #""responseElements":null"#)
        },
        Variant(name: "errorCode twice") { object in
            object["errorCode"] == nil
                ? text(object, then: #""errorCode":null,"errorCode":"AccessDenied""#)
                : text(object, then: #""errorCode":"AccessDenied""#)
        },
    ]

    /// What comes of a record: the detections that hold on it, or why it is refused.
    private enum Outcome: Equatable {
        case found(Set<String>)
        case refused(String)
    }

    private struct Ways {
        let plan: DetectionPlan
        let evaluator = BatchEvaluator()
        let folder: TemporaryFolder

        func service(_ records: [String]) throws -> [Outcome] {
            let (batch, kept) = try evaluate(records: records, with: evaluator, plan: plan)
            #expect(batch.events.count == kept.count)
            var outcomes = [Outcome](repeating: .found([]), count: records.count)
            var found: [Int: Set<String>] = [:]
            for match in batch.matches { found[match.eventIndex, default: []].insert(match.detection.id) }
            for seen in batch.baselines { found[seen.match.eventIndex, default: []].insert(seen.match.detection.id) }
            for seen in batch.travels { found[seen.match.eventIndex, default: []].insert(seen.match.detection.id) }
            for seen in batch.observations { found[seen.eventIndex, default: []].insert("rule \(seen.rule)") }
            for (place, event) in batch.events.enumerated() {
                outcomes[Int(event.submittedIndex)] = .found(found[place] ?? [])
            }
            for refused in batch.rejections { outcomes[refused.index] = .refused(refused.rejection.detail) }
            return outcomes
        }

        func scan(_ records: [String]) throws -> [Outcome] {
            try folder.write("records.json", "{\"Records\":[" + records.joined(separator: ",") + "]}")
            var found = [Set<String>](repeating: [], count: records.count)
            var refused: [Int: String] = [:]
            let summary = FileScanner(plan).scan(path: folder.path + "/records.json") {
                found[$0.index].insert($0.detection.id)
            } onProblem: {
                if let index = $0.index { refused[index] = $0.message }
            }
            #expect(summary.events + refused.count == records.count)
            return records.indices.map { place in refused[place].map { .refused($0) } ?? .found(found[place]) }
        }
    }

    /// Every event of the catalog's own tests that has to match.
    private static func events() throws -> [JSONObject] {
        let files = try #require(FileManager.default.enumerator(atPath: rules)).compactMap { $0 as? String }
            .filter { $0.hasSuffix(".tests.json") }.sorted()
        return try files.flatMap { file -> [JSONObject] in
            let tests = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: rules + "/" + file))))
            let single = (tests["match"]?.array ?? []).compactMap { $0["event"] }
            let sequences = (tests["match_sequence"]?.array ?? []).flatMap { $0["events"]?.array ?? [] }
            return (single + sequences).compactMap(\.object)
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: rules), "no Rules folder in this checkout"))
    func everyRuleAndEveryVariant() throws {
        let plan = try DetectionPlan(try Catalog.load(folder: Self.rules)) { _ in true }
        let ways = Ways(plan: plan, folder: try TemporaryFolder())
        let events = try Self.events()
        #expect(events.count > 200)
        let plain = try ways.service(events.map { Self.text($0) })
        let plainScan = try ways.scan(events.map { Self.text($0) })
        #expect(plain.count { if case .found(let names) = $0 { !names.isEmpty } else { false } } > 200)
        for variant in Self.variants {
            let changed = events.indices.compactMap { place in variant.apply(events[place]).map { (place, $0) } }
            #expect(!changed.isEmpty)
            let service = try ways.service(changed.map(\.1))
            let scan = try ways.scan(changed.map(\.1))
            for (index, (place, record)) in changed.enumerated() {
                switch (service[index], scan[index]) {
                case (.refused(let one), .refused(let other)):
                    #expect(one == other, "\(variant.name)")
                    #expect(variant.isRefused, "\(variant.name): \(one)")
                default:
                    #expect(!variant.isRefused, "\(variant.name): \(record)")
                    #expect(service[index] == plain[place], "\(variant.name): \(record)")
                    #expect(scan[index] == plainScan[place], "\(variant.name): \(record)")
                }
            }
        }
    }

    /// Each member at each depth given twice: where a rule reads it, the record is refused; where none does, nothing
    /// changes.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: rules), "no Rules folder in this checkout"))
    func everyMemberTwice() throws {
        let plan = try DetectionPlan(try Catalog.load(folder: Self.rules)) { _ in true }
        let ways = Ways(plan: plan, folder: try TemporaryFolder())
        var (refused, unread) = (0, 0)
        for event in try Self.events() {
            let plain = try ways.service([Self.text(event)])[0]
            let plainScan = try ways.scan([Self.text(event)])[0]
            let records = [true, false].flatMap { Self.doubled(.object(event), isLast: $0) }
            let (service, scan) = (try ways.service(records), try ways.scan(records))
            for (index, record) in records.enumerated() {
                if case .refused(let detail) = service[index] {
                    #expect(detail.contains("stands twice"), "\(detail)")
                    #expect(scan[index] == service[index], "\(record)")
                    refused += 1
                } else {
                    #expect(service[index] == plain, "\(record)")
                    #expect(scan[index] == plainScan, "\(record)")
                    unread += 1
                }
            }
        }
        #expect(refused > 5_000)
        #expect(unread > 0)
    }

    @Test func theNameOfTheMemberIsTold() throws {
        let record = sample(1).replacing("\"userName\":\"u1\"", with: "\"userName\":\"u1\",\"userN\\u0061me\":\"u2\"")
        let (batch, kept) = try evaluate(records: [record, sample(2)])
        #expect(kept == [sample(2)])
        #expect(batch.rejections.map(\.index) == [0])
        #expect(batch.rejections[0].rejection.reason == .memberTwice)
        #expect(batch.rejections[0].rejection.detail.contains("userIdentity.userName"))
    }

    /// An explanation agrees with the evaluator on what an empty error is.
    @Test func anExplanationTakesAnEmptyErrorForNone() throws {
        let rule = """
            title: Succeeded
            id: 00000000-0000-4000-8000-000000000001
            logsource: {product: aws, service: cloudtrail}
            detection:
              any: {eventName: Call, errorCode: null, errorMessage: null}
              condition: any
            level: low
            """
        let catalog = Catalog.read([.init(path: "one.yml", text: rule)])
        let plan = try DetectionPlan(catalog)
        for (more, holds) in [
            (#""errorCode":"","errorMessage":"" "#, true), (#""errorCode":"Denied","errorMessage":"" "#, false),
            (#""errorCode":"","errorMessage":"No""#, false), (#""error\u0043ode":"" "#, true),
        ] {
            let record = sample(1).dropLast() + ",\(more)}"
            let (batch, kept) = try evaluate(records: [String(record)], plan: plan)
            #expect(batch.matches.count == (holds ? 1 : 0), "\(more)")
            // Stored byte for byte, as ever.
            #expect(kept == [String(record)])
            let explanation = try Array(record.utf8).withUnsafeBytes {
                try catalog.explanation(of: catalog.detections[0], on: $0)
            }
            #expect(explanation.holds == holds, "\(more)")
        }
    }

    /// A refused record leaves nothing behind for the one that takes its place in the batch.
    @Test func aRefusedRecordTakesItsMatchesBack() throws {
        let rule = """
            title: Any
            id: 00000000-0000-4000-8000-000000000001
            logsource: {product: aws, service: cloudtrail}
            detection:
              any: {eventName: Call, tlsDetails.x: 'y'}
              condition: any
            level: low
            """
        let plan = try DetectionPlan(Catalog.read([.init(path: "one.yml", text: rule)]))
        let dodging = sample(1).dropLast() + #","tlsDetails":{"x":"n","x":"y"}}"#
        let right = sample(2).dropLast() + #","tlsDetails":{"x":"y"}}"#
        let (batch, kept) = try evaluate(records: [String(dodging), sample(3), String(right)], plan: plan)
        #expect(kept == [sample(3), String(right)])
        #expect(batch.rejections.map(\.index) == [0])
        #expect(batch.matches.map(\.event.reference.text) == [eventID(2)])
        #expect(batch.matches.map(\.eventIndex) == [1])
    }

    /// Nor does an exception that covered it count for the next one.
    @Test func aRefusedRecordTakesItsExceptionsBack() throws {
        let texts = """
            title: Any
            id: 00000000-0000-4000-8000-000000000001
            logsource: {product: aws, service: cloudtrail}
            detection:
              any: {eventName: Call, tlsDetails.x: 'y'}
              condition: any
            level: low
            ---
            title: The robot
            logsource: {product: aws, service: cloudtrail}
            filter: {rules: any, selection: {eventName: Call}, condition: not selection}
            trailhound: {owner: platform@example.com, reason: Nightly work, expires: 2100-01-01}
            """
        let catalog = Catalog.read([.init(path: "one.yml", text: texts)])
        #expect(catalog.problems == [])
        let dodging = sample(1).dropLast() + #","tlsDetails":{"x":"n","x":"y"}}"#
        let right = sample(2).dropLast() + #","tlsDetails":{"x":"y"}}"#
        let plan = try DetectionPlan(catalog)
        let (batch, _) = try evaluate(records: [String(dodging), sample(3), String(right)], plan: plan)
        #expect(batch.rejections.map(\.index) == [0])
        #expect(batch.excepted.map(\.event.reference.text) == [eventID(2)])
        #expect(batch.matches.isEmpty)
    }

    @Test func timesAheadOfTheClock() throws {
        let now = try #require(EventTime.parse("2026-11-22T07:00:00Z"))
        let times = [
            "2026-11-22T08:05:00Z", "2026-11-22T08:05:00.001Z", "2026-11-22T08:05:01Z", "9999-12-31T23:59:59Z",
            "1970-01-01T00:00:00Z",
        ]
        let records = times.enumerated().map { sample($0.offset, time: $0.element) }
        let folder = try TemporaryFolder()
        try folder.write("records.json", "{\"Records\":[" + records.joined(separator: ",") + "]}")
        let plan = try DetectionPlan()
        for (clock, refused) in [(now, [1, 2, 3]), (nil, [])] as [(Milliseconds?, [Int])] {
            let bytes = Array("{\"Records\":[\(records.joined(separator: ","))]}".utf8)
            let batch = try bytes.withUnsafeBytes {
                try BatchEvaluator().evaluate(.logFile($0), plan: plan, accounts: .all, now: clock) { _, _, _ in }
            }
            #expect(batch.rejections.map(\.index) == refused)
            #expect(batch.rejections.allSatisfy { $0.rejection.reason == .eventInFuture })
            #expect(batch.rejections.allSatisfy { $0.rejection.detail.hasPrefix("eventTime ") })
            var problems: [Int] = []
            _ = FileScanner(plan, now: clock).scan(path: folder.path + "/records.json") { _ in
            } onProblem: {
                problems.append($0.index ?? -1)
            }
            #expect(problems == refused)
        }
    }
}
