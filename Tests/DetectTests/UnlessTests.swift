// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// Matches that a following event clears.
@Suite struct UnlessTests {
    private static let start: Milliseconds = 1_780_000_000_000
    private static let hour: Milliseconds = 3_600_000

    private func plan(_ unless: String = "{rule: back, by: [requestParameters.name], within: 10m}") throws
        -> DetectionPlan
    {
        let catalog = Catalog.read([Self.rules(unless)])
        #expect(catalog.problems == [])
        return try DetectionPlan(catalog)
    }

    private static func rules(_ unless: String, more: String = "") -> Catalog.RuleFile {
        .init(
            path: "off.yml",
            text: """
                title: Off
                id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
                logsource: {product: aws, service: cloudtrail}
                detection: {selection: {eventName: Stop}, condition: selection}
                level: high
                trailhound:
                    unless: \(unless)
                    \(more)
                ---
                title: Back
                id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c12
                name: back
                logsource: {product: aws, service: cloudtrail}
                detection: {selection: {eventName: Start}, condition: selection}
                level: low
                trailhound: {enabled: false}
                """)
    }

    private static func record(
        _ number: Int, _ name: String, second: Int, trail: String? = "t", account: String = "111122223333"
    ) -> String {
        let parameters = trail.map { #","requestParameters":{"name":"\#($0)"}"# } ?? ""
        return """
            {"eventID":"\(eventID(number))","eventTime":"\(EventTime.format(start + Milliseconds(second) * 1_000))",\
            "eventName":"\(name)","eventSource":"cloudtrail.amazonaws.com","awsRegion":"eu-west-1",\
            "recipientAccountId":"\(account)","sourceIPAddress":"192.0.2.7","userIdentity":{"type":"IAMUser",\
            "userName":"ann","arn":"arn:aws:iam::\(account):user/ann","accountId":"\(account)"}\(parameters)}
            """
    }

    /// Any event that lies so late that whatever waits is over.
    private static let after = record(900, "Other", second: 10 * 3_600)

    private func alerts(_ records: [String], _ plan: DetectionPlan? = nil) throws -> [String] {
        var rig = StreamRig(try plan ?? self.plan())
        for record in records { try rig.take([record]) }
        try rig.take([Self.after])
        return rig.alerts.flatMap(\.eventIDs)
    }

    @Test func whatIsUndoneInTimeRaisesNoAlert() throws {
        let stop = Self.record(1, "Stop", second: 0)
        #expect(try alerts([stop]) == [eventID(1)])
        for second in [0, 1, 600] {
            #expect(try alerts([stop, Self.record(2, "Start", second: second)]) == [], "after \(second) s")
            #expect(try alerts([Self.record(2, "Start", second: second), stop]) == [], "\(second) s, arrived before")
        }
        for second in [-1, 601] {
            #expect(try alerts([stop, Self.record(2, "Start", second: second)]) == [eventID(1)], "after \(second) s")
        }
    }

    @Test func onlyTheSameValuesOfTheSameAccountClear() throws {
        let stop = Self.record(1, "Stop", second: 0)
        #expect(try alerts([stop, Self.record(2, "Start", second: 9, trail: "u")]) == [eventID(1)])
        #expect(try alerts([stop, Self.record(2, "Start", second: 9, account: "999988887777")]) == [eventID(1)])
        #expect(try alerts([stop, Self.record(2, "Start", second: 9, trail: nil)]) == [eventID(1)])
    }

    @Test func whatLacksTheFieldIsAlertedAtOnce() throws {
        var rig = StreamRig(try plan())
        try rig.take([Self.record(1, "Stop", second: 0, trail: nil)])
        #expect(rig.alerts.count == 1 && rig.state.heldCount == 0)
    }

    @Test func anAlertWaitsAsLongAsAClearingEventMayCome() throws {
        var rig = StreamRig(try plan())
        try rig.take([Self.record(1, "Stop", second: 0)])
        try rig.take([Self.record(2, "Other", second: 600 + 3_600)])
        #expect(rig.alerts.isEmpty && rig.state.heldCount == 1)
        try rig.take([Self.record(3, "Other", second: 600 + 3_600 + 60)])
        #expect(rig.alerts.count == 1 && rig.state.heldCount == 0)
        let alert = try #require(rig.alerts.first)
        #expect(alert.firstSeen == Self.start && alert.severity == .high)
        #expect(alert.actor.principal == "arn:aws:iam::111122223333:user/ann" && alert.actor.sourceIP == "192.0.2.7")
    }

    @Test func theClockEndsTheWaitWhereTheAccountIsSilent() throws {
        // The events come as they happen.
        var rig = StreamRig(try plan(), now: Self.start + 60_000)
        try rig.take([Self.record(1, "Stop", second: 0)])
        rig.tick(at: Self.start + 600_000 + Self.hour)
        #expect(rig.alerts.isEmpty)
        rig.tick(at: Self.start + 600_000 + Self.hour + 1)
        #expect(rig.alerts.count == 1)
        // A shorter patience.
        var brief = StreamRig(
            try plan("{rule: back, by: [requestParameters.name], within: 10m, late: 5m}"), now: Self.start + 60_000)
        try brief.take([Self.record(1, "Stop", second: 0)])
        brief.tick(at: Self.start + 900_001)
        #expect(brief.alerts.count == 1)
        // Events of long ago wait for the ones that are fetched with them.
        var past = StreamRig(try plan(), now: Self.start + 100 * Self.hour)
        try past.take([Self.record(1, "Stop", second: 0)])
        past.tick(at: Self.start + 100 * Self.hour + 60_000)
        #expect(past.alerts.isEmpty)
    }

    @Test func historyBehindThePresentWaitsForWhatIsReadWithIt() throws {
        let now = Self.start + 1_000 * Self.hour
        for isCleared in [true, false] {
            var rig = StreamRig(try plan(), now: now)
            try rig.take([Self.record(1, "Other", second: 990 * 3_600)])
            try rig.take([Self.record(2, "Stop", second: 0)])
            #expect(rig.alerts.isEmpty && rig.state.heldCount == 1)
            if isCleared { try rig.take([Self.record(3, "Start", second: 5)]) }
            rig.restart()
            rig.tick(at: now + Self.hour + 10)
            #expect(rig.alerts.isEmpty == isCleared)
        }
    }

    @Test func anEventFromTheFutureEndsNoWait() throws {
        var rig = StreamRig(try plan(), now: Self.start + 60_000)
        try rig.take([Self.record(1, "Stop", second: 0)])
        try rig.take([Self.record(2, "Other", second: 3_600 * 24 * 365)])
        #expect(rig.alerts.isEmpty)
    }

    /// The outcome follows from the set of records, whatever their order, batches, repetition and kills.
    @Test(arguments: 1...20) func theOrderOfArrivalDoesNotMatter(seed: UInt64) throws {
        let plan = try plan()
        var random = Numbers(seed: seed)
        let seconds = (0..<150).map { _ in Int.random(in: 0..<4 * 3_600, using: &random) }.sorted()
        let events = seconds.enumerated().map { number, second in
            let name = ["Stop", "Start", "Stop", "Other"].randomElement(using: &random) ?? "Stop"
            let trail = "t\(Int.random(in: 0..<3, using: &random))"
            return (second: second, record: Self.record(number, name, second: second, trail: trail))
        }
        _ = try StreamRig.expectSame(events, plan, &random, last: Self.after)
    }

    @Test func tooManyAreReleasedAndNotLost() throws {
        var rig = StreamRig(try plan())
        let records = (0..<(DetectLimits.heldMatches + 10)).map {
            Self.record($0, "Stop", second: $0 / 100, trail: "t\($0)")
        }
        try rig.take(records)
        #expect(rig.state.heldCount == DetectLimits.heldMatches)
        #expect(rig.state.losses.releasedEarly == 10)
        #expect(rig.alerts.map(\.matchCount) == [10])
    }

    @Test func aCorrelationCountsWhatIsCleared() throws {
        let many = """
            title: Many
            id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c13
            level: high
            correlation: {type: event_count, rules: [5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11], timespan: 1h,
                condition: {gte: 2}, generate: true}
            """
        let catalog = Catalog.read([
            Self.rules("{rule: back, by: [requestParameters.name], within: 10m}"), .init(path: "many.yml", text: many),
        ])
        // It is remarked, since people expect the correlation to leave out what was cleared.
        #expect(catalog.isSound)
        #expect(catalog.problems.map(\.message).contains { $0.contains("'Many' counts all events of the rule") })
        var rig = StreamRig(try DetectionPlan(catalog))
        try rig.take([
            Self.record(1, "Stop", second: 0), Self.record(2, "Start", second: 1), Self.record(3, "Stop", second: 2),
            Self.record(4, "Start", second: 3),
        ])
        #expect(rig.alerts.map(\.title) == ["Many"])
    }

    @Test(arguments: [
        ("{rule: back, by: [a], within: 1h, over: 2}", "'unless' has no key 'over'"),
        ("{by: [a], within: 1h}", "'unless' needs 'rule': whose events clear"),
        ("{rule: back, within: 1h}", "'unless' needs 'by': the fields that both events have in common"),
        ("{rule: back, by: [a]}", "'unless' needs 'within': for how long"),
        ("{rule: back, by: [a], within: 8d}", "'within' is a number with m, h or d behind it, of at most 7 days"),
        ("{rule: back, by: a, within: 1h}", "'by' has to be a list of field paths"),
        ("{rule: [back], by: [a], within: 1h}", "'rule' is the id or name of a rule"),
        ("[back]", "'unless' has to be a mapping"),
        ("{rule: gone, by: [a], within: 1h}", "'unless' refers to 'gone', which is no rule that is loaded"),
        ("{rule: 5B1E64AB-3ffc-4f3b-a11c-3e1d7a4f4c11, by: [a], within: 1h}", "'unless' refers to its own rule"),
    ]) func whatCantBeUsedIsRefusedByName(unless: String, message: String) {
        let catalog = Catalog.read([Self.rules(unless)])
        #expect(catalog.problems.filter(\.isError).map(\.message) == [message])
        #expect(catalog.detections.map(\.title) == ["Back"])
    }

    @Test func aRuleThatIsSwitchedOffMeanwhileRaisesNoAlert() throws {
        let catalog = Catalog.read([Self.rules("{rule: back, by: [requestParameters.name], within: 10m}")])
        var rig = StreamRig(try DetectionPlan(catalog))
        try rig.take([Self.record(1, "Stop", second: 0)])
        var state = rig.state
        let without = try DetectionPlan(catalog) { $0.title == "Back" }
        #expect(state.release(without, now: rig.now + 10 * Self.hour).isEmpty)
        #expect(state.heldCount == 0)
    }
}
