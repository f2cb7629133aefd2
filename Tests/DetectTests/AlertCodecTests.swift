// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

@Suite struct AlertCodecTests {
    private func sample() throws -> Alert {
        var merger = AlertMerger()
        merger.add(match(1, at: 1_000, evidence: ["a": "ä", "b": ""]), historical: true, now: 9)
        merger.add(match(2, at: 2_000, id: "NOT-A-GUID é"), historical: true, now: 9)
        var alert = try #require(merger.takeChanges().first)
        alert.description = "what an attacker gains"
        alert.attackTechniques = ["T1098.001", "T1110"]
        alert.matches.actor.sourceIP = "2001:db8::1"
        alert.matches.actor.userAgent = "aws-cli/2"
        alert.note = "a note"
        alert.duetAnswer = .unexpected
        alert.mergedInto = "x"
        alert.status = .merged
        alert.remediations = [
            AlertRemediation(
                id: "r", action: "deny_user", target: "user/é", state: .awaitingApproval, outcome: "", updatedAt: 8),
            AlertRemediation(
                id: "s", action: "deny_user", target: "", state: .finished, outcome: "succeeded", updatedAt: -1),
        ]
        return alert
    }

    @Test func roundTrip() throws {
        let alert = try sample()
        #expect(try AlertCodec.decode(AlertCodec.encode(alert)) == alert)
        #expect(alert.eventIDs == [eventID(1), "NOT-A-GUID é"])
    }

    @Test func unknownFieldsAreSkipped() throws {
        let alert = try sample()
        // Tag 1,000 with three bytes.
        #expect(try AlertCodec.decode(AlertCodec.encode(alert) + [0xE8, 0x07, 3, 1, 2, 3]) == alert)
    }

    @Test func damageIsAnErrorOrAnAlertButNoTrap() throws {
        let bytes = AlertCodec.encode(try sample())
        for end in 0..<min(bytes.count, 40) {
            #expect(throws: AlertCodec.Malformed.self) { try AlertCodec.decode(bytes[..<end]) }
        }
        var random = Numbers(seed: 1)
        var refused = 0
        for _ in 0..<5_000 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            if (try? AlertCodec.decode(damaged)) == nil { refused += 1 }
        }
        #expect(refused > 0)
        #expect(throws: AlertCodec.Malformed.self) { try AlertCodec.decode([UInt8](repeating: 0xFF, count: 64)) }
    }
}
