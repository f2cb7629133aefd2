// SPDX-License-Identifier: Apache-2.0

import Messages

/// What an executor knows of its commands: which are under way and until when each is its own, and the results of those
/// that the service has not confirmed yet. So a command that comes again after a lost connection is answered from memory
/// and not carried out a second time.
///
/// A command is its own for the lease from the last renewal (or hello) of which the service has confirmed that it came, by
/// the time at which that was sent. So no lease here ends later than the service's own, however slow or dead the
/// connection is: what the service has given up, and a freeze with it, no executor begins any more.
///
/// A value without I/O that takes time as an argument, in milliseconds from any start. What a service may send and is
/// ignored: releases of commands that are not known.
package struct ExecutorMemory: Sendable {
    /// What to do with a command that has come.
    package enum Verdict: Sendable, Equatable {
        /// It is new: carry it out.
        case begin
        /// It is under way already: its result will be sent.
        case wait
        /// It is done: send this again.
        case answer(ExecutorResult)
    }

    private var leases: [String: Int64] = [:]
    /// The time at which the last renewal was sent that is known to have come.
    private var confirmedAt = Int64.min / 2
    /// Renewals that the service has not confirmed yet.
    private var sent: [(number: UInt64, at: Int64, ids: [String])] = []
    private var lastRenewal: UInt64 = 0
    private var results: [String: ExecutorResult] = [:]
    /// The remembered results in the order in which they came.
    private var order: [String] = []
    /// How long a command is the executor's own without a renewal; the service says it.
    package var lease: Int64

    package init(lease: Int64 = Limits.assumedLease) { self.lease = lease }

    /// A connection begins with a hello that is sent now.
    package mutating func greeted(at now: Int64) {
        sent = [(0, now, [])]
        lastRenewal = 0
    }

    /// The service has taken a renewal; 0 stands for the hello.
    package mutating func confirmed(_ number: UInt64, at now: Int64) {
        guard let place = sent.firstIndex(where: { $0.number == number }) else { return }
        let (_, at, ids) = sent[place]
        sent.removeFirst(place + 1)
        confirmedAt = max(confirmedAt, at)
        // What was revoked stays so. What ran out meanwhile may have run out at the service before the renewal came.
        for id in ids { if let end = leases[id], now < end { leases[id] = max(end, at + lease) } }
    }

    /// A command has come.
    package mutating func received(_ id: String, at now: Int64) -> Verdict {
        if let result = results[id] { return .answer(result) }
        let isUnderWay = leases[id] != nil
        // That the service sends it says that it is this executor's, unless it was revoked: it is told again of what it
        // waits to hear of.
        if leases[id] != 0 { leases[id] = min(now, confirmedAt) + lease }
        return isUnderWay ? .wait : .begin
    }

    /// Whether the command is still this executor's. After its lease somebody else may have it: it must not be begun.
    package func isOwn(_ id: String, at now: Int64) -> Bool { leases[id].map { now < $0 } ?? false }

    /// The renewal to send now: of the commands that are under way and still this executor's. It counts once it is confirmed.
    package mutating func renewal(at now: Int64) -> (number: UInt64, ids: [String]) {
        let own = leases.filter { now < $0.value }.keys.sorted()
        lastRenewal += 1
        sent.removeAll { $0.at + lease <= now }
        sent.append((lastRenewal, now, own))
        return (lastRenewal, own)
    }

    /// A command has a result.
    package mutating func finished(_ result: ExecutorResult) {
        leases[result.commandID] = nil
        if results.updateValue(result, forKey: result.commandID) == nil { order.append(result.commandID) }
        while order.count > Limits.rememberedResults { results[order.removeFirst()] = nil }
    }

    /// The service needs these no more: what is under way of them is no longer this executor's, and begins no attempt.
    package mutating func released(_ ids: [String]) {
        for id in ids where leases[id] != nil { leases[id] = 0 }
        for id in ids where results.removeValue(forKey: id) != nil { order.removeAll { $0 == id } }
    }

    /// How many commands are under way.
    package var underWay: Int { leases.count }
}
