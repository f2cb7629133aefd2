// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Glibc
import Messages
import NIOCore
import PKI
import RPC
import TestKit
import Testing

/// Bad input gets a named refusal, and neither its stream nor its neighbours suffer.
@Suite(.serialized) struct BadInputTests {
    private static let trail = SyntheticTrail()

    /// A record and the reason that it is refused for.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let record: [UInt8]
        let reason: String
        var testDescription: String { name }

        init(_ name: String, _ record: String, _ reason: String) {
            self.init(name, Array(record.utf8), reason)
        }

        init(_ name: String, _ record: [UInt8], _ reason: String) {
            (self.name, self.record, self.reason) = (name, record, reason)
        }
    }

    private static func altered(_ from: String, _ to: String) -> String {
        String(decoding: trail.record(7), as: UTF8.self).replacingOccurrences(of: from, with: to)
    }

    private static let eventID = #""eventID":"\#(trail.eventID(7))""#
    private static let eventTime = #""eventTime":"\#(SyntheticTrail.timestamp(trail.start))""#

    static let records: [Case] = [
        Case("not JSON", "hello", "not_json"),
        Case("truncated JSON", String(decoding: trail.record(7).dropLast(5), as: UTF8.self), "not_json"),
        Case("an array", "[1,2]", "not_an_object"),
        Case("a number", "17", "not_an_object"),
        Case("no eventID", altered(eventID, #""other":1"#), "missing_field"),
        Case("eventID a number", altered(eventID, #""eventID":17"#), "wrong_type"),
        Case("eventID an array", altered(eventID, #""eventID":["a"]"#), "wrong_type"),
        Case("no eventTime", altered(eventTime, #""other":1"#), "missing_field"),
        Case("eventTime a number", altered(eventTime, #""eventTime":1690000000"#), "wrong_type"),
        Case("eventTime no time", altered(eventTime, #""eventTime":"yesterday""#), "invalid_value"),
        Case("no eventName", altered(#""eventName":"#, #""otherName":"#), "missing_field"),
        Case("eventName an object", altered(#""eventName":"#, #""eventName":{},"x":"#), "wrong_type"),
        Case(
            "over the limit",
            altered(#""readOnly":"#, #""padding":"\#(String(repeating: "x", count: 2 << 20))","readOnly":"#),
            "record_too_large"),
        Case("invalid UTF-8", Array(#"{"eventID":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8), "invalid_utf8"),
        Case(
            "nested 10,000 deep",
            #"{"a":"# + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}",
            "nested_too_deep"),
        Case("an account that is not onboarded", altered("111122223333", "999999999999"), "account_not_onboarded"),
    ]

    @Test(.timeLimit(.minutes(2)))
    func everyBadRecordIsNamedAndItsNeighboursAreStored() async throws {
        let service = try await Service(accounts: [Self.trail.account])
        for (index, bad) in Self.records.enumerated() {
            let good = [Self.trail.record(100 + index * 2), Self.trail.record(101 + index * 2)]
            let answers = try await service.submit([
                .records(RecordBatch(records: [Bytes(good[0]), Bytes(bad.record), Bytes(good[1])]))
            ])
            let answer = try #require(answers.first)
            #expect(answer.accepted == 2, "\(bad.name)")
            #expect(answer.rejected == 1, "\(bad.name)")
            #expect(answer.rejections.map(\.reason) == [bad.reason], "\(bad.name): \(answer.rejections)")
            #expect(answer.rejections.map(\.index) == [1], "\(bad.name)")
            #expect(answer.rejections.allSatisfy { !$0.detail.isEmpty }, "\(bad.name)")
        }
        let status = try await service.status()
        #expect(status.rejected == UInt64(Self.records.count))
        #expect(status.storedRecords == UInt64(2 * Self.records.count))
    }

    @Test(.timeLimit(.minutes(2)))
    func everyBadPayloadIsNamedAndTheStreamGoesOn() async throws {
        let service = try await Service(accounts: [Self.trail.account])
        let gzip = try await gzipped(Self.trail.logFile(0..<50))
        let bomb = try await gzipped(Array(#"{"Records":["#.utf8) + [UInt8](repeating: 0x20, count: 200 << 20))
        let payloads: [(SubmitEventsRequest.Payload?, String)] = [
            (.logFile(Bytes(bomb)), "decompressed_too_large"),
            (.records(RecordBatch()), "empty_batch"),
            (.logFile(Bytes(#"{"Other":[]}"#)), "not_a_cloudtrail_event"),
            (.logFile(Bytes(#"{"records":[]}"#)), "not_a_cloudtrail_event"),
            (.logFile(Bytes("")), "not_a_log_file"),
            (nil, "no_payload"),
        ]
        let client = try service.connect()
        let stream = try await client.bidirectional(IngestService.submitEvents)
        var sequence: UInt64 = 0
        func send(_ payload: SubmitEventsRequest.Payload?, at number: UInt64, source: String = "") async throws
            -> SubmitEventsResponse
        {
            try await stream.requests.write(
                SubmitEventsRequest(sequence: number, source: source, payload: payload))
            return try #require(try await stream.responses.next())
        }
        for (payload, reason) in payloads {
            sequence += 1
            let answer = try await send(payload, at: sequence)
            #expect(answer.sequence == sequence)
            #expect(answer.rejections.map(\.reason) == [reason])
            #expect(answer.accepted == 0)
        }
        sequence += 1
        let tooLong = try await send(
            .logFile(Bytes(gzip)), at: sequence, source: String(repeating: "s", count: 2_000))
        #expect(tooLong.rejections.map(\.reason) == ["source_too_long"])
        for falling in [sequence - 1, 1, 0] {
            let answer = try await send(.logFile(Bytes(gzip)), at: falling)
            #expect(answer.rejections.map(\.reason) == ["sequence_not_increasing"])
        }
        // What holds no record is no error.
        let empty = try await send(.logFile(Bytes(#"{"Records":[]}"#)), at: sequence + 1)
        #expect(empty.accepted == 0 && empty.rejected == 0)
        // The good part of a damaged file is stored.
        let cut = try await send(.logFile(Bytes(Array(gzip.prefix(gzip.count / 2)))), at: sequence + 2)
        #expect(cut.accepted > 0 && cut.accepted < 50)
        #expect(cut.rejections.last?.reason == "truncated_gzip")
        // After all that the same stream still stores.
        let good = try await send(.logFile(Bytes(gzip + [0, 0, 0])), at: sequence + 3)
        #expect(good.accepted == 50 - cut.accepted && good.duplicate == cut.accepted)
        #expect(good.rejections.map(\.reason) == ["invalid_gzip"])
        try await stream.requests.finish()
        #expect(try await stream.responses.next() == nil)
        await client.close()
    }

    @Test(.timeLimit(.minutes(2)))
    func brokenPeersLeaveTheirNeighbourAlone() async throws {
        let service = try await Service(accounts: [Self.trail.account])
        let neighbour = try service.connect()
        let stream = try await neighbour.bidirectional(IngestService.submitEvents)
        var number = 0
        func expectServed(after trouble: String) async throws {
            number += 1
            let batch = RecordBatch(records: [Bytes(Self.trail.record(number))])
            try await stream.requests.write(SubmitEventsRequest(sequence: UInt64(number), payload: .records(batch)))
            let answer = try await stream.responses.next()
            #expect(answer?.accepted == 1, "after \(trouble)")
        }
        try await expectServed(after: "nothing")

        let raw = Method<[UInt8], [UInt8]>(
            path: IngestService.submitEvents.path, shape: .bidirectional, request: .bytes, response: .bytes)
        let other = try service.connect()
        await #expect(throws: RPCError.self) { try await Self.answer(other, raw, [0xFF, 0xFF, 0xFF, 0x07]) }
        await expectStatus(.invalidArgument) { try await Self.answer(other, raw, [0xFF, 0xFF, 0xFF, 0x07]) }
        try await expectServed(after: "garbage instead of protobuf")

        await expectStatus(.resourceExhausted) {
            try await Self.answer(other, raw, [UInt8](repeating: 0, count: 17 << 20))
        }
        try await expectServed(after: "a message over the limit")
        await other.close()

        let garbage = [UInt8]("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8) + (0..<4_000).map { UInt8($0 & 255) }
        try sendRaw(garbage, to: service.port)
        try await expectServed(after: "garbage instead of TLS")

        // A certificate with the right words, signed by somebody else.
        let stranger = try TemporaryFolder()
        _ = try DevelopmentPKI.ensure(in: stranger.url.path)
        let intruder = try service.connect(pki: stranger.url)
        await #expect(throws: RPCError.self) {
            _ = try await intruder.unary(
                InvestigationService.getStatus, GetStatusRequest(), options: CallOptions(timeout: .seconds(10)))
        }
        await intruder.close(now: true)
        try await expectServed(after: "a certificate of another CA")
        stream.cancel()
        await neighbour.close()
    }

    /// Sends one message and returns the first that comes back.
    private static func answer(
        _ client: Client, _ method: Method<[UInt8], [UInt8]>, _ message: [UInt8]
    ) async throws {
        let stream = try await client.bidirectional(method, options: CallOptions(timeout: .seconds(30)))
        // The server may end the call before all is sent: its status is what counts.
        try? await stream.requests.write(message)
        try? await stream.requests.finish()
        while try await stream.responses.next() != nil {}
    }

    private func expectStatus(_ code: StatusCode, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("the call succeeded")
        } catch let error as RPCError {
            #expect(error.code == code, "\(error)")
        } catch {
            Issue.record("\(error)")
        }
    }

    private func sendRaw(_ bytes: [UInt8], to port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        #expect(connected)
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        // The service closes the connection: a read ends, whatever it may have said before.
        var scratch = [UInt8](repeating: 0, count: 1_024)
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var got = 1
        while got > 0 { got = recv(descriptor, &scratch, scratch.count, 0) }
        #expect(got == 0 || errno == ECONNRESET, "the service keeps a broken connection open")
    }

    /// Compresses with the gzip program.
    private func gzipped(_ bytes: [UInt8]) async throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("file")
        try Data(bytes).write(to: file)
        let outcome = try await run(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-c", file.path])
        try #require(outcome.status == 0)
        return Array(outcome.output)
    }
}
