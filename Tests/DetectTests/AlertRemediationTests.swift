// SPDX-License-Identifier: Apache-2.0

import Detect
import Testing

@Suite struct AlertRemediationTests {
    private func note(
        _ id: String, _ state: AlertRemediation.State = .running, at time: Int64 = 0, outcome: String = ""
    ) -> AlertRemediation {
        AlertRemediation(
            id: id, action: "deny_user", target: "user/a", state: state, outcome: outcome, updatedAt: time)
    }

    /// A merger with one published alert, and that alert.
    private func merger() throws -> (AlertMerger, Alert) {
        var merger = AlertMerger()
        merger.add(match(1, at: 1_000), historical: false, now: 5)
        let alert = try #require(merger.takeChanges().first)
        merger.commit()
        return (merger, alert)
    }

    @Test func aNoteIsARevisionThatIsNoMatch() throws {
        var (merger, alert) = try merger()
        #expect(alert.matchedAt == 5)
        #expect(merger.note(note("r"), on: alert, now: 9) == nil)
        let changed = try #require(merger.takeChanges().first)
        #expect(changed.revision == 2 && changed.remediations == [note("r")])
        #expect(changed.updatedAt == 9 && changed.matchedAt == 5, "who asks what is new of the events sees no change")
        merger.commit()
        merger.add(match(2, at: 2_000), historical: false, now: 12)
        #expect(merger.takeChanges().first?.matchedAt == 12)
        merger.commit()
        merger.add(match(3, at: 3_000), historical: true, now: 15)
        let late = try #require(merger.takeChanges().first)
        #expect(late.matchedAt == 12 && late.matchCount == 3, "what was fetched later is no news to act on")
    }

    @Test func theNewestStateOfARemediationStands() throws {
        var (merger, alert) = try merger()
        _ = merger.note(note("r", .finished, at: 7, outcome: "succeeded"), on: alert, now: 9)
        _ = merger.note(note("r", .running, at: 6), on: alert, now: 10)
        _ = merger.note(note("s", at: 8), on: alert, now: 10)
        let changed = try #require(merger.takeChanges().first)
        #expect(changed.remediations.map(\.id) == ["r", "s"])
        #expect(changed.remediations.first?.outcome == "succeeded")
        for number in 0..<DetectLimits.alertRemediations { _ = merger.note(note("\(number)"), on: alert, now: 11) }
        #expect(merger.takeChanges().first?.remediations.count == DetectLimits.alertRemediations)
    }

    @Test func aClosedAlertTakesANoteAndAMergedOneLeadsOn() throws {
        var (merger, alert) = try merger()
        var closed = try merger.apply(.update(status: .closed, note: nil), to: alert, now: 6)
        closed = try #require(merger.takeChanges().first)
        merger.commit()
        #expect(merger.note(note("r"), on: closed, now: 9) == nil)
        let noted = try #require(merger.takeChanges().first)
        #expect(noted.status == .closed && noted.remediations == [note("r")] && noted.revision == 3)
        merger.commit()
        #expect(merger.count == 0, "a closed alert takes no room")
        alert.status = .merged
        alert.mergedInto = "survivor"
        #expect(merger.note(note("r"), on: alert, now: 9) == "survivor")
        #expect(merger.takeChanges().isEmpty)
    }
}
