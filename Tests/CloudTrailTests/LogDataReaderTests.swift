// SPDX-License-Identifier: Apache-2.0

import CZstd
import CloudTrail
import Foundation
import Testing

/// What a reader makes of data that comes in pieces of `piece` bytes: records by their text, damage by reason, place and
/// extent.
func parts(_ data: [UInt8], piece: Int = .max, limit: Int = CloudTrailLimits.recordBytes) -> [String] {
    let reader = LogDataReader(recordLimit: limit)
    var rest = data[...]
    var found: [String] = []
    while true {
        switch reader.next() {
        case .record(let record, _, _): found.append(String(decoding: record, as: UTF8.self))
        case .unreadable(let damage, _):
            found.append("\(damage.reason.rawValue) \(damage.offset)+\(damage.extent)")
        case .needsInput:
            if rest.isEmpty {
                reader.finish()
            } else {
                Array(rest.prefix(piece)).withUnsafeBytes { reader.feed($0) }
                rest = rest.dropFirst(piece)
            }
        case .end: return found
        }
    }
}

private func parts(_ text: String, piece: Int = .max, limit: Int = CloudTrailLimits.recordBytes) -> [String] {
    parts(Array(text.utf8), piece: piece, limit: limit)
}

/// A zstd frame.
func zstd(_ bytes: [UInt8]) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = ZSTD_compress(&output, output.count, bytes, bytes.count, 3)
    return Array(output.prefix(count))
}

/// A record as it stands in a log file.
func record(_ number: Int) -> String {
    #"{"eventVersion":"1.09","eventName":"Call","n":{"list":[\#(number),"}]\"{"]}}"#
}

/// A text as a JSON string.
private func quoted(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
}

