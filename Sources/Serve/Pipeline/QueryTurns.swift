// SPDX-License-Identifier: Apache-2.0

/// Whose turn it is to read: a few at once, of each party fewer, and parties take turns. A value that does no I/O.
///
/// Invalid operations: the end of a read that does not run, and the leaving of one that does not wait, change nothing.
package struct QueryTurns: Sendable {
    /// Who shares a turn: the certificates of the same accounts, or one certificate of all accounts.
    package typealias Party = String

    /// The answer to a read that comes.
    package enum Admission: Equatable, Sendable {
        case run
        /// It runs once `leave` or `abandon` gives its number.
        case wait
        /// Too many of its party wait already.
        case refuse(waiting: Int)
    }

    private var running: [Party: Int] = [:]
    package private(set) var runningCount = 0
    private var waiting: [Party: [UInt64]] = [:]
    /// Parties that wait, the next first.
    private var turns: [Party] = []
    private let limit: Int
    private let limitOfParty: Int
    private let waitingOfParty: Int

    package init(limit: Int, perParty: Int, waiting: Int) {
        self.limit = limit
        limitOfParty = perParty
        waitingOfParty = waiting
    }

    /// Reads that wait.
    package var waitingCount: Int { waiting.values.reduce(0) { $0 + $1.count } }

    /// Takes a read of a party.
    package mutating func enter(_ party: Party, _ number: UInt64) -> Admission {
        if admits(party) {
            start(party)
            return .run
        }
        let count = waiting[party]?.count ?? 0
        guard count < waitingOfParty else { return .refuse(waiting: count) }
        if count == 0 { turns.append(party) }
        waiting[party, default: []].append(number)
        return .wait
    }

    /// Ends a read of a party that ran.
    /// - Returns: the read that runs now.
    package mutating func leave(_ party: Party) -> UInt64? {
        guard let count = running[party] else { return nil }
        runningCount -= 1
        running[party] = count == 1 ? nil : count - 1
        guard let place = turns.firstIndex(where: admits) else { return nil }
        let chosen = turns.remove(at: place)
        guard let next = waiting[chosen]?.removeFirst() else { return nil }
        if waiting[chosen]?.isEmpty ?? true { waiting[chosen] = nil } else { turns.append(chosen) }
        start(chosen)
        return next
    }

    /// Takes a waiting read out: its caller has left. False where it does not wait.
    package mutating func abandon(_ party: Party, _ number: UInt64) -> Bool {
        guard let place = waiting[party]?.firstIndex(of: number) else { return false }
        waiting[party]?.remove(at: place)
        if waiting[party]?.isEmpty ?? true {
            waiting[party] = nil
            turns.removeAll { $0 == party }
        }
        return true
    }

    private func admits(_ party: Party) -> Bool {
        runningCount < limit && (running[party] ?? 0) < limitOfParty
    }

    private mutating func start(_ party: Party) {
        runningCount += 1
        running[party, default: 0] += 1
    }
}
