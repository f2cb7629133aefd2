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

/// A record of a made-up call.
func sample(_ number: Int, account: String = "111122223333", time: String = "2023-07-10T11:42:31Z") -> String {
    """
    {"eventID":"\(eventID(number))","eventTime":"\(time)","eventName":"Call","eventSource":"iam.amazonaws.com",\
    "awsRegion":"us-east-1","recipientAccountId":"\(account)","userIdentity":{"type":"IAMUser","userName":"u\(number)"}}
    """
}

/// Evaluates records; gives the outcome and what the sink was given.
func evaluate(
    records: [String], accounts: AccountFilter = .all, with evaluator: BatchEvaluator = BatchEvaluator(),
    plan: DetectionPlan? = nil, fileAccount: AccountID? = nil
) throws -> (EvaluatedBatch, [String]) {
    let joined = Array(records.joined().utf8)
    return try joined.withUnsafeBytes { bytes in
        var offset = 0
        var parts: [UnsafeRawBufferPointer] = []
        for record in records {
            parts.append(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + record.utf8.count)]))
            offset += record.utf8.count
        }
        return try evaluate(.records(parts), accounts, evaluator, plan, fileAccount)
    }
}

/// Evaluates a log file; gives the outcome and what the sink was given.
func evaluate(
    logFile: [UInt8], accounts: AccountFilter = .all, with evaluator: BatchEvaluator = BatchEvaluator(),
    plan: DetectionPlan? = nil
) throws -> (EvaluatedBatch, [String]) {
    try logFile.withUnsafeBytes { try evaluate(.logFile($0), accounts, evaluator, plan) }
}

private func evaluate(
    _ payload: SubmittedPayload, _ accounts: AccountFilter, _ evaluator: BatchEvaluator, _ plan: DetectionPlan?,
    _ fileAccount: AccountID? = nil
) throws -> (EvaluatedBatch, [String]) {
    var kept: [String] = []
    let batch = try evaluator.evaluate(
        payload, plan: plan ?? DetectionPlan(), accounts: accounts, fileAccount: fileAccount
    ) { record, _, _ in
        kept.append(String(decoding: record, as: UTF8.self))
    }
    return (batch, kept)
}
