// SPDX-License-Identifier: Apache-2.0

import Messages

/// What an executor knows of its commands: which are under way and until when each is its own, and the results of those
/// that the service has not confirmed yet. So a command that comes again after a lost connection is answered from memory
/// and not carried out a second time.
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
    private var results: [String: ExecutorResult] = [:]
    /// The remembered results in the order in which they came.
    private var order: [String] = []
    /// How long a command is the executor's own without a renewal; the service says it.
    package var lease: Int64

    package init(lease: Int64 = Limits.assumedLease) { self.lease = lease }

    /// A command has come.
    package mutating func received(_ id: String, at now: Int64) -> Verdict {
        if let result = results[id] { return .answer(result) }
        let isUnderWay = leases[id] != nil
        // That the service sends it says that it is this executor's, unless it was revoked: it is told again of what it
        // waits to hear of.
        if leases[id] != 0 { leases[id] = now + lease }
        return isUnderWay ? .wait : .begin
    }

    /// Whether the command is still this executor's. After its lease somebody else may have it: it must not be begun.
    package func isOwn(_ id: String, at now: Int64) -> Bool { leases[id].map { now < $0 } ?? false }

    /// The commands that are under way and still this executor's, to be renewed now.
    package mutating func renewals(at now: Int64) -> [String] {
        let own = leases.filter { now < $0.value }.keys.sorted()
        for id in own { leases[id] = now + lease }
        return own
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
