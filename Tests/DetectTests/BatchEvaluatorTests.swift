// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

@Suite struct BatchEvaluatorTests {
    @Test func recordsAreKeptByteForByte() throws {
        let records = [sample(1), " \n" + sample(2) + " ", sample(3).replacing("\":", with: "\" : ")]
        let (batch, kept) = try evaluate(records: records)
        #expect(kept == records)
        #expect(batch.rejectedCount == 0)
        #expect(batch.events.map(\.id) == (1...3).map { EventID(eventID($0)) })
        #expect(batch.events.map(\.submittedIndex) == [0, 1, 2])
        #expect(batch.recordBytes == records.map(\.utf8.count).reduce(0, +))
    }

    @Test func aLogFileIsTheSameAsItsRecords() throws {
        let records = (1...20).map { sample($0, time: "2023-07-10T11:\(10 + $0 % 7):31Z") }
        let (direct, _) = try evaluate(records: records)
        let document = "{\"x\":[1,{}], \"Records\" : [\n" + records.joined(separator: " ,\n") + "\n], \"y\":null}"
        let (file, kept) = try evaluate(logFile: Array(document.utf8))
        #expect(kept == records)
        #expect(file.events.map(\.id) == direct.events.map(\.id))
        #expect(file.earliest == EventTime.parse("2023-07-10T11:10:31Z"))
        #expect(file.latest == EventTime.parse("2023-07-10T11:16:31Z"))
    }

