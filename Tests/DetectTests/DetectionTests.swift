// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// Records in, matches out.
@Suite struct DetectionTests {
    private let evidence =
        "level: high\ntrailhound:\n    evidence: [userIdentity.userName, requestParameters.x, eventName]"

    @Test func aMatchHasWhatAnAlertNeeds() throws {
        let plan = try DetectionPlan(catalog(rule(more: evidence)))
        let record = sample(1).replacing(
            "\"eventName\"", with: "\"requestParameters\":{\"x\":[\"a\",7,{\"b\":1},\"a\"]},\"eventName\"")
        let (batch, _) = try evaluate(records: [sample(9).replacing("Call", with: "Other"), record], plan: plan)
        let match = try #require(batch.matches.first)
        #expect(batch.matches.count == 1)
        #expect(match.eventIndex == 1)
        #expect(match.detection === plan.rules.first?.detection)
        #expect(match.event.reference.text == eventID(1))
        #expect(match.event.accountID.description == "111122223333")
        #expect(
            match.event.actor.principal == "arn:aws:iam::111122223333:user/u1" || match.event.actor.principal == "u1")
        #expect(match.event.eventName == "Call")
        #expect(match.event.eventSource == "iam.amazonaws.com")
        #expect(match.event.region == "us-east-1")
        #expect(
            match.evidence == [
                Evidence(name: "userIdentity.userName", value: "u1"),
                Evidence(name: "requestParameters.x", value: "a"), Evidence(name: "requestParameters.x", value: "7"),
                Evidence(name: "requestParameters.x", value: "{\"b\":1}"), Evidence(name: "eventName", value: "Call"),
            ])
    }

    @Test func rejectedRecordsMatchNothing() throws {
        let plan = try DetectionPlan(catalog(rule()))
        let bad = sample(1).replacing("\"eventTime\"", with: "\"eventTimes\"")
        let other = sample(2, account: "444455556666")
        let mine = try #require(AccountID("111122223333"))
        let (batch, _) = try evaluate(records: [bad, other, sample(3)], accounts: .only([mine]), plan: plan)
        #expect(batch.matches.map(\.eventIndex) == [0])
        #expect(batch.matches.map(\.event.reference.text) == [eventID(3)])
    }

    @Test func aPlanIsReplacedBetweenBatches() throws {
        let evaluator = BatchEvaluator()
        let first = try DetectionPlan(catalog(rule()))
        let second = try DetectionPlan(catalog(rule(event: "Another")))
        #expect(try evaluate(records: [sample(1)], with: evaluator, plan: first).0.matches.count == 1)
        #expect(try evaluate(records: [sample(1)], with: evaluator, plan: second).0.matches.isEmpty)
        #expect(try evaluate(records: [sample(1)], with: evaluator, plan: first).0.matches.count == 1)
    }

    @Test func evidenceIsBounded() throws {
        let plan = try DetectionPlan(catalog(rule(more: evidence)))
        let many = (0..<100).map { "\"\($0)\"" }.joined(separator: ",")
        let long = String(repeating: "ä", count: 2_000)
        let record = sample(1).replacing(
            "\"eventName\"", with: "\"requestParameters\":{\"x\":[\"\(long)\",\(many)]},\"eventName\"")
        let match = try #require(try evaluate(records: [record], plan: plan).0.matches.first)
        #expect(match.evidence.count == DetectLimits.matchEvidence)
        #expect(match.evidence.map(\.value.utf8.count).max() == DetectLimits.evidenceBytes)
    }
}
