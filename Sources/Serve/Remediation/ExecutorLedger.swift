// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Who has which call: the calls that wait for an executor, and those that one has under a lease.
///
/// A value without I/O that takes time as an argument. A call goes to one executor at a time. When that one is lost, a
/// call that only reads is handed on after its lease; one that writes may have had its effect, so it goes back to the
/// machine that wants it, which looks before it has it made again. An executor that comes back within its lease gets
/// the same command ids again and answers from memory.
///
/// What an executor may send and we ignore: answers to and renewals of commands that it does not hold. There is no
/// invalid operation that traps.
package struct ExecutorLedger: Sendable {
    /// A call to be made.
    package struct Command: Sendable, Hashable {
        package let id: String
        package let accountID: AccountID
        package let isWrite: Bool

        package init(id: String, accountID: AccountID, isWrite: Bool) {
            self.id = id
            self.accountID = accountID
            self.isWrite = isWrite
        }
    }

    /// An executor as it is connected now.
    package struct Session: Sendable, Hashable {
        /// Its own name, the same after each reconnection.
        package let executorID: String
        package let accountID: AccountID

        package init(executorID: String, accountID: AccountID) {
            self.executorID = executorID
            self.accountID = accountID
        }
    }

    /// What is to be done outside.
    package enum Action: Sendable, Hashable {
        /// Send the command to the session.
        case send(commandID: String, session: UInt64)
        /// The executor that has the command is lost, and the call may have had its effect.
        case lost(commandID: String, executorID: String)
        /// Nobody is there to take the command.
        case unserved(commandID: String)
    }

    private enum Place: Sendable, Hashable {
        /// Since this time nobody has it.
        case waiting(since: Milliseconds)
        /// The executor has it until this time.
        case leased(executorID: String, until: Milliseconds)
    }

    /// How long a command belongs to an executor without a renewal.
    package let lease: Milliseconds
    /// How long a command waits for somebody to take it.
    package let patience: Milliseconds
    private var sessions: [UInt64: Session] = [:]
    private var commands: [String: Command] = [:]
    private var places: [String: Place] = [:]
    /// Commands in the order in which they came.
    private var order: [String] = []

    package init(
        lease: Milliseconds = Limits.executorLease, patience: Milliseconds = Limits.executorPatience
    ) {
        self.lease = lease
        self.patience = patience
    }

    /// How many executors of an account are connected.
    package func executors(of account: AccountID) -> Int { sessions.values.count { $0.accountID == account } }

    /// How many commands are there that have no answer.
    package var pending: Int { commands.count }

    /// The executor that has a command; nil where it waits, or is not known.
    package func holder(of id: String) -> String? {
        if case .leased(let holder, _)? = places[id] { holder } else { nil }
    }

    /// A new command.
    package mutating func add(_ command: Command, _ now: Milliseconds) -> [Action] {
        commands[command.id] = command
        places[command.id] = .waiting(since: now)
        order.append(command.id)
        return assign(now)
    }

    /// An executor has connected: what it still holds is sent again, since it may never have arrived, and is its own for a
    /// lease from now on.
    package mutating func connected(_ number: UInt64, _ session: Session, _ now: Milliseconds) -> [Action] {
        sessions[number] = session
        let held = order.filter { id in
            guard commands[id]?.accountID == session.accountID, case .leased(let holder, _) = places[id] else {
                return false
            }
            return holder == session.executorID
        }
        for id in held { places[id] = .leased(executorID: session.executorID, until: now + lease) }
        return held.map { .send(commandID: $0, session: number) } + assign(now)
    }

    /// A connection is gone. What it held stays its executor's until the lease is over.
    package mutating func disconnected(_ number: UInt64) { sessions[number] = nil }

    /// An executor still works on these.
    package mutating func renewed(_ ids: [String], by number: UInt64, _ now: Milliseconds) {
        for id in ids where holds(id, number) {
            guard let executorID = sessions[number]?.executorID else { continue }
            places[id] = .leased(executorID: executorID, until: now + lease)
        }
    }

    /// An answer has come. False where it comes from somebody who does not hold the command: it does not count.
    package mutating func answered(_ id: String, by number: UInt64, _ now: Milliseconds) -> (isTaken: Bool, [Action]) {
        guard holds(id, number) else { return (false, []) }
        forget(id)
        return (true, assign(now))
    }

    /// Nobody wants the answer any more.
    package mutating func cancelled(_ id: String, _ now: Milliseconds) -> [Action] {
        forget(id)
        return assign(now)
    }

    /// What time has brought: leases that are over, and commands that nobody took.
    package mutating func tick(_ now: Milliseconds) -> [Action] {
        var actions: [Action] = []
        for id in order {
            switch places[id] {
            case .leased(let executorID, let until) where until <= now:
                if commands[id]?.isWrite == true {
                    actions.append(.lost(commandID: id, executorID: executorID))
                    forget(id)
                } else {
                    places[id] = .waiting(since: now)
                }
            case .waiting(let since) where since + patience <= now:
                actions.append(.unserved(commandID: id))
                forget(id)
            case .leased, .waiting, nil: break
            }
        }
        return actions + assign(now)
    }

    /// When `tick` has something to do next; nil where nothing waits.
    package var nextTick: Milliseconds? {
        places.values.map { place in
            switch place {
            case .leased(_, let until): until
            case .waiting(let since): since + patience
            }
        }.min()
    }

    private func holds(_ id: String, _ number: UInt64) -> Bool {
        guard let session = sessions[number], commands[id]?.accountID == session.accountID,
            case .leased(let holder, _) = places[id]
        else { return false }
        return holder == session.executorID
    }

    private mutating func forget(_ id: String) {
        commands[id] = nil
        places[id] = nil
        order.removeAll { $0 == id }
    }

    /// Gives what waits to the executors that have least to do.
    private mutating func assign(_ now: Milliseconds) -> [Action] {
        var load: [String: Int] = [:]
        for case .leased(let executorID, _) in places.values { load[executorID, default: 0] += 1 }
        var actions: [Action] = []
        for id in order {
            guard case .waiting = places[id], let account = commands[id]?.accountID else { continue }
            let free = sessions.filter { _, session in
                session.accountID == account && load[session.executorID, default: 0] < Limits.commandsPerExecutor
            }
            let least = free.min { left, right in
                (load[left.value.executorID, default: 0], left.key)
                    < (load[right.value.executorID, default: 0], right.key)
            }
            guard let least else { continue }
            load[least.value.executorID, default: 0] += 1
            places[id] = .leased(executorID: least.value.executorID, until: now + lease)
            actions.append(.send(commandID: id, session: least.key))
        }
        return actions
    }
}
