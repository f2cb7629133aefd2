// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

@Suite struct AlertMergerTests {
    private let hour: Milliseconds = 3_600_000

    @Test func aMatchOpensAnAlert() throws {
        var merger = AlertMerger()
        merger.add(match(1, at: 1_000, evidence: ["userName": "eve"]), historical: false, now: 5)
        let alerts = merger.takeChanges()
        merger.commit()
        let alert = try #require(alerts.first)
        #expect(alerts.count == 1)
        #expect(alert.revision == 1)
        #expect(alert.status == .open)
        #expect(alert.matchCount == 1)
        #expect(alert.createdAt == 5)
        #expect(alert.eventIDs == [eventID(1)])
        #expect(alert.evidence == [Evidence(name: "userName", value: "eve")])
        #expect(alert.actor.principal == "arn:aws:iam::111122223333:user/eve")
    }

    @Test func aGroupMakesOneRevision() {
        var merger = AlertMerger()
        for number in 1...5 { merger.add(match(number, at: Int64(number) * 1_000), historical: false, now: 1) }
        #expect(merger.takeChanges().map(\.revision) == [1])
        merger.commit()
        #expect(merger.takeChanges().isEmpty)
        for number in 6...9 { merger.add(match(number, at: Int64(number) * 1_000), historical: false, now: 2) }
        let changes = merger.takeChanges()
        merger.commit()
        #expect(changes.map(\.revision) == [2])
        #expect(changes.map(\.matchCount) == [9])
        #expect(changes.map(\.lastSeen) == [9_000])
    }

    @Test func theWindowIsOfEventTimeAndItsEndBelongsToIt() {
        var merger = AlertMerger()
        merger.add(match(1, at: hour), historical: false, now: 1)
        merger.add(match(2, at: 2 * hour), historical: false, now: 1)
        merger.add(match(3, at: 0), historical: false, now: 1)
        #expect(merger.takeChanges().map(\.matchCount) == [3])
        merger.commit()
        merger.add(match(4, at: 3 * hour + 1), historical: false, now: 1)
        #expect(merger.takeChanges().map(\.matchCount) == [1])
    }

    @Test func keysStayApart() {
        var merger = AlertMerger()
        merger.add(match(1, at: 0), historical: false, now: 1)
        merger.add(match(2, at: 0, detection: "b"), historical: false, now: 1)
        merger.add(match(3, at: 0, account: 7), historical: false, now: 1)
        merger.add(match(4, at: 0, actor: "someone else"), historical: false, now: 1)
        let changes = merger.takeChanges()
        #expect(changes.count == 4)
        #expect(Set(changes.map(\.id)).count == 4)
    }

    @Test func aBridgeMergesTheYoungerIntoTheOlder() throws {
        var merger = AlertMerger()
        merger.add(match(1, at: 2 * hour, evidence: ["k": "late"]), historical: false, now: 1)
        let older = try #require(merger.takeChanges().first)
        merger.commit()
        merger.add(match(2, at: 0, evidence: ["k": "early"]), historical: true, now: 2)
        let younger = try #require(merger.takeChanges().first)
        merger.commit()
        #expect(older.id != younger.id)
        merger.add(match(3, at: hour), historical: false, now: 3)
        let changes = merger.takeChanges()
        merger.commit()
        let survivor = try #require(changes.first { $0.id == older.id })
        let merged = try #require(changes.first { $0.id == younger.id })
        #expect(changes.count == 2)
        #expect(survivor.matchCount == 3)
        #expect(survivor.firstSeen == 0)
        #expect(survivor.lastSeen == 2 * hour)
        #expect(survivor.revision == 2)
        #expect(survivor.historical == false)
        #expect(survivor.eventIDs == [eventID(2), eventID(3), eventID(1)])
        #expect(survivor.evidence.map(\.value) == ["early", "late"])
        #expect(merged.status == .merged)
        #expect(merged.mergedInto == older.id)
        #expect(merged.revision == 2)
        #expect(merger.count == 1)
    }

    @Test func anAlertThatNobodySawIsMergedWithoutATrace() {
        var merger = AlertMerger()
        merger.add(match(1, at: 0), historical: false, now: 1)
        merger.add(match(2, at: 2 * hour), historical: false, now: 1)
        merger.add(match(3, at: hour), historical: false, now: 1)
        let changes = merger.takeChanges()
        #expect(changes.map(\.matchCount) == [3])
        #expect(changes.map(\.revision) == [1])
        merger.commit()
        #expect(merger.count == 1)
    }

