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
        while !Task.isCancelled, !pipeline.tail.isClosed {
            do {
                let page = try await page(after: position)
                for alert in page.alerts { try await consider(alert) }
                position = page.next
                if position > saved, !page.isCaughtUp || Clock.monotonic() - savedAt >= Limits.cursorInterval {
                    try await save(position)
                    (saved, savedAt) = (position, Clock.monotonic())
                }
                if page.isCaughtUp { await pipeline.tail.wait(beyond: position) }
            } catch {
                if Task.isCancelled || pipeline.tail.isClosed { return }
                log.error("alerts can't be answered: \(error)")
                try? await Task.sleep(for: .seconds(Limits.responderPauseSeconds))
            }
        }
    }

    /// Where the last process was. A service that never had remediations begins with what comes from now on.
    private func start() async -> Int64 {
        let last = pipeline.tail.last
        do {
            let bytes = try await pipeline.journal.reader.detached { try $0.state(Self.cursorName) }
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

    private func page(after position: Int64) async throws -> (alerts: [Detect.Alert], next: Int64, isCaughtUp: Bool) {
        if let live = pipeline.tail.entries(after: position) {
            return (live.map(\.alert), live.last?.position ?? position, true)
        }
        let page = try await pipeline.journal.reader.detached {
            try $0.alertLog(after: position, limit: Limits.respondingPage)
        }
        let alerts = page.entries.compactMap { entry -> Detect.Alert? in
            do { return try AlertStore.alert(entry) } catch {
                // One revision that can't be read must not keep the others unanswered.
                if pipeline.counters.damage.note(error) { log.error("an alert is not answered: \(error)") }
                return nil
            }
        }
        return (alerts, page.next, page.isCaughtUp)
    }

    private func consider(_ alert: Detect.Alert) async throws {
        guard alert.eventSource != NoticeAlerts.source, alert.status == .open || alert.status == .acknowledged,
            !alert.historical
        else { return }
        for action in RemediationAction.allCases {
            guard let target = TargetFinder.target(action, of: alert), isWanted(action, target, alert) else {
                continue
            }
            try await desk.respond(action, target, to: alert)
        }
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
