// SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: Samples.all.indices)
    func everySampleComesBack(index: Int) throws {
        #expect(try Samples.all[index].comesBack())
    }

    @Test func theEncodingIsProtobufs() {
        #expect(GetStatusRequest().encodedBytes().isEmpty)
        #expect(SubmitEventsRequest(sequence: 300).encodedBytes() == [0x08, 0xAC, 0x02])
        #expect(Rejection(index: 1, reason: "a", detail: "é").encodedBytes() == [8, 1, 18, 1, 97, 26, 2, 0xC3, 0xA9])
        // A set member of a oneof is written though it is empty.
        #expect(SubmitEventsRequest(payload: .logFile(Bytes())).encodedBytes() == [0x22, 0])
        #expect(SubmitEventsRequest(payload: .records(RecordBatch())).encodedBytes() == [0x1A, 0])
        // A negative enum value and a negative number take ten bytes.
        #expect(AnswerDuetRequest(answer: .unrecognized(-1)).encodedSize == 11)
        #expect(Timestamp(seconds: -1).encodedSize == 11)
    }

    @Test func encodingIntoABufferWritesNothingBeyondIt() {
        let message = Samples.alert
        let size = message.encodedSize
        var buffer = [UInt8](repeating: 0xEE, count: size + 8)
        let count = buffer.withUnsafeMutableBytes { message.encode(into: $0) }
        #expect(count == size)
        #expect(Array(buffer[..<size]) == message.encodedBytes())
        #expect(buffer[size...].allSatisfy { $0 == 0xEE })
    }

    @Test func aNULHidesNothing() throws {
        let evidence = Evidence(name: "userAgent", value: "quiet\u{0}loud")
        #expect(try Evidence(decoding: evidence.encodedBytes()).value == "quiet\u{0}loud")
    }

    @Test func payloadsOutliveTheMessageAndTheWire() throws {
        var kept: [Bytes] = []
        do {
            let wire = Samples.batch.encodedBytes()
            guard case .records(let batch) = try SubmitEventsRequest(decoding: wire).payload else {
                Issue.record("the payload is gone")
                return
            }
            kept = Array(batch.records.dropFirst(2))
        }
        #expect(kept == [Bytes(Array(repeating: 0xFF, count: 300))])
    }

    @Test func decodedPayloadsEncodeAgainFromWhereTheyLie() throws {
        let decoded = try SubmitEventsRequest(decoding: Samples.batch.encodedBytes())
        #expect(decoded.encodedBytes() == Samples.batch.encodedBytes())
        // Into a message of another type.
        guard case .records(let batch) = decoded.payload else { return }
        let entry = TimelineEntry(record: batch.records[2])
        #expect(try TimelineEntry(decoding: entry.encodedBytes()).record.count == 300)
    }

    @Test func manyRecordsComeBackInOrder() throws {
        let records = (0..<5_000).map { Bytes("{\"eventID\":\"\($0)\"}") }
        let request = SubmitEventsRequest(sequence: 1, payload: .records(RecordBatch(records: records)))
        #expect(try request.comesBack())
    }

    @Test func enumsKeepNumbersThatTheyDoNotName() {
        #expect(Severity(rawValue: 5) == .critical)
        #expect(Severity(rawValue: 77) == .unrecognized(77))
        #expect(Severity.unrecognized(77).rawValue == 77)
        #expect(Severity.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5])
        #expect(Severity.high.protoName == "SEVERITY_HIGH")
        #expect(Severity.unrecognized(77).protoName == "77")
        #expect(Severity.low < .medium && !(Severity.critical < .informational))
    }

    @Test func bytesAreTheirContent() {
        #expect(Bytes([1, 2]) == [1, 2])
        #expect(Bytes([1, 2]) != [1, 3])
        #expect(Bytes([1, 2]) != [1])
        #expect(Bytes() == Bytes([]))
        #expect(Bytes("é").array == [0xC3, 0xA9])
        #expect(Bytes("abc").withUnsafeBytes { $0.count } == 3)
        #expect("\(Bytes("secret"))" == "6 bytes")
    }
}