    @Test func anAlertKeepsTheEarliestEventsOnly() throws {
        var merger = AlertMerger()
        for number in (1...300).shuffled() { merger.add(match(number, at: Int64(number)), historical: false, now: 1) }
        let alert = try #require(merger.takeChanges().first)
        #expect(alert.matchCount == 300)
        #expect(alert.eventIDs == (1...DetectLimits.alertEvents).map(eventID))
    }

    @Test func factsAreDistinctAndTheEarliest() throws {
        var merger = AlertMerger()
        for number in (1...200).shuffled() {
            merger.add(match(number, at: Int64(number), evidence: ["k": "\(number / 2)"]), historical: false, now: 1)
        }
        let alert = try #require(merger.takeChanges().first)
        #expect(alert.evidence.map(\.value) == (0..<DetectLimits.alertEvidence).map(String.init))
    }

    @Test func aLateMatchFindsASealedAlert() throws {
        var merger = AlertMerger(capacity: 10)
        var store: [String: Alert] = [:]
        for number in 0..<40 {
            merger.add(match(number, at: Int64(number) * 10 * hour), historical: false, now: Int64(number))
            for alert in merger.takeChanges() { store[alert.id] = alert }
            merger.commit()
        }
        #expect(merger.count <= 10)
        #expect(merger.sealedCount >= 30)
        merger.add(match(100, at: 5), historical: false, now: 99) { key, range in
            store.values.filter { $0.key == key && range.overlaps($0.firstSeen...$0.lastSeen) }
        }
        let changes = merger.takeChanges()
        #expect(changes.map(\.matchCount) == [2])
        #expect(changes.map(\.revision) == [2])
    }

    /// An alert in memory follows its session to whoever made it; a sealed one does not.
    @Test func oneAccountsFloodSealsNoAlertOfAnother() {
        var merger = AlertMerger(capacity: 20)
        merger.add(match(0, at: 0), historical: false, now: 0)
        let own = merger.takeChanges().map(\.id)
        merger.commit()
        for number in 1..<200 {
            merger.add(
                match(number, at: Int64(number), account: 999_988_887_777, actor: "a\(number)"), historical: false,
                now: Int64(number))
            _ = merger.takeChanges()
            merger.commit()
        }
        #expect(merger.count <= 20 && merger.sealedCount > 100)
        #expect(own.count == 1 && merger.alert(id: own[0]) != nil)
        // No match of the own account looks into the store for what the flood sealed.
        var lookUps = 0
        merger.add(match(300, at: 5), historical: false, now: 300) { _, _ in
            lookUps += 1
            return []
        }
        #expect(lookUps == 0)
    }

    @Test func alertsAreRestored() {
        var merger = AlertMerger()
        merger.add(match(1, at: 1_000), historical: false, now: 1)
        let stored = merger.takeChanges()
        var restored = AlertMerger(restoring: stored)
        restored.add(match(2, at: 2_000), historical: false, now: 2)
        let changes = restored.takeChanges()
        #expect(changes.map(\.id) == stored.map(\.id))
        #expect(changes.map(\.revision) == [2])
    }

    /// Which alerts were left out is not known, so also a match that is later than all that are in memory looks.
    @Test func anIncompleteRestoreLooksUp() {
        var earlier = AlertMerger()
        earlier.add(match(9, at: 0), historical: false, now: 1)
        var merger = AlertMerger(restoring: earlier.takeChanges(), isComplete: false)
        var asked = 0
        merger.add(match(1, at: 100 * hour), historical: false, now: 1) { _, _ in
            asked += 1
            return []
        }
        #expect(asked == 1)
    }

    @Test func aFailedCommitLeavesNoTrace() throws {
        var merger = AlertMerger()
        merger.add(match(1, at: 0), historical: false, now: 1)
        merger.add(match(2, at: 2 * hour), historical: false, now: 1)
        let stored = merger.takeChanges()
        merger.commit()
        // A bridge, a new alert and a person's change, all lost.
        merger.add(match(3, at: hour), historical: false, now: 2)
        merger.add(match(4, at: 0, detection: "b"), historical: false, now: 2)
        _ = try merger.apply(.update(status: .closed, note: "gone"), to: stored[0], now: 2)
        #expect(merger.takeChanges().count == 3)
        merger.rollback()
        #expect(merger.count == 2)
        #expect(stored.allSatisfy { merger.alert(id: $0.id) == $0 })
        merger.add(match(3, at: hour), historical: false, now: 3)
        let again = merger.takeChanges()
        #expect(again.map(\.revision) == [2, 2])
        #expect(again.first { $0.status == .open }?.matchCount == 3)
    }
}
