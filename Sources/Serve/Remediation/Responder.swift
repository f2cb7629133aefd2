// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Logging
import Respond

/// Reads the alert log as it grows, and starts what the policies say.
///
/// An alert counts as often as it is read: the id of a remediation follows from alert, action and target, so the same
/// one again finds what was started before. The place in the log is kept only so that a restart need not read all of it.
struct Responder: Sendable {
    private static let cursorName = "remediation/cursor"

    let desk: RemediationDesk
    let pipeline: Pipeline
    let log: Logger

    /// Runs until the service stops.
    func run() async {
        var position = await start()
        var saved = position
        var savedAt = Clock.monotonic()
        // Accounts with more alerts than may be answered at once, and before which place of the log each goes on: the others
        // don't wait for them.
        var behind: [AccountID: Int64] = [:]
        while !Task.isCancelled, !pipeline.tail.isClosed {
            do {
                let page = try await page(after: position)
                for (place, alert) in page.alerts where behind[alert.accountID] == nil {
                    if try await !consider(alert) { behind[alert.accountID] = place - 1 }
                }
                position = page.next
                try await catchUp(&behind, through: position)
                let done = behind.values.min().map { min($0, position) } ?? position
                if done > saved, !page.isCaughtUp || Clock.monotonic() - savedAt >= Limits.cursorInterval {
                    try await save(done)
                    (saved, savedAt) = (done, Clock.monotonic())
                }
                guard page.isCaughtUp else { continue }
                if behind.isEmpty {
                    await pipeline.tail.wait(beyond: position)
                } else {
                    try await Task.sleep(for: .milliseconds(Limits.roomInterval))
                }
            } catch {
                if Task.isCancelled || pipeline.tail.isClosed { return }
                log.error("alerts can't be answered: \(error)")
                try? await Task.sleep(for: .seconds(Limits.responderPauseSeconds))
            }
        }
    }

    /// Goes on with the alerts of accounts that had no room, as far as there is some now.
    private func catchUp(_ behind: inout [AccountID: Int64], through position: Int64) async throws {
        for (account, start) in behind where desk.underWay.hasRoom(account.description) {
            let filter = AlertFilter(accountIDs: [account.description])
            let page = try await pipeline.journal.reader.detached(.response) {
                try $0.alertLog(after: start, filter, limit: Limits.respondingPage)
            }
            var stopped: Int64?
            for entry in page.entries {
                guard try await consider(try AlertCodec.decode(entry.payload)) else {
                    stopped = entry.position - 1
                    break
                }
            }
            let next = stopped ?? page.next
            behind[account] = stopped == nil && (page.isCaughtUp || next >= position) ? nil : next
        }
    }

    /// Where the last process was. A service that never had remediations begins with what comes from now on.
    private func start() async -> Int64 {
        let last = pipeline.tail.last
        do {
            let bytes = try await pipeline.journal.reader.detached(.response) { try $0.state(Self.cursorName) }
            if let bytes {
                let position = Int64(String(decoding: bytes, as: UTF8.self))
                if let position, position <= last { return position }
                let error = JournalError.damaged("state \(Self.cursorName)", "it is no place in the alert log")
                if position == nil, pipeline.counters.damage.note(error) {
                    log.error("alerts before entry \(last) that were not answered yet are not answered: \(error)")
                }
            }
            try await save(last)
        } catch {
            log.error("the responder's place in the alert log can't be read: \(error)")
        }
        return last
    }

    private func save(_ position: Int64) async throws {
        try await pipeline.perform { transaction, _ in
            try transaction.putState(Self.cursorName, Array(String(position).utf8))
        }
    }

    private func page(
        after position: Int64
    ) async throws -> (alerts: [(Int64, Detect.Alert)], next: Int64, isCaughtUp: Bool) {
        if let live = pipeline.tail.entries(after: position) {
            return (live.map { ($0.position, $0.alert) }, live.last?.position ?? position, true)
        }
        let page = try await pipeline.journal.reader.detached(.response) {
            try $0.alertLog(after: position, limit: Limits.respondingPage)
        }
        let alerts = page.entries.compactMap { entry -> (Int64, Detect.Alert)? in
            do { return (entry.position, try AlertStore.alert(entry)) } catch {
                // One revision that can't be read must not keep the others unanswered.
                if pipeline.counters.damage.note(error) { log.error("an alert is not answered: \(error)") }
                return nil
            }
        }
        return (alerts, page.next, page.isCaughtUp)
    }

    /// Starts what the policies say. False where there was no room for some of it: the alert is to be considered again.
    private func consider(_ alert: Detect.Alert) async throws -> Bool {
        guard alert.eventSource != NoticeAlerts.source, alert.status == .open || alert.status == .acknowledged,
            !alert.historical
        else { return true }
        for action in RemediationAction.allCases {
            guard let target = TargetFinder.target(action, of: alert), isWanted(action, target, alert) else {
                continue
            }
            guard desk.underWay.hasRoom(target.accountID) else { return false }
            try await desk.respond(action, target, to: alert)
        }
        return true
    }

    /// Whether the policy would have the action look at the alert at all. Only what was matched since the policy was set
    /// counts: to enable an action is no order to act on what is past.
    private func isWanted(_ action: RemediationAction, _ target: RemediationTarget, _ alert: Detect.Alert) -> Bool {
        let stored = desk.book.policy(action, of: target.accountID)
        let since = desk.book.since(
            action, of: target.accountID, now: Clock.milliseconds(), uptime: Clock.monotonic())
        guard stored.policy.isLive, alert.matchedAt >= since else { return false }
        guard let account = AccountID(target.accountID), pipeline.accounts.contains(account) else { return false }
        let trigger = desk.trigger(action, target, alert)
        let situation = RemediationSituation(isFrozen: false, isOnboarded: true, ownIdentities: [], automaticRuns: 0)
        switch stored.policy.decide(trigger, on: TargetFinder.facts(target), in: situation) {
        // Nobody wanted it: no news. Any other refusal stands in the history.
        case .refuse(.off, _), .refuse(.belowSeverity, _), .refuse(.detectionNotListed, _): return false
        case .refuse, .run, .rehearse, .askPerson, .findOut: return true
        }
    }
}
