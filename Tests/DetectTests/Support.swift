// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect

/// The eventID of a test's event.
func eventID(_ number: Int) -> String { EventID(high: 0, low: UInt64(number)).guidText }

/// A match of a made-up detection.
func match(
    _ number: Int, at time: Milliseconds, detection: String = "a", account: UInt64 = 111_122_223_333,
    actor: String = "arn:aws:iam::111122223333:user/eve", evidence: [String: String] = [:],
    audience: Audience = .analyst, id: String? = nil
) -> Match {
    let event = MatchedEvent(
        reference: EventReference(time: time, text: id ?? eventID(number)),
        accountID: AccountID(number: account) ?? .zero,
        actor: Actor(principal: actor, type: "IAMUser", sourceIP: "192.0.2.\(number % 250)"), region: "eu-west-1",
        eventSource: "iam.amazonaws.com", eventName: "Event\(number)")
    return Match(
        detection: Detection(id: detection, title: "Title", severity: .high, audience: audience), event: event,
        evidence: evidence.sorted { $0.key < $1.key }.map { Evidence(name: $0.key, value: $0.value) })
}

/// SplitMix64: the same numbers in every run.
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
