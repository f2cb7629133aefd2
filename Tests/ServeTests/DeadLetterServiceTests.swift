// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Logging
import Messages
import PKI
import RPC
import Serve
import Synchronization
import TestKit
import Testing

/// DeadLetterService over TLS: what is refused is kept whole, found, and comes in once it may.
@Suite(.serialized, .timeLimit(.minutes(1))) struct DeadLetterServiceTests {
    private static let (a, b, stranger) = (ServiceRig.accounts[0], ServiceRig.accounts[1], "999900001111")

    private func submit(
        _ payload: SubmitEventsRequest.Payload, source: String, _ client: Client, historical: Bool = false
    ) async throws -> SubmitEventsResponse {
        let stream = try await client.bidirectional(IngestService.submitEvents)
        try await stream.requests.write(
            SubmitEventsRequest(sequence: 1, source: source, payload: payload, historical: historical))
        try await stream.requests.finish()
        guard let response = try await stream.responses.next() else { throw RPCError(.internalError, "no answer") }
        while try await stream.responses.next() != nil {}
        return response
    }

    private func list(_ filter: DeadLetterFilter, _ client: Client) async throws -> [DeadLetter] {
        try await client.unary(
            DeadLetterService.listDeadLetters, ListDeadLettersRequest(filter: filter)
        ).letters
    }

    private func resubmit(_ filter: DeadLetterFilter, _ client: Client) async throws -> ResubmitDeadLettersResponse {
        try await client.unary(
            DeadLetterService.resubmitDeadLetters, ResubmitDeadLettersRequest(filter: filter))
    }

    @Test func anUnknownAccountsRecordsComeInOnceItIsOnboarded() async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                let trail = SyntheticTrail(account: Self.stranger, attackEvery: 2, seed: 3)
                let file = trail.logFile(0..<1_200)
                let refused = try await submit(.logFile(Bytes(file)), source: "s3://logs/x.json", client)
                #expect(refused.rejected == 1_200)
                let letters = try await list(DeadLetterFilter(accountID: Self.stranger), client)
                #expect(letters.map(\.records).reduce(0, +) == 1_200)
                #expect(letters.allSatisfy { $0.reason == "account_not_onboarded" && $0.source == "s3://logs/x.json" })
                var kept: [[UInt8]] = []
                for letter in letters.reversed() {
                    let answer = try await client.unary(
                        DeadLetterService.getDeadLetter, GetDeadLetterRequest(id: letter.id))
                    kept += answer.records.map(\.array)
                }
                #expect(kept == (0..<1_200).map(trail.record))
                // Too early: all of it stays.
                let early = try await resubmit(DeadLetterFilter(accountID: Self.stranger), client)
                #expect(early.rejected == 1_200 && early.accepted == 0)
                #expect(early.rejectedByReason.map(\.reason) == ["account_not_onboarded"])
                #expect(early.rejectedByReason.map(\.count) == [1_200])
                let onboarded = try await client.unary(
                    AccountService.onboardAccount, OnboardAccountRequest(accountID: Self.stranger))
                #expect(onboarded.deadLetterRecords == 1_200)
                let done = try await resubmit(DeadLetterFilter(accountID: Self.stranger), client)
                #expect(done.accepted == 1_200 && done.rejected == 0 && done.nextPageToken.isEmpty)
                #expect(try await list(DeadLetterFilter(), client).isEmpty)
                #expect(try await !rig.alerts(client).isEmpty)
                let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                // What was refused again was counted when it came.
                #expect(status.rejected == 1_200 && status.accepted == 1_200)
                #expect(status.deadLetters?.refused.map(\.count) == [1_200])
                #expect(status.deadLetters?.letters == 0)
            }
        }
    }

    @Test func refusedFilesAndRecordsAreKeptByteForByte() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            try await rig.withClient { client in
                let file = [0x1F, 0x8B, 8, 0] + (0..<30_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
                _ = try await submit(.logFile(Bytes(file)), source: "broken.gz", client, historical: true)
                let records = (0..<3_000).map { Array("{\"bad\":\($0)".utf8) }
                let batch = RecordBatch(records: records.map { Bytes($0) })
                #expect(try await submit(.records(batch), source: "bad", client).rejected == 3_000)
                let letters = try await list(DeadLetterFilter(), client)
                let broken = try #require(letters.first { $0.source == "broken.gz" })
                #expect(broken.logFile && broken.historical && broken.totalBytes == UInt64(file.count))
                let shown = try await client.unary(
                    DeadLetterService.getDeadLetter, GetDeadLetterRequest(id: broken.id))
                #expect(shown.logFile.array == file)
                var kept: Set<[UInt8]> = []
                for letter in try await list(DeadLetterFilter(source: "bad"), client) {
                    let answer = try await client.unary(
                        DeadLetterService.getDeadLetter, GetDeadLetterRequest(id: letter.id))
                    kept.formUnion(answer.records.map(\.array))
                }
                #expect(kept == Set(records))
                // A request that is refused for its sequence is kept too.
                let stream = try await client.bidirectional(IngestService.submitEvents)
                let own = Bytes(Array("{}".utf8))
                for sequence: UInt64 in [2, 1] {
                    try await stream.requests.write(
                        SubmitEventsRequest(
                            sequence: sequence, source: "order", payload: .records(RecordBatch(records: [own]))))
                }
                try await stream.requests.finish()
                while try await stream.responses.next() != nil {}
                let late = try await list(DeadLetterFilter(reason: "sequence_not_increasing"), client)
                #expect(late.map(\.records) == [1])
                let again = try await resubmit(DeadLetterFilter(reason: "sequence_not_increasing"), client)
                #expect(again.rejectedByReason.map(\.reason) == ["missing_field"])
                let stayed = try await list(DeadLetterFilter(ids: late.map(\.id)), client)
                #expect(stayed.map(\.reason) == ["missing_field"] && stayed.map(\.attempts) == [2])
            }
        }
    }

    @Test func nobodyLearnsOrBringsInWhatIsAnothersAccount() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let ofB = try rig.issue("of-b", .collector, accounts: .some([Self.b]))
            let forged = SyntheticTrail(account: Self.a, seed: 77)
            let refused = try await rig.withClient(ofB) { try await rig.submit(forged, 0..<5, $0) }
            #expect(refused.rejected == 5)
            let rubbish = Bytes(Array("rubbish".utf8))
            _ = try await rig.withClient(ofB) {
                try await submit(.records(RecordBatch(records: [rubbish])), source: "r", $0)
            }
            let own = SyntheticTrail(account: Self.b, seed: 78).record(0)
            let broken = Bytes(Array(String(decoding: own, as: UTF8.self).replacing("eventName", with: "other").utf8))
            _ = try await rig.withClient(ofB) {
                try await submit(.records(RecordBatch(records: [broken])), source: "own", $0)
            }
            for (scope, seen) in [(Self.a, [String]()), (Self.b, ["own"])] {
                let analyst = try rig.issue("analyst-\(scope)", .analyst, accounts: .some([scope]))
                try await rig.withClient(analyst) { client in
                    #expect(try await list(DeadLetterFilter(), client).map(\.source) == seen)
                    let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                    #expect(status.deadLetters?.letters == UInt64(seen.count))
                    #expect(status.deadLetters?.refused.isEmpty == (scope == Self.a))
                    for id: UInt64 in 1...2 {
                        let error = await #expect(throws: RPCError.self) {
                            try await client.unary(
                                DeadLetterService.getDeadLetter, GetDeadLetterRequest(id: id))
                        }
                        #expect(error?.code == .notFound)
                    }
                }
            }
            try await rig.withClient { client in
                #expect(try await list(DeadLetterFilter(), client).count == 3)
                // The forgery does not count as A's, and no admin brings it in by mistake.
                #expect(try await list(DeadLetterFilter(accountID: Self.a), client).isEmpty)
                let before = try await client.unary(InvestigationService.getStatus, GetStatusRequest()).accepted
                let all = ResubmitDeadLettersRequest(all: true)
                let answer = try await client.unary(DeadLetterService.resubmitDeadLetters, all)
                #expect(answer.accepted == 0 && answer.rejected == 7)
                let after = try await client.unary(InvestigationService.getStatus, GetStatusRequest()).accepted
                #expect(after == before)
            }
        }
    }

    @Test func purgingNeedsASelectionAndRemovesJustThat() async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                for source in ["one", "two"] {
                    let batch = RecordBatch(records: [Bytes(Array("x".utf8)), Bytes(Array("[]".utf8))])
                    _ = try await submit(.records(batch), source: source, client)
                }
                for request in [PurgeDeadLettersRequest(), PurgeDeadLettersRequest(filter: DeadLetterFilter())] {
                    let error = await #expect(throws: RPCError.self) {
                        try await client.unary(DeadLetterService.purgeDeadLetters, request)
                    }
                    #expect(error?.code == .invalidArgument)
                }
                let error = await #expect(throws: RPCError.self) {
                    try await list(DeadLetterFilter(reason: "not_jsno"), client)
                }
                #expect(error?.message.contains("not_json") == true)
                let purged = try await client.unary(
                    DeadLetterService.purgeDeadLetters,
                    PurgeDeadLettersRequest(filter: DeadLetterFilter(source: "one")))
                #expect(purged.letters == 2 && purged.records == 2)
                let page = try await client.unary(
                    DeadLetterService.listDeadLetters, ListDeadLettersRequest(pageSize: 1))
                #expect(page.totalLetters == 2 && page.letters.map(\.source) == ["two"])
                let next = try await client.unary(
                    DeadLetterService.listDeadLetters,
                    ListDeadLettersRequest(pageSize: 1, pageToken: page.nextPageToken))
                #expect(next.letters.map(\.id) == page.letters.map { $0.id - 1 })
            }
        }
    }

    private final class Sink: Sendable {
        private let written = Mutex<[UInt8]>([])
        func append(_ line: [UInt8]) { written.withLock { $0 += line } }
        var lines: [String] {
            String(decoding: written.withLock { $0 }, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    @Test func theLogTellsEveryRefusalOnceByReasonAndSource() async throws {
        let sink = Sink()
        let log = Logger(label: "test") { _ in LineLogHandler(format: .text, level: .warning) { sink.append($0) } }
        try await ServiceRig.run(log: log) { rig in
            try await rig.withClient { client in
                let trail = SyntheticTrail(account: Self.stranger)
                for number in 0..<(Limits.refusalLines + 10) {
                    let file = Bytes(trail.logFile(0..<3))
                    _ = try await submit(.logFile(file), source: "file-\(number)", client)
                }
                let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                rig.service.pipeline.tellRefusals()
                rig.service.pipeline.tellRefusals()
                let lines = sink.lines.filter { $0.contains("refused records") }
                #expect(lines.count == Limits.refusalLines + 1)
                let counts = lines.compactMap { line in
                    line.split(separator: " ").first { $0.hasPrefix("count=") }.flatMap { Int($0.dropFirst(6)) }
                }
                #expect(UInt64(counts.reduce(0, +)) == status.rejected)
                #expect(lines[0].contains("reason=account_not_onboarded") && lines[0].contains("source=file-0"))
                #expect(status.deadLetters?.refused.map(\.count) == [status.rejected])
            }
        }
    }
}