@Suite(.timeLimit(.minutes(2))) struct LogDataReaderTests {
    private let a = record(1)
    private let b = record(2)
    private let c = record(3)

    /// The same at any cut.
    private func expect(
        _ text: String, _ expected: [String], _ location: SourceLocation = #_sourceLocation
    ) {
        for piece in [1, 2, 7, 64, .max] {
            #expect(parts(text, piece: piece) == expected, "pieces of \(piece)", sourceLocation: location)
        }
    }

    @Test func everyFormOfRecords() {
        expect("{\"Records\":[\(a),\(b)]}", [a, b])
        expect("{\"x\":{\"Records\":[1]},\"Records\" : [ \(a) , \(b) ],\"y\":[2]}\n", [a, b])
        expect("[\(a),\n\(b)]", [a, b])
        expect("\(a)\n\(b)\r\n\n\(c)", [a, b, c])
        expect("\(a)\(b) \(c)", [a, b, c])
        expect("{\"Records\":[\(a)]}{\"Records\":[\(b)]}\n\n{\"Records\":[]}[\(c)]", [a, b, c])
        expect("[{\"Records\":[\(a)]},{\"Records\":[\(b)]},[\(c)]]", [a, b, c])
        expect("\u{FEFF}{\"Records\":[\(a)]}\n\u{FEFF}\(b)", [a, b])
        expect(a, [a])
        expect("\u{1E}\(a)\n\u{1E}\(b)\n", [a, b])
        for empty in ["{\"Records\":[]}", "[]", "[{\"Records\":[]}]", "{\"Records\":[]} {\"Records\":[ ]}"] {
            expect(empty, [])
        }
    }

    @Test func prettyDocuments() throws {
        let document = try JSONSerialization.data(
            withJSONObject: ["Records": [["eventVersion": "1", "x": ["y": [1, 2]]], ["z": 1]]],
            options: [.prettyPrinted, .sortedKeys])
        let text = String(decoding: document, as: UTF8.self)
        let found = parts(text + "\n" + text)
        #expect(found.count == 4)
        #expect(parts(text + text) == found)
    }

    @Test func envelopesOfAWS() {
        expect(
            #"{"Events":[{"EventId":"1","CloudTrailEvent":\#(quoted(a))},{"CloudTrailEvent":\#(quoted(b))}],"NextToken":"x"}"#,
            [a, b])
        expect(#"{"events":[{"eventId":"1","cloudTrailEvent":\#(quoted(a))}]}"#, [a])
        expect(#"[{"EventId":"1","CloudTrailEvent":\#(quoted(a))}]"#, [a])
        expect("[\(quoted(a)),\(quoted(b))]", [a, b])
        let bridge = #"{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.iam","detail":\#(a)}"#
        expect(bridge + bridge, [a, a])
        let data =
            #"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":\#(quoted(a))},{"message":\#(quoted(b))}]}"#
        let control =
            #"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking."}]}"#
        expect(data + control + data, [a, b, a, b])
        expect(#"{"logEvents":[{"message":"CWL CONTROL MESSAGE: x"}],"messageType":"CONTROL_MESSAGE"}"#, [])
        expect(
            #"{"QueryStatus":"FINISHED","QueryResultRows":[[{"eventID":"1"},{"eventJson":\#(quoted(a))}],[{"eventJson":\#(quoted(b))}]]}"#,
            [a, b])
        expect(#"{"eventJson":\#(quoted(a))}"# + "\n" + #"{"eventJson":\#(quoted(b))}"#, [a, b])
        #expect(
            parts(#"{"QueryResultRows":[[{"eventID":"1"},{"eventName":"x"}]]}"#) == ["not_a_cloudtrail_event 20+35"])
    }

    @Test func escapesOfTextsAreUndone() {
        expect(#"["{\"a\":\"\u00e9\ud83d\ude00\\n\/\",\"b\":\"\ud800\"}"]"#, ["{\"a\":\"é😀\\n/\",\"b\":\"\u{FFFD}\"}"])
    }

    @Test func aDamagedRecordCostsItself() {
        expect("{\"Records\":[\(a),{\"x\":},\(b)]}", [a, "{\"x\":}", b])
        expect("{\"Records\":[\(a),{\"x\":1,\(b),\(c)]}", [a, "{\"x\":1", b, c])
        expect("{\"Records\":[\(a),{\"x\":\"y,\"z\":[},\(b)]}", [a, "{\"x\":\"y,\"z\":[}", b])
        expect("\(a)\n{\"eventVersion\":\"1\",\"cut\n\(b)\n\(c)", [a, "{\"eventVersion\":\"1\",\"cut", b, c])
        expect("\(a)\n{\"cut\":{\"x\":1\n\(b)\n\(c)", [a, "{\"cut\":{\"x\":1", b, c])
        expect("\(a)\n{\"cut\":[\n\(b)\n\(c)", [a, "{\"cut\":[", b, c])
        expect("{\"Records\":[\(a),{\"eventVersion\":\"1\"", [a, "{\"eventVersion\":\"1\""])
        expect(
            "{\"Records\":[\(a),{\"eventVersion\":\"1\",\"x\n{\"Records\":[\(b)]}",
            [a, "{\"eventVersion\":\"1\",\"x", b])
        expect("{\"Records\":[1,\"x\",null,\(a),[2]]}", ["1", "\"x\"", "null", a, "[2]"])
    }

    @Test func damageOutsideOfRecordsIsToldWithPlaceAndExtent() {
        let n = a.utf8.count
        expect("{\"Records\":[\(a),]}", [a, "not_json \(12 + n)+1"])
        expect("{\"Records\":[\(a),", [a, "not_json \(13 + n)+0"])
        expect("{\"Records\":[\(a)]", [a, "not_json \(13 + n)+0"])
        expect("{\"Records\":[\(a)", [a, "not_json \(12 + n)+0"])
        expect("{\"Records\":[\(a),,\(b)]}", [a, "not_json \(13 + n)+1", b])
        expect("{\"Records\":[,\(a)]}", ["not_json 12+1", a])
        expect("{\"Records\":[\(a)\(b)]}", [a, "not_json \(12 + n)+0", b])
        expect("{\"Records\":[\(a)]}}", [a, "not_json \(14 + n)+1"])
        expect("{\"Records\":[\(a)]}garbage\n\(b)", [a, "not_json \(14 + n)+7", b])
        expect("{\"Records\":[\(a)]{\"Records\":[\(b)]}", [a, "not_json \(13 + n)+0", b])
        expect("{\"Records\":[\(a),{\"Records\":[\(b)]}", [a, "not_json \(13 + n)+0", b])
        expect("{\"Records\":[\(a)]}\n\0\0\0\0", [a, "not_json \(15 + n)+4"])
        expect("\(a)\nno json\nagain\n\(b)", [a, "not_json \(n + 1)+7", "not_json \(n + 9)+5", b])
        for empty in ["", " \n", "\u{FEFF}"] { expect(empty, ["not_a_log_file 0+0"]) }
    }

    @Test func otherFormsAreNamedAsAWhole() {
        #expect(parts([0xFF, 0xFE] + Array(repeating: 65, count: 5_000)) == ["not_a_log_file 0+5002"])
        #expect(parts(Array("PK\u{3}\u{4}".utf8) + [10, 10, 123, 34]) == ["not_a_log_file 0+8"])
    }

    @Test func whatIsTooLargeIsPassedOver() {
        let huge = "{\"x\":\"" + String(repeating: "y{\\\"", count: 400_000) + "\"}"
        for piece in [4_096, 100_000] {
            #expect(
                parts("\(a)\n\(huge)\n\(b)", piece: piece, limit: 10_000)
                    == [a, "record_too_large \(a.utf8.count + 1)+\(huge.utf8.count)", b])
            #expect(
                parts("{\"Records\":[\(huge),\(b)]}", piece: piece, limit: 10_000)
                    == ["record_too_large 12+\(huge.utf8.count)", b])
            let open = "{\"x\":[" + String(repeating: "1,", count: 100_000)
            #expect(
                parts("\(open)\n\(b)\n\(c)", piece: piece, limit: 10_000)
                    == ["not_json 0+\(open.utf8.count + 2 + b.utf8.count)", c])
        }
    }

    @Test func compressionIsKnownByItsBytes() {
        let (one, two) = (Array("{\"Records\":[\(a)]}".utf8), Array("\(b)\n".utf8))
        for packed in [
            gzip(one) + gzip(two), zstd(one) + zstd(two), gzip(one) + zstd(two), gzip(one) + gzip([]) + two,
            zstd(one + two), gzip(one + two),
            gzip(Array((one + two).prefix(20))) + gzip(Array((one + two).dropFirst(20))),
        ] {
            for piece in [1, 5, .max] { #expect(parts(packed, piece: piece) == [a, b]) }
        }
    }

    @Test func damagedCompressionCostsItself() {
        let (one, two) = (gzip(Array("\(a)\n".utf8)), gzip(Array("\(b)\n".utf8)))
        for piece in [1, 5, .max] {
            #expect(parts(one + [0, 0, 0], piece: piece) == [a, "invalid_gzip \(one.count)+3"])
            #expect(parts(one + Array("tail".utf8), piece: piece) == [a, "invalid_gzip \(one.count)+4"])
            #expect(parts(Array(one.dropLast()), piece: piece) == [a, "truncated_gzip \(one.count - 1)+0"])
            var broken = one
            broken[broken.count - 6] ^= 1
            #expect(parts(broken + two, piece: piece).first == a)
            #expect(parts(broken + two, piece: piece).last == b)
            #expect(parts(broken + two, piece: piece).count == 3)
            let frame = zstd(Array("\(a)\n".utf8))
            // What the damage left of a record follows it.
            #expect(parts(Array(frame.dropLast(3)), piece: piece).contains("invalid_zstd \(frame.count - 3)+0"))
        }
    }

    @Test func bombsEnd() {
        let bomb = gzip([UInt8](repeating: 32, count: 100 << 20), level: 9)
        #expect(parts(bomb, piece: 65_536).map { $0.prefix(22) } == ["decompressed_too_large"])
    }

    @Test func damageTakesLinearTime() {
        for text in ["{\"eventVersion\":[", "{\"Records\":[", "[", "{\"eventVersion\"{", "\n{", "{\"", ",", "[[1,"] {
            let data = Array(String(repeating: text, count: (256 << 10) / text.utf8.count).utf8)
            let start = ContinuousClock.now
            #expect(!parts(data, piece: 262_144).isEmpty)
            #expect(ContinuousClock.now - start < .seconds(20), "\(text)")
        }
    }

    @Test(.enabled(if: Cases.areHere, "the cases are not on this machine"), arguments: Cases.reading)
    func casesOfUsers(_ name: String, _ records: Int, _ damage: Int) throws {
        let bytes = try Cases.bytes(name)
        for piece in [3, 1_000, .max] {
            let found = parts(bytes, piece: piece)
            #expect(found.count { $0.hasPrefix("{") } == records, "\(name): \(found)")
            #expect(found.count { !$0.hasPrefix("{") } == damage, "\(name): \(found)")
        }
    }

    @Test(.enabled(if: Cases.areHere, "the cases are not on this machine"))
    func formsOfOthersAreNamed() throws {
        let forms = LogForm()
        let name = { (text: String) in Array(text.utf8).withUnsafeBytes { forms.name(of: $0) } }
        #expect(try parts(Cases.bytes("athena.json")).allSatisfy { name($0)?.contains("Athena") == true })
        #expect(try parts(Cases.bytes("lower-records.json")).allSatisfy { name($0)?.contains("lower case") == true })
        #expect(name(a) == nil)
        #expect(name(#"{"awsAccountId":"1","digestStartTime":"x","digestEndTime":"y"}"#)?.contains("digest") == true)
        #expect(name(#"{"configurationItems":[]}"#)?.contains("Config") == true)
        #expect(name(#"{"eventVersion":"2.1","eventName":"Put","eventTime":"x","s3":{}}"#)?.contains("S3") == true)
    }
}

/// Inputs from people who do this job, which are not part of the project.
enum Cases {
    private static let folder =
        #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/../shared/cases/"

    /// Records and findings of each.
    static let reading: [(String, Int, Int)] = [
        ("two-documents.json", 5, 0), ("two-members.json.gz", 5, 0), ("pretty-documents.json", 2, 0),
        ("batches.jsonl", 4, 0), ("truncated.json", 2, 1), ("trailing-comma.json", 2, 1), ("lookup-events.json", 2, 0),
        ("eventbridge.json", 1, 0), ("cloudwatch-logs.json", 2, 0), ("athena.json", 2, 0), ("lower-records.json", 1, 0),
        ("insight.json", 2, 0), ("bom.json", 1, 0),
    ]

    static var areHere: Bool { FileManager.default.fileExists(atPath: folder + "README.md") }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder + name)))
    }
}
