// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Testing

/// Log data behind timestamps and in Base64, in the shapes in which AWS writes it.
@Suite(.timeLimit(.minutes(2))) struct EmbeddedLogDataTests {
    private let a = record(1)
    private let b = record(2)
    private let c = record(3)

    /// What a reader makes of the text, the same at any cut.
    private func read(_ text: String, limit: Int = CloudTrailLimits.recordBytes) -> [String] {
        let whole = parts(Array(text.utf8), limit: limit)
        for piece in [1, 2, 7, 64] {
            #expect(parts(Array(text.utf8), piece: piece, limit: limit) == whole, "pieces of \(piece)")
        }
        return whole
    }

    private func base64(_ bytes: [UInt8]) -> String { "\"" + Data(bytes).base64EncodedString() + "\"" }
    private func base64(_ text: String) -> String { base64(Array(text.utf8)) }

    private func subscription(_ records: [String]) throws -> String {
        let events = records.map { ["id": "1", "message": $0] }
        let message = ["messageType": "DATA_MESSAGE", "logGroup": "CloudTrail", "logEvents": events] as [String: Any]
        return String(decoding: try JSONSerialization.data(withJSONObject: message), as: UTF8.self)
    }

    @Test func exportsOfCloudWatchLogs() {
        let time = "2026-01-02T03:04:05.678Z"
        #expect(read("\(time) \(a)\n\(time) \(b)\n") == [a, b])
        #expect(read("2026-01-01T00:00:00Z \(a)\n") == [a])
        #expect(read("\(a)\n\(time)  \(b)") == [a, b])
        #expect(read("\(time) no record\n\(time) \(b)\n") == ["not_json 0+34", b])
        #expect(read("\(time)\n\(time) \(b)\n") == ["not_json 0+24", b])
        #expect(read("2026-01-02 03:04:05 \(a)\n") == ["not_json 0+19", a])
        #expect(read("\(time)\(String(repeating: " ", count: 99))x\n\(a)") == ["not_json 0+124", a])
        #expect(read("[\(time) \(a)]").first?.hasPrefix("2026") == true)
        let cut = "{\"eventTime\":\"1\",\"cut"
        #expect(read("\(time) \(cut)\n\(time) {\"eventTime\":1}") == ["\(cut)\n\(time)", "{\"eventTime\":1}"])
        #expect(
            read("\(time) \(cut)\(String(repeating: "x", count: 300))\n\(time) {\"eventTime\":1}", limit: 100)
                == ["not_json 25+347", "{\"eventTime\":1}"])
    }

    @Test func subscriptionsOfLambda() throws {
        let data = Array(try subscription([a, b]).utf8)
        #expect(read("{\"awslogs\": {\"data\": \(base64(gzip(data)))}}") == [a, b])
        #expect(read("{\"awslogs\":{\"data\":\(base64(data))}}\n\(c)") == [a, b, c])
        #expect(read("[{\"awslogs\":{\"data\":\(base64(gzip(data)))}},\(c)]") == [a, b, c])
        let control = #"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: x"}]}"#
        #expect(read("{\"awslogs\":{\"data\":\(base64(gzip(Array(control.utf8))))}}") == [])
        #expect(read("{\"awslogs\":{}}") == ["{\"awslogs\":{}}"])
    }

    @Test func recordsOfKinesis() throws {
        let (one, two) = (base64(gzip(Array(try subscription([a, b]).utf8))), base64(c))
        let element = { (text: String) in
            """
            {"kinesis":{"partitionKey":"1","data":\(text),"sequenceNumber":"4"},"eventSource":"aws:kinesis",\
            "eventVersion":"1.0","eventID":"shardId-0:4","eventName":"aws:kinesis:record","awsRegion":"us-east-2"}
            """
        }
        #expect(read("{\"Records\":[\(element(one)),\n\(element(two))]}") == [a, b, c])
        #expect(
            read("{\"Records\":[{\"SequenceNumber\":\"4\",\"Data\":\(one)},{\"Data\":\(two)}],\"X\":1}") == [a, b, c])
        // A record that has such a member by chance is one all the same.
        let own = #"{"eventName":"Call","data":"eA=="}"#
        #expect(read("{\"Records\":[\(own)]}") == [own])
    }

    @Test func recordsOfFirehose() throws {
        let data = base64(gzip(Array(try subscription([a, b]).utf8)))
        #expect(read("{\"records\":[{\"data\":\(data)}]}") == [a, b])
        #expect(
            read(
                "{\"invocationId\":\"x\",\"records\": [ {\"recordId\":\"4\",\"data\":\(data)},{\"data\":\(base64(c))}]}"
            )
                == [a, b, c])
        #expect(read("{\"x\":[],\"records\":\n[{\"data\":\(base64(a + b))}],\"y\":[1]}\(c)") == [a, b, c])
        let bare = "{\"recordId\":\"4\"}"
        #expect(read("{\"records\":[\(bare),{\"data\":\(data)}]}") == [bare, a, b])
        // Others' documents with that name stay whole, for a refusal by their form.
        for other in ["{\"records\":[\(a)]}", "{\"records\":[]}", "{\"records\":[1]}", "{\"records\":\"x\"}"] {
            #expect(read(other + "\n" + b) == [other, b])
        }
        let far = "{\"records\":[\(String(repeating: " ", count: 600)){\"data\":\"\"}]}"
        #expect(read(far) == [far])
    }

    @Test func damageWithinBase64HasItsPlace() {
        func finding(_ text: String) -> String? {
            let reader = LogDataReader()
            Array(text.utf8).withUnsafeBytes { reader.feed($0) }
            reader.finish()
            guard case .unreadable(let found, _) = reader.next() else { return nil }
            return found.rejection.detail
        }
        let head = "{\"records\":[{\"data\":"
        #expect(
            finding("\(head)\(base64("no json"))}]}")
                == "no JSON object begins here, at byte 0 of the data in the Base64 text at byte 20, 7 bytes")
        let packed = gzip(Array(a.utf8))
        var broken = packed
        broken[2] = 7
        let damage = finding("\(head)\(base64(broken))}]}")
        #expect(damage?.contains("of the compressed data in the Base64 text at byte 20") == true)
        #expect(read("\(head)\"n0 base64!\"},{\"data\":\(base64(a))}]}") == ["invalid_base64 12+21", a])
        #expect(read("\(head)\"A\"}]}") == ["invalid_base64 12+12"])
        #expect(read("\(head)\"\"}]}") == ["not_a_log_file 0+0"])
        #expect(read("\(head)\(base64("\(a)]\n\(b)"))}]}\n\(c)") == [a, "not_json \(a.utf8.count)+1", b, c])
    }

    @Test func base64IsBounded() throws {
        // Two levels are read, a third is not.
        func nested(_ text: String) -> String { "{\"awslogs\":{\"data\":\(base64(text))}}" }
        #expect(read(nested(nested(a))) == [a])
        #expect(read(nested(nested(nested(a)))).first?.hasPrefix("nested_too_deep") == true)
        // A bomb costs its own text.
        let bomb = base64(gzip([UInt8](repeating: 32, count: 50 << 20), level: 9))
        let text = Array("{\"records\":[{\"data\":\(bomb)},{\"data\":\(base64(a))}]}".utf8)
        #expect(parts(text, piece: 65_536).map { $0.prefix(22) } == ["decompressed_too_large", a.prefix(22)])
        // A text may be as large as a record of Kinesis, and not larger than the limit.
        let large = (0..<20_000).map { record($0) }
        let fits = Array("{\"records\":[{\"data\":\(base64(large.joined()))},{\"data\":\(base64(a))}]}".utf8)
        #expect(fits.count > CloudTrailLimits.recordBytes)
        #expect(parts(fits, piece: 65_536) == large + [a])
        let tooLarge = base64(String(repeating: a, count: 40_000))
        let data = Array("{\"records\":[{\"data\":\(tooLarge)},{\"data\":\(base64(a))}]}".utf8)
        #expect(parts(data, piece: 65_536).map { $0.prefix(16) } == ["record_too_large", a.prefix(16)])
    }

    @Test func textsOfADocumentShareABudget() {
        // Each within its own limit: 199 bytes for one of gzip.
        let packed = base64(
            gzip(
                (0..<60_000).flatMap { Array("{\"n\":\($0 % 7)}\n".utf8) + [UInt8](repeating: 10, count: 490) },
                level: 9))
        var data = EmbeddedLogData()
        var reasons: Set<String> = []
        let bytes = Array(Data(base64Encoded: String(packed.dropFirst().dropLast())) ?? Data())
        for _ in 0..<6 {
            data.forEach(bytes, at: 0..<10) { step in
                if case .unreadable(let found, _) = step { reasons.insert(found.reason.rawValue) }
            }
        }
        #expect(reasons == ["decompressed_too_large"])
    }

    @Test func namesOfExportsAreLogData() {
        for name in ["000000.gz", "a/b/000123.gz", "x.json", "x.jsonl.gz", "x.ndjson.zst"] {
            #expect(LogFileNames.isLogData(name), "\(name)")
        }
        for name in ["messages.1.gz", "0000000.gz", "00000x.gz", "aws-logs-write-test", "x.gz", "x.csv"] {
            #expect(!LogFileNames.isLogData(name), "\(name)")
        }
    }

    @Test func rowsOfLakeWithoutTheRecordNameTheRemedy() {
        let reader = LogDataReader()
        let row = #"[{"eventVersion":"1.09"},{"eventTime":"x"},{"userIdentity":"{type=IAMUser, arn=x}"}]"#
        Array("{\"QueryResultRows\":[\(row)]}".utf8).withUnsafeBytes { reader.feed($0) }
        reader.finish()
        guard case .unreadable(let found, let bytes) = reader.next() else {
            Issue.record("the row is not refused")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == row)
        #expect(
            found.rejection.detail
                == "a row of a CloudTrail Lake query without eventJson, whose columns are no record: "
                + "select eventJson, at byte 20, \(row.utf8.count) bytes")
    }
}
