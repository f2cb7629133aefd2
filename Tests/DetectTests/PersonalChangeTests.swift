// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

@Suite struct PersonalChangeTests {
    /// A merger with one stored alert.
    private func start(audience: Audience = .analyst) throws -> (AlertMerger, Alert) {
        var merger = AlertMerger()
        merger.add(match(1, at: 1_000, audience: audience), historical: false, now: 1)
        let alert = try #require(merger.takeChanges().first)
        merger.commit()
        return (merger, alert)
    }

    @Test func aClosedAlertTakesNoMore() throws {
        var (merger, alert) = try start()
        let closed = try merger.apply(.update(status: .closed, note: "benign"), to: alert, now: 2)
        #expect(closed.note == "benign")
        #expect(merger.takeChanges().map(\.revision) == [2])
        merger.commit()
        merger.add(match(2, at: 2_000), historical: false, now: 3)
        let next = try #require(merger.takeChanges().first)
        #expect(next.id != alert.id)
        #expect(next.matchCount == 1)
    }

    @Test func anAcknowledgedAlertGrowsOn() throws {
        var (merger, alert) = try start()
        _ = try merger.apply(.update(status: .acknowledged, note: nil), to: alert, now: 2)
        merger.add(match(2, at: 2_000), historical: false, now: 2)
        let changes = merger.takeChanges()
        #expect(changes.map(\.matchCount) == [2])
        #expect(changes.map(\.status) == [.acknowledged])
        #expect(changes.map(\.revision) == [2])
    }

    @Test func aReopenedAlertGrowsOn() throws {
        var (merger, alert) = try start()
        _ = try merger.apply(.update(status: .closed, note: nil), to: alert, now: 2)
        let closed = try #require(merger.takeChanges().first)
        merger.commit()
        #expect(merger.count == 0)
        _ = try merger.apply(.update(status: .open, note: nil), to: closed, now: 3)
        merger.add(match(2, at: 2_000), historical: false, now: 3)
        #expect(merger.takeChanges().map(\.matchCount) == [2])
    }

    @Test func aLostChangeToAClosedAlertLeavesNothing() throws {
        var (merger, alert) = try start()
        _ = try merger.apply(.update(status: .closed, note: nil), to: alert, now: 2)
        let closed = try #require(merger.takeChanges().first)
        merger.commit()
        _ = try merger.apply(.update(status: nil, note: "again"), to: closed, now: 3)
        merger.rollback()
        #expect(merger.count == 0)
    }

    @Test func anExpectedDuetIsClosed() throws {
        var (merger, alert) = try start(audience: .owner)
        let answered = try merger.apply(.answer(.expected, note: "my deploy"), to: alert, now: 2)
        #expect(answered.status == .closed)
        #expect(answered.duetAnswer == .expected)
    }

    @Test func anUnexpectedDuetGoesToTheAnalysts() throws {
        var (merger, alert) = try start(audience: .owner)
        let answered = try merger.apply(.answer(.unexpected, note: nil), to: alert, now: 2)
        #expect(answered.status == .open)
        #expect(answered.audience == .analyst)
        let again = try merger.apply(.answer(.expected, note: nil), to: alert, now: 3)
        #expect(again.status == .closed)
    }

    @Test func refusals() throws {
        var (merger, alert) = try start()
        #expect(throws: PersonalChangeError.notADuet) {
            try merger.apply(.answer(.expected, note: nil), to: alert, now: 2)
        }
        #expect(throws: PersonalChangeError.invalidStatus) {
            try merger.apply(.update(status: .merged, note: nil), to: alert, now: 2)
        }
        let long = String(repeating: "x", count: DetectLimits.noteBytes + 1)
        #expect(throws: PersonalChangeError.noteTooLong) {
            try merger.apply(.update(status: .closed, note: long), to: alert, now: 2)
        }
        var merged = alert
        merged.id = "another"
        merged.status = .merged
        merged.mergedInto = alert.id
        #expect(throws: PersonalChangeError.merged(into: alert.id)) {
            try merger.apply(.update(status: .closed, note: nil), to: merged, now: 2)
        }
        #expect(merger.takeChanges().isEmpty)
    }
}