    @Test func accountsAreCountedApart() throws {
        let records = ["111122223333", "444455556666", "111122223333", "777788889999"].enumerated()
            .map { sample($0.offset + 1, account: $0.element) }
        let accounts = try ["111122223333", "444455556666"].map { try #require(AccountID($0)) }
        let (batch, kept) = try evaluate(records: records, accounts: .only(Set(accounts)))
        #expect(batch.accounts == accounts)
        #expect(batch.events.map(\.account) == [0, 1, 0])
        #expect(kept == Array(records[..<3]))
        #expect(batch.rejections.map(\.index) == [3])
        #expect(batch.rejections.map(\.rejection.reason) == [.accountNotOnboarded])
    }

    @Test func badRecordsLeaveTheirNeighboursAlone() throws {
        let deep = "{\"a\":" + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}"
        let large = "{\"a\":\"" + String(repeating: "x", count: CloudTrailLimits.recordBytes) + "\"}"
        let records = [
            sample(1), "nonsense", sample(2), "[]", "7", deep, sample(3), "{}", large, "{\"a\":", "", sample(4),
        ]
        let (batch, kept) = try evaluate(records: records)
        #expect(kept == [records[0], records[2], records[6], records[11]])
        #expect(batch.rejections.map(\.index) == [1, 3, 4, 5, 7, 8, 9, 10])
        #expect(
            batch.rejections.map(\.rejection.reason) == [
                .notJSON, .notAnObject, .notAnObject, .nestedTooDeep, .missingField, .recordTooLarge, .notJSON,
                .notJSON,
            ])
    }

    @Test func badRecordsOfALogFileLeaveTheirNeighboursAlone() throws {
        let deep = "{\"a\":" + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}"
        let records = [
            sample(1), "7", sample(2), deep, sample(3), "{\"a\":01}", "nul", "{\"a\":\"]}\\\"\"}", sample(4),
        ]
        let document = "{\"Records\":[" + records.joined(separator: ",") + "]}"
        let (batch, kept) = try evaluate(logFile: Array(document.utf8))
        #expect(kept == [records[0], records[2], records[4], records[8]])
        #expect(batch.rejections.map(\.index) == [1, 3, 5, 6, 7])
        #expect(
            batch.rejections.map(\.rejection.reason) == [
                .notAnObject, .nestedTooDeep, .notJSON, .notJSON, .notACloudTrailEvent,
            ])
    }

    @Test func invalidUTF8CostsOneRecord() throws {
        let records = [sample(1), sample(2).replacing("us-east-1", with: "?"), sample(3)]
        let document = ("{\"Records\":[" + records.joined(separator: ",") + "]}").utf8
            .map { $0 == UInt8(ascii: "?") ? 0xC3 : $0 }
        let (batch, kept) = try evaluate(logFile: document)
        #expect(kept == [records[0], records[2]])
        #expect(batch.rejections.map(\.rejection.reason) == [.invalidUTF8])
        #expect(batch.rejections.map(\.index) == [1])
    }

    /// Whatever byte a file is cut at, its whole records are taken and the loss is told.
    @Test func aCutLogFile() throws {
        let records = (1...3).map { sample($0) }
        let document = Array(("{\"Records\":[" + records.joined(separator: ",") + "]}").utf8)
        for end in 12..<document.count {
            let (batch, kept) = try evaluate(logFile: Array(document[..<end]))
            #expect(batch.rejectedCount == 1)
            #expect(kept == Array(records.prefix(kept.count)))
            #expect(kept.count >= min(3, (end - 12) / (records[0].utf8.count + 1)))
        }
    }

    /// The rest of a file can't be found again where the name of its array is escaped; what came before stays.
    @Test func damageBehindAnEscapedName() throws {
        let (batch, kept) = try evaluate(logFile: Array("{\"\\u0052ecords\":[\(sample(1)),{]}".utf8))
        #expect(kept == [sample(1)])
        // The damaged element, and that the document does not close.
        #expect(batch.rejections.map(\.index) == [1, 2])
        #expect(batch.rejections.map(\.rejection.reason) == [.notJSON, .notJSON])
    }

    /// Damage anywhere costs what it touches and nobody else: whatever is taken is a sound record.
    @Test func damageAnywhere() throws {
        let evaluator = BatchEvaluator()
        let plan = try DetectionPlan(catalog(rule()))
        let records = (1...4).map { sample($0) }
        let document = Array(("{\"Records\":[" + records.joined(separator: ",") + "]}").utf8)
        let marks: [UInt8] = Array("{}[]\",:\\n0 \u{1}".utf8) + [0xFF, 0xC3]
        var random = Numbers(seed: 5)
        for _ in 0..<2_000 {
            var damaged = document
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<damaged.count, using: &random)
                let mark = marks.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged[place] = mark
                case 1: damaged.remove(at: place)
                default: damaged.insert(mark, at: place)
                }
            }
            let (batch, kept) = try evaluate(logFile: damaged, with: evaluator, plan: plan)
            #expect(kept.count == batch.events.count)
            #expect(batch.events.count + batch.rejectedCount >= 1)
            #expect(try kept.isEmpty || evaluate(records: kept, with: evaluator, plan: plan).0.rejectedCount == 0)
        }
    }

    @Test(
        arguments: [
            ("", .notALogFile), ("   ", .notALogFile), ("{}", .notACloudTrailEvent), ("7", .notJSON),
            ("garbage", .notJSON),
            ("{\"Records\":7}", .notACloudTrailEvent), ("{\"Records\":", .notJSON),
            ("{\"records\":[]}", .notACloudTrailEvent),
            ("{\"eventid\":\"1\",\"eventname\":\"x\"}", .notACloudTrailEvent),
        ] as [(String, RejectionReason)])
    func payloadsThatAreRefusedWhole(text: String, reason: RejectionReason) throws {
        let (batch, _) = try evaluate(logFile: Array(text.utf8))
        #expect(batch.rejections.map(\.rejection.reason) == [reason])
        #expect(batch.rejections.map(\.index) == [0])
        #expect(batch.events.isEmpty)
    }

    @Test(arguments: ["[]", "{\"Records\":[]}", "[{\"Records\":[]}]\n{\"Records\":[]}"])
    func whatHoldsNoRecordIsNoError(text: String) throws {
        let (batch, kept) = try evaluate(logFile: Array(text.utf8))
        #expect(batch.rejectedCount == 0)
        #expect(kept.isEmpty)
    }

    @Test func dataOfAnyFormIsALogFile() throws {
        let records = (1...3).map { sample($0) }
        for text in [
            records.joined(separator: "\n"), "[" + records.joined(separator: ",") + "]",
            "{\"Records\":[\(records[0])]}{\"Records\":[\(records[1])]}\n\(records[2])",
            "\u{FEFF}{\"Records\":[\(records.joined(separator: ","))]}",
        ] {
            #expect(try evaluate(logFile: Array(text.utf8)).1 == records)
        }
    }

    @Test func emptyAndOverlongBatches() throws {
        #expect(try evaluate(records: []).0.rejections.map(\.rejection.reason) == [.emptyBatch])
        let many = [String](repeating: "", count: CloudTrailLimits.recordsPerBatch + 1)
        #expect(try evaluate(records: many).0.rejections.map(\.rejection.reason) == [.tooManyRecords])
    }

    @Test func rejectionsAreKeptUpToALimit() throws {
        let count = DetectLimits.keptRejections * 2
        let large = "{\"a\":\"" + String(repeating: "x", count: 10_000) + "\"}"
        let (batch, _) = try evaluate(records: [String](repeating: large, count: count))
        #expect(batch.rejectedCount == count)
        #expect(batch.rejections.count == DetectLimits.keptRejections)
        #expect(batch.rejectedByReason == [.missingField: count])
    }

    @Test func refusedRecordsAreHandedOverWholeWithTheAccountThatTheyClaim() throws {
        final class Sink: RefusedRecordSink {
            var refused: [(index: Int, record: [UInt8], reason: RejectionReason, account: String?)] = []
            func refuse(
                _ record: UnsafeRawBufferPointer, index: Int, _ rejection: Rejection, account: AccountID?
            ) {
                refused.append((index, Array(record), rejection.reason, account?.description))
            }
        }
        let records = [
            sample(1), sample(2, account: "444455556666"), "nonsense", sample(3).replacing("eventName", with: "other"),
        ]
        let document = Array("{\"Records\":[\(records.joined(separator: ","))]}".utf8)
        let sink = Sink()
        let account = try #require(AccountID("111122223333"))
        let batch = try document.withUnsafeBytes {
            try BatchEvaluator().evaluate(
                .logFile($0), plan: DetectionPlan(), accounts: .only([account]), refusals: sink
            ) { _, _, _ in }
        }
        #expect(batch.events.count == 1 && batch.rejectedCount == 3)
        #expect(sink.refused.map(\.index) == [1, 2, 3])
        #expect(sink.refused.map { String(decoding: $0.record, as: UTF8.self) } == Array(records[1...]))
        #expect(sink.refused.map(\.reason) == [.accountNotOnboarded, .notJSON, .missingField])
        #expect(sink.refused.map(\.account) == ["444455556666", nil, "111122223333"])
        #expect(batch.rejectedByReason == [.accountNotOnboarded: 1, .notJSON: 1, .missingField: 1])
    }

    @Test func theSinksErrorIsThrownOn() throws {
        struct Full: Error {}
        let evaluator = BatchEvaluator()
        let plan = try DetectionPlan()
        let bytes = Array(sample(1).utf8)
        #expect(throws: Full.self) {
            try bytes.withUnsafeBytes { bytes in
                try evaluator.evaluate(.records([bytes]), plan: plan, accounts: .all) { _, _, _ in throw Full() }
            }
        }
        #expect(try evaluate(records: [sample(1)], with: evaluator).0.events.count == 1)
    }

    @Test(.enabled(if: Corpora.has("invictus"), "the corpora are not on this machine"))
    func allOfInvictusIsAccepted() throws {
        let evaluator = BatchEvaluator()
        var (events, bytes, rejected) = (0, 0, 0)
        var ids: Set<EventID> = []
        for name in try Corpora.names(in: "invictus", suffix: ".json.gz") {
            let (batch, kept) = try evaluate(logFile: try Corpora.bytes(name), with: evaluator)
            events += batch.events.count
            bytes += batch.recordBytes
            rejected += batch.rejectedCount
            ids.formUnion(batch.events.map(\.id))
            #expect(kept.count == batch.events.count)
            #expect(kept.map(\.utf8.count).reduce(0, +) == batch.recordBytes)
        }
        #expect(events == 2_900)
        #expect(rejected == 0)
        #expect(ids.count == 2_900)
        #expect(bytes > 3_000_000)
    }
}
