// SPDX-License-Identifier: Apache-2.0

import Collect
import Messages
import Testing
import TrailhoundCLI

@Suite(.timeLimit(.minutes(1))) struct DeliveryLaneTests {
    private func file(_ name: String) -> CollectedFile {
        CollectedFile(source: name, bytes: Array(name.utf8), isHistorical: false)
    }

    @Test func filesGoOutInOrderAndEachGetsItsOwnAnswer() async throws {
        let lane = DeliveryLane()
        let first = Task { try await lane.deliver(file("a")) }
        let one = try await lane.nextRequest()
        let second = Task { try await lane.deliver(file("b")) }
        let two = try await lane.nextRequest()
        #expect([one.sequence, two.sequence] == [1, 2])
        #expect([one.payload.file.source, two.payload.file.source] == ["a", "b"])
        try await lane.acknowledge(1, Acknowledgement(accepted: 3))
        #expect(try await first.value.accepted == 3)
        try await lane.acknowledge(2, Acknowledgement(refusal: "why"))
        #expect(try await second.value.refusal == "why")
    }

    @Test func whatWasNotAcknowledgedIsSentAgain() async throws {
        let lane = DeliveryLane()
        let delivery = Task { try await lane.deliver(file("a")) }
        _ = try await lane.nextRequest()
        await lane.connectionLost()
        let again = try await lane.nextRequest()
        #expect(again.sequence == 1 && again.payload.file.source == "a")
        await #expect(throws: SubmitWindow<DeliveryLane.Delivery>.Violation.self) {
            try await lane.acknowledge(2, Acknowledgement())
        }
        try await lane.acknowledge(1, Acknowledgement(duplicate: 1))
        #expect(try await delivery.value.duplicate == 1)
    }

    @Test func theEndReachesWhoeverWaitsAndWhoeverComes() async throws {
        let lane = DeliveryLane()
        let delivery = Task { try await lane.deliver(file("a")) }
        _ = try await lane.nextRequest()
        await lane.finish(Failure("over"))
        await #expect(throws: Failure("over")) { try await delivery.value }
        await #expect(throws: Failure("over")) { try await lane.deliver(file("b")) }
    }

    @Test func aCancelledDeliveryIsNotWaitedFor() async throws {
        let lane = DeliveryLane()
        let delivery = Task { try await lane.deliver(file("a")) }
        _ = try await lane.nextRequest()
        delivery.cancel()
        await #expect(throws: CancellationError.self) { try await delivery.value }
        // It was sent, and its answer is taken all the same.
        try await lane.acknowledge(1, Acknowledgement(accepted: 1))
        let writer = Task { try await lane.nextRequest() }
        writer.cancel()
        await #expect(throws: CancellationError.self) { try await writer.value }
    }
}

@Suite struct CheckPresentationTests {
    @Test func checksTellWhatToDo() {
        let checks = [
            AccountCheck(name: "assume_role", status: .passed, detail: "taken on", remedy: ""),
            AccountCheck(name: "trail", status: .failed, detail: "stopped\u{1B}[2J", remedy: "start it"),
            AccountCheck(name: "queue", status: .unknown, detail: "no queue", remedy: "set one"),
        ]
        #expect(
            CheckPresentation.lines(checks, colour: false) == [
                "PASSED  assume_role  taken on", "FAILED  trail        stopped\\x1b[2J",
                "        what to do: start it", "UNKNOWN queue        no queue", "        what to do: set one",
                "1 passed, 1 failed, 1 unknown",
            ])
        let waiting = ["digests", "bucket", "key"].map {
            AccountCheck(name: $0, status: .unknown, detail: "not made", remedy: "Make assume_role pass.")
        }
        let lines = CheckPresentation.lines(waiting, colour: false)
        #expect(lines.count { $0.contains("Make assume_role pass.") } == 1)
        #expect(lines[3] == "        what to do: Make assume_role pass.")
        #expect(
            CheckPresentation.lines(waiting, width: 40, colour: false) == [
                "UNKNOWN not made:", "        digests, bucket, key", "        what to do: Make assume_role",
                "        pass.", "0 passed, 0 failed, 3 unknown",
            ])
        let long = AccountCheck(name: "trail", status: .failed, detail: "it was stopped by somebody", remedy: "")
        #expect(
            CheckPresentation.lines([long], width: 36, colour: false).prefix(2)
                == ["FAILED  trail", "        it was stopped by somebody"])
        #expect(CheckPresentation.lines(checks, colour: true)[1].hasPrefix("\u{1B}[31mFAILED"))
        #expect(
            String(decoding: CheckPresentation.json(checks[2]).compact, as: UTF8.self)
                == #"{"name":"queue","status":"unknown","detail":"no queue","remedy":"set one"}"#)
    }
}
