// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Logging

/// Says of an account how it does, by what is known of it. A pure function of time and observations.
package enum AccountHealth: Sendable, Hashable {
    case healthy
    /// No events came for so long, for this reason.
    case degraded(String)
    /// Silent for so long that the trail has to be asked, and it was not, or could not be.
    case undecided

    /// How long the account has been silent decides whether the trail is asked, and what it says decides the rest.
    ///
    /// - Parameters:
    ///   - silence: Between the latest event's time and now, in milliseconds.
    ///   - trail: What the trail says; nil where it was not asked.
    ///   - minutes: From how much silence on the trail is asked.
    package init(silence: Milliseconds, trail: AccountInspector.TrailState?, minutes: Int) {
        guard silence > Milliseconds(minutes) * 60_000 else {
            self = .healthy
            return
        }
        let hours = silence / 3_600_000
        let since = hours >= 2 ? "\(hours) hours" : "\(silence / 60_000) minutes"
        switch trail {
        case nil: self = .undecided
        case .logging?: self = .degraded("no events for \(since), though the trail logs")
        case .stopped?: self = .degraded("no events for \(since): the trail has been stopped")
        // Silence alone says nothing: the account may be quiet, or its events history.
        case .unknown?: self = .undecided
        }
    }
}

/// Looks at each account every minute: whether its events still come.
package struct AccountWatch: Sendable {
    private let pipeline: Pipeline
    private let minutes: Int
    private let log: Logger
    private let trailState: @Sendable (AccountRow) async -> AccountInspector.TrailState

    /// - Parameters:
    ///   - minutes: From how many minutes of silence on the trail is asked.
    ///   - trailState: Asks an account's trail whether it logs.
    package init(
        pipeline: Pipeline, minutes: Int, log: Logger,
        trailState: @escaping @Sendable (AccountRow) async -> AccountInspector.TrailState
    ) {
        self.pipeline = pipeline
        self.minutes = minutes
        self.log = log
        self.trailState = trailState
    }

    /// Looks again and again, until the task is cancelled.
    func run() async {
        var clock = SteadyClock()
        var isFirst = true
        while !Task.isCancelled {
            let now = Clock.milliseconds()
            let isSteady = clock.isSteady(clock: now, uptime: Clock.monotonic())
            // By a clock that was just set, every account may have been silent for years, or none ever.
            if isSteady || isFirst {
                do { try await look(now: now, isSteady: isSteady) } catch {
                    log.error("the watch over accounts: \(error)")
                }
            }
            isFirst = false
            try? await Task.sleep(for: .seconds(Limits.accountCheckSeconds))
        }
    }

    /// Looks at every account once.
    ///
    /// - Parameter isSteady: whether the clock can be believed against what was stored by it before: then no account's
    ///   latest event stays later than now, so that its silence counts from now on.
    package func look(now: Milliseconds, isSteady: Bool = true) async throws {
        var rows = try await pipeline.journal.reader.detached(.response) { try $0.allAccounts() }
        if isSteady, rows.contains(where: { $0.lastEventAt ?? 0 > now + CloudTrailLimits.futureMilliseconds }) {
            try await pipeline.perform { transaction, _ in try transaction.limitActivity(to: now) }
            log.warning("accounts had their latest events in the future; their silence counts from now on")
            rows = try await pipeline.journal.reader.detached(.response) { try $0.allAccounts() }
        }
        for row in rows where row.state == StoredAccountState.onboarded.rawValue && !Task.isCancelled {
            // What never had an event is pending, and nothing has stopped.
            guard let last = row.lastEventAt else { continue }
            var health = AccountHealth(silence: now - last, trail: nil, minutes: minutes)
            if health == .undecided, row.settings.degradedSince == nil || isDue(row, now) {
                let trail = await trailState(row)
                health = AccountHealth(silence: now - last, trail: trail, minutes: minutes)
            }
            try await note(health, of: row, now)
        }
    }

    /// An account that is degraded already is asked every so often, for its reason may change.
    private func isDue(_ row: AccountRow, _ now: Milliseconds) -> Bool {
        let since = row.settings.degradedSince ?? now
        return (now - since) % (Limits.degradedCheckSeconds * 1_000) < Limits.accountCheckSeconds * 1_000
    }

    private func note(_ health: AccountHealth, of row: AccountRow, _ now: Milliseconds) async throws {
        let known = row.settings.degradedSince
        switch health {
        case .undecided: return
        case .healthy:
            guard known != nil else { return }
            try await change(row) { ($0.degradedSince, $0.degradedReason) = (nil, nil) }
            log.notice("account \(row.accountID) has events again")
        case .degraded(let reason):
            guard known == nil || row.settings.degradedReason != reason else { return }
            guard let account = AccountID(row.accountID) else { return }
            let last = row.lastEventAt ?? row.onboardedAt
            // One silence is one alert, however its reason reads as time goes by.
            let observation = OwnAlerts.Observation(
                detection: OwnAlerts.degraded, account: account, time: known ?? now,
                identity: "degraded/\(row.accountID)/\(last)", subject: "account \(row.accountID)",
                region: row.settings.region, name: "AccountDegraded",
                evidence: [
                    Evidence(name: "reason", value: reason),
                    Evidence(name: "last_event", value: EventTime.format(last)),
                ])
            let (id, damage) = (row.accountID, pipeline.counters.damage)
            try await pipeline.perform { transaction, merger in
                guard var stored = try transaction.account(id), stored.lastEventAt == row.lastEventAt else { return }
                var settings = stored.settings
                settings.degradedSince = settings.degradedSince ?? now
                settings.degradedReason = reason
                stored.settings = settings
                try transaction.putAccount(stored)
                _ = try OwnAlerts.raise(observation, transaction, &merger, now: now, damage)
            }
            if known == nil { log.warning("account \(row.accountID) is degraded: \(reason)") }
        }
    }

    private func change(
        _ row: AccountRow, _ body: @escaping @Sendable (inout AccountSettings) -> Void
    ) async throws {
        let id = row.accountID
        try await pipeline.perform { transaction, _ in
            guard var stored = try transaction.account(id) else { return }
            var settings = stored.settings
            body(&settings)
            stored.settings = settings
            try transaction.putAccount(stored)
        }
    }
}
