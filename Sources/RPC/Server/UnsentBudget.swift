// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The answers that all connections of a server hold for peers that do not take them: `UnsentLedger` under one lock, and the
/// connections in it. Those whose peers read never get here.
final class UnsentBudget: Sendable {
    private struct State {
        var ledger: UnsentLedger<ObjectIdentifier>
        var connections: [ObjectIdentifier: ServerConnection] = [:]
    }

    private let state: Mutex<State>

    init(_ limits: Limits) { state = Mutex(State(ledger: UnsentLedger(limit: limits.maxUnsentBytes))) }

    /// So many bytes wait for the connection's peer now. Whoever has to go for it is closed.
    func update(_ connection: ServerConnection, of caller: ReceiveLedger.CallerID, limit: Int, bytes: Int) {
        let id = ObjectIdentifier(connection)
        let closed = state.withLock { state -> [(ServerConnection, LimitName)] in
            state.connections[id] = bytes > 0 ? connection : nil
            let closed = state.ledger.update(id, of: caller, limit: limit, bytes: bytes, now: .now())
            return closed.compactMap { id, limit in
                state.connections.removeValue(forKey: id).map { ($0, limit) }
            }
        }
        for (connection, limit) in closed {
            connection.core.eventLoop.execute { connection.cutForSlowness(limit) }
        }
    }

    /// The connection is over.
    func remove(_ connection: ServerConnection) {
        let id = ObjectIdentifier(connection)
        state.withLock { state in
            state.connections[id] = nil
            state.ledger.remove(id)
        }
    }

    /// Bytes of all connections.
    var bytes: Int { state.withLock { $0.ledger.total } }
}
