// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Glibc
import Testing
import TrailhoundCLI

/// Every way in reads the same records of the same bytes: a scan, a file and a pipe that are submitted, and a log file
/// that the service is given.
@Suite(.timeLimit(.minutes(5))) struct ReadersAgreeTests {
    /// What a way in makes of data: accepted records, by their ids in order, and everything else by its number.
    struct Reading: Equatable, CustomStringConvertible {
        var accepted: [EventID] = []
        var refused = 0
        var description: String { "\(accepted.count) accepted, \(refused) refused" }
    }

    /// The service's part, with every account onboarded.
    final class Service {
        private let evaluator = BatchEvaluator()
        private let plan: DetectionPlan

        init() throws {
            plan = try DetectionPlan(Catalog.read([.init(path: "one.yml", text: ReadersAgreeTests.rule)]))
        }

        func take(_ payload: Batch.Payload, into reading: inout Reading) throws {
            switch payload {
            case .logFile(let bytes): try bytes.withUnsafeBytes { try take(.logFile($0), into: &reading) }
            case .records(let slab):
                let records = slab.records.map(\.array)
                let memory = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: records.map(\.count).reduce(1, +), alignment: 16)
                defer { memory.deallocate() }
                var end = 0
                var views: [UnsafeRawBufferPointer] = []
                for record in records {
                    let room = UnsafeMutableRawBufferPointer(rebasing: memory[end..<(end + record.count)])
                    room.copyBytes(from: record)
                    views.append(UnsafeRawBufferPointer(room))
                    end += record.count
                }
                try take(.records(views), into: &reading)
            }
        }

        private func take(_ payload: SubmittedPayload, into reading: inout Reading) throws {
            let batch = try evaluator.evaluate(payload, plan: plan, accounts: .all) { _, _, _ in }
            reading.accepted += batch.events.map(\.id)
            reading.refused += batch.rejectedCount
        }

        func scan(_ path: String) -> Reading {
            var reading = Reading()
            let summary = FileScanner(plan).scan(path: path) {
                reading.accepted.append(EventID($0.eventID))
            } onProblem: { _ in
            }
            reading.refused = summary.problems
            return reading
        }
    }

    static let rule = """
        title: Any
        id: 00000000-0000-4000-8000-000000000001
        logsource: {product: aws, service: cloudtrail}
        detection:
          any: {eventSource: iam.amazonaws.com}
          condition: any
        level: low
        """

    private func submitted(_ path: String, _ service: Service) async throws -> Reading {
        var reading = Reading()
        let source = BatchSource(try InputFiles.find([path]))
        while let item = try await source.next() {
            switch item {
            case .refused: reading.refused += 1
            case .batch(let batch): try service.take(batch.payload, into: &reading)
            }
        }
        return reading
    }

    private func piped(_ bytes: [UInt8], _ folder: TemporaryFolder, _ service: Service) async throws -> Reading {
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        let writer = Thread {
            let descriptor = open(pipe, O_WRONLY)
            _ = FileWriting.writeAll(bytes, to: descriptor)
            close(descriptor)
        }
        writer.start()
        return try await submitted(pipe, service)
    }

    @Test(arguments: 0..<60) func theSameOfTheSameBytes(seed: UInt64) async throws {
        var generator = LogDataGenerator(seed: seed)
        let service = try Service()
        let folder = try TemporaryFolder()
        for _ in 0..<4 {
            let data = generator.data()
            var direct = Reading()
            try service.take(.logFile(data.bytes), into: &direct)
            if data.isSound {
                #expect(direct.accepted == data.ids, "\(data.form)")
                #expect(direct.refused == 0, "\(data.form)")
            } else {
                #expect(direct.refused > 0, "\(data.form)")
            }
            let path = try folder.write("data.bin", data.bytes)
            #expect(service.scan(path) == direct, "scan of \(data.form)")
            #expect(try await submitted(path, service) == direct, "file of \(data.form)")
            #expect(try await piped(data.bytes, folder, service) == direct, "pipe of \(data.form)")
        }
    }

    /// 60 log files of 500 records, one behind the other.
    @Test func manyLogFilesInOne() async throws {
        var generator = LogDataGenerator(seed: 60)
        var ids: [EventID] = []
        var plain: [UInt8] = []
        var packed: [UInt8] = []
        for _ in 0..<60 {
            let records = (0..<500).map { _ in generator.record() }
            ids += records.map(\.id)
            let file = Array("{\"Records\":[\(records.map(\.text).joined(separator: ","))]}".utf8)
            plain += file
            packed += gzip(file)
        }
        let service = try Service()
        let folder = try TemporaryFolder()
        for (name, bytes) in [("all.json", plain), ("all.json.gz", packed)] {
            let path = try folder.write(name, bytes)
            let expected = Reading(accepted: ids)
            #expect(service.scan(path) == expected)
            #expect(try await submitted(path, service) == expected)
            #expect(try await piped(bytes, folder, service) == expected)
        }
    }
}

/// Writes log data in every form, from a seed.
struct LogDataGenerator {
    struct Record {
        let text: String
        let id: EventID
    }

    struct Data {
        let bytes: [UInt8]
        let form: String
        /// The ids of its records, in order.
        let ids: [EventID]
        let isSound: Bool
    }

    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    private mutating func number(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(truncatingIfNeeded: state >> 33) % bound
    }

