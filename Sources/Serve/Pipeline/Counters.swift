// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Messages
import Synchronization

/// What the service counted since it started.
package final class Counters: Sendable {
    package let accepted = Atomic<UInt64>(0)
    package let duplicate = Atomic<UInt64>(0)
    package let rejected = Atomic<UInt64>(0)
    package let failedCommits = Atomic<UInt64>(0)
    package let startedAt = Clock.milliseconds()
    /// How long transactions took.
    package let commits = DurationHistogram()
    /// Damage of the store that was met.
    package let damage = DamageTally()
    private let state = Mutex(State())

    /// Records of one account since the start.
    package struct Activity: Sendable, Equatable {
        package var accepted: UInt64 = 0
        package var duplicate: UInt64 = 0

        package init() {}

        static func += (left: inout Activity, right: Activity) {
            left.accepted += right.accepted
            left.duplicate += right.duplicate
        }
    }

    /// Refused records by their reason.
    package typealias Rejections = [CloudTrail.RejectionReason: Int]

    private struct State {
        var rejections: Rejections = [:]
        var activity: [AccountID: Activity] = [:]
        /// Refusals of certificates of some accounts, by these accounts.
        var rejectionsOfScopes: [Set<AccountID>: Rejections] = [:]
        var alerts: [Detect.Severity: Int] = [:]
        var stream = StreamStatistics()
        /// Refusals that the service's log does not tell yet.
        var untold = RefusalTally()
    }

    /// What the stream remembers, as of the last commit.
    package var stream: StreamStatistics { state.withLock { $0.stream } }

    func set(_ stream: StreamStatistics) { state.withLock { $0.stream = stream } }

    package init() {}

    /// Rejected records by reason.
    package var rejections: Rejections { state.withLock { $0.rejections } }

    /// Rejected records of certificates that cover none but some accounts: who sees these accounts may know of them.
    func rejections(within scope: Set<AccountID>) -> Rejections {
        state.withLock { state in
            state.rejectionsOfScopes.reduce(into: [:]) { sum, entry in
                guard entry.key.isSubset(of: scope) else { return }
                sum.merge(entry.value, uniquingKeysWith: +)
            }
        }
    }

    /// Records of some accounts since the start.
    func activity(within scope: Set<AccountID>) -> Activity {
        state.withLock { state in
            scope.reduce(into: Activity()) { if let one = state.activity[$1] { $0 += one } }
        }
    }

    func add(_ activity: [AccountID: Activity]) {
        guard !activity.isEmpty else { return }
        state.withLock { state in
            for (account, one) in activity { state.activity[account, default: Activity()] += one }
        }
    }

    /// Alerts that were raised, by severity.
    package var alerts: [Detect.Severity: Int] { state.withLock { $0.alerts } }

    /// Counts what became of a submission. A dead letter that is refused again was counted when it came.
    func add(_ response: SubmitEventsResponse, of evaluated: EvaluatedSubmission) {
        accepted.wrappingAdd(UInt64(response.accepted), ordering: .relaxed)
        duplicate.wrappingAdd(UInt64(response.duplicate), ordering: .relaxed)
        guard response.rejected > 0 else { return }
        let batch = evaluated.batch
        if let again = evaluated.submission.resubmission { return again.refused.add(batch.rejectedByReason) }
        rejected.wrappingAdd(UInt64(response.rejected), ordering: .relaxed)
        state.withLock { state in
            for (reason, count) in batch.rejectedByReason.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                state.rejections[reason, default: 0] += count
                if let scope = evaluated.submission.scope,
                    state.rejectionsOfScopes[scope] != nil
                        || state.rejectionsOfScopes.count < Limits.countedScopes
                {
                    state.rejectionsOfScopes[scope, default: [:]][reason, default: 0] += count
                }
                state.untold.add(count, reason, source: evaluated.submission.source) {
                    batch.rejections.first { $0.rejection.reason == reason }?.rejection.detail ?? ""
                }
            }
        }
    }

    /// Refusals since the last call, for the service's log.
    func takeUntoldRefusals() -> [RefusalTally.Line] { state.withLock { $0.untold.take() } }

    /// Counts alerts that appear for the first time.
    func add(raised alerts: some Sequence<Detect.Alert>) {
        state.withLock { state in
            for alert in alerts where alert.revision == 1 { state.alerts[alert.severity, default: 0] += 1 }
        }
    }

    func addFailedCommit() { failedCommits.wrappingAdd(1, ordering: .relaxed) }
}

/// The service's clock.
package enum Clock {
    /// Milliseconds since 1970.
    package static func milliseconds() -> Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Milliseconds(time.tv_sec) * 1_000 + Milliseconds(time.tv_nsec) / 1_000_000
    }

    /// Milliseconds since some start, for spans of time: nobody sets this clock.
    package static func monotonic() -> Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Milliseconds(time.tv_sec) * 1_000 + Milliseconds(time.tv_nsec) / 1_000_000
    }
}