    mutating func record() -> Record {
        let high = state &* 0xBF58_476D_1CE4_E5B9
        _ = number(2)
        let id = EventID(high: high, low: state)
        let texts = ["x", "}]{[", "quote \\\" and \\\\", "é😀", "\\u00e9\\n"]
        let text = """
            {"eventVersion":"1.09","userIdentity":{"type":"IAMUser","userName":"\(texts[number(5)])"},\
            "eventTime":"2026-11-22T07:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser",\
            "awsRegion":"us-east-1","requestParameters":{"list":[\(number(99)),{"k":"\(texts[number(5)])"},[]]},\
            "responseElements":null,"eventID":"\(id.guidText)","recipientAccountId":"111122223333"}
            """
        return Record(text: text, id: id)
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }

    /// One document of records, in a form by chance.
    private mutating func document(_ records: [Record]) -> (text: String, form: String) {
        let texts = records.map(\.text)
        let list = texts.joined(separator: [",", ",\n", " , "][number(3)])
        switch number(13) {
        case 0: return ("{\"Records\":[\(list)]}", "log file")
        case 1: return ("{\"a\":[{}],\"Records\":[\n\(list)\n],\"b\":{\"Records\":1}}", "log file with members")
        case 2: return ("[\(list)]", "array")
        case 3: return (texts.joined(separator: "\n"), "lines")
        case 4: return (texts.joined(), "documents")
        case 5: return ("[" + texts.map { "{\"Records\":[\($0)]}" }.joined(separator: ",") + "]", "array of log files")
        case 6:
            let events = texts.map { "{\"EventId\":\"x\",\"CloudTrailEvent\":\(quoted($0))}" }
            return ("{\"Events\":[\(events.joined(separator: ","))],\"NextToken\":\"x\"}", "LookupEvents")
        case 7:
            let events = texts.map { "{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":\($0)}" }
            return (events.joined(separator: ["", "\n"][number(2)]), "EventBridge")
        case 8: return (texts.map { "2026-11-22T07:00:0\(number(10)).678Z \($0)" }.joined(separator: "\n"), "export")
        case 9: return ("{\"awslogs\": {\"data\": \(base64(subscription(texts)))}}", "subscription in Base64")
        case 10:
            let records = parts(of: texts).map {
                "{\"kinesis\":{\"partitionKey\":\"1\",\"data\":\(base64(subscription($0)))},\"eventVersion\":\"1.0\","
                    + "\"eventID\":\"shard:1\",\"eventName\":\"aws:kinesis:record\",\"eventSource\":\"aws:kinesis\"}"
            }
            return ("{\"Records\":[\(records.joined(separator: ","))]}", "Kinesis of Lambda")
        case 11:
            let records = parts(of: texts).map { "{\"recordId\":\"4\",\"data\":\(base64($0.joined(separator: "\n")))}" }
            return ("{\"requestId\":\"x\",\"records\": [ \(records.joined(separator: ",\n"))],\"y\":[1]}", "Firehose")
        default:
            let control =
                "{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[{\"message\":\"CWL CONTROL MESSAGE: x\"}]}"
            return (control + subscription(texts), "CloudWatch Logs")
        }
    }

    private func subscription(_ texts: [String]) -> String {
        let events = texts.map { "{\"id\":\"1\",\"message\":\(quoted($0))}" }
        return "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[" + events.joined(separator: ",") + "]}"
    }

    /// A Base64 text, of gzip or of plain data.
    private mutating func base64(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return "\"" + Foundation.Data(number(3) == 0 ? bytes : gzip(bytes)).base64EncodedString() + "\""
    }

    /// The records in groups of one or two.
    private mutating func parts(of texts: [String]) -> [[String]] {
        var (parts, rest) = ([[String]](), texts[...])
        while !rest.isEmpty {
            let part = rest.prefix(1 + number(2))
            parts.append(Array(part))
            rest = rest.dropFirst(part.count)
        }
        return parts
    }

    /// Some documents, one behind the other, compressed or not, and damaged or not.
    mutating func data() -> Data {
        var bytes: [UInt8] = []
        var forms: [String] = []
        var ids: [EventID] = []
        let compression = number(3)
        for _ in 0...number(4) {
            let records = (0...number(5)).map { _ in record() }
            ids += records.map(\.id)
            let (text, form) = document(records)
            forms.append(form)
            let part = Array((text + ["", "\n", " \n\n"][number(3)]).utf8)
            bytes += compression == 1 ? gzip(part) : part
        }
        if compression == 2 { bytes = gzip(bytes) }
        forms.append(["plain", "gzip members", "gzip"][compression])
        let isSound = number(3) != 0
        if !isSound {
            forms.append("damaged")
            switch number(3) {
            case 0: bytes.removeLast(min(bytes.count - 1, 4 + number(40)))
            case 1: bytes += compression == 0 ? Array("]garbage".utf8) : [0, 0, 0, 0, 0]
            default: bytes = Array("\0\0".utf8) + (compression == 0 ? bytes : Array("{".utf8))
            }
        }
        return Data(bytes: bytes, form: forms.joined(separator: ", "), ids: ids, isSound: isSound)
    }
}
