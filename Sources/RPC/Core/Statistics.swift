// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a server or client has seen, as counters that only grow (but for the open ones).
public struct TransportStatistics: Sendable, Hashable {
    /// Connections that came up, TLS included.
    public var connectionsEstablished = 0
    /// Connections that are up now.
    public var connectionsOpen = 0
    /// Connections that never came up, by reason.
    public var handshakeFailures: [HandshakeFailure: Int] = [:]
    /// Connections ended because the peer flooded them with frames.
    public var connectionsEndedForFlood = 0
    /// Connections ended because the peer did not answer a keepalive.
    public var connectionsEndedForSilence = 0
    /// Calls that began.
    public var callsStarted = 0
    /// Calls that ended with OK.
    public var callsSucceeded = 0
    /// Calls that ended with another status.
    public var callsFailed = 0
    /// Requests that were no gRPC, or of no known method.
    public var requestsRefused = 0
}

/// The counters behind the statistics: no lock on the path of a call.
final class Counters: Sendable {
    let connectionsEstablished = Atomic<Int>(0)
    let connectionsOpen = Atomic<Int>(0)
    let connectionsEndedForFlood = Atomic<Int>(0)
    let connectionsEndedForSilence = Atomic<Int>(0)
    let callsStarted = Atomic<Int>(0)
    let callsSucceeded = Atomic<Int>(0)
    let callsFailed = Atomic<Int>(0)
    let requestsRefused = Atomic<Int>(0)
    private let handshakeFailures = Mutex<[HandshakeFailure: Int]>([:])

    func countHandshakeFailure(_ reason: HandshakeFailure) {
        handshakeFailures.withLock { $0[reason, default: 0] += 1 }
    }

    var snapshot: TransportStatistics {
        TransportStatistics(
            connectionsEstablished: connectionsEstablished.load(ordering: .relaxed),
            connectionsOpen: connectionsOpen.load(ordering: .relaxed),
            handshakeFailures: handshakeFailures.withLock { $0 },
            connectionsEndedForFlood: connectionsEndedForFlood.load(ordering: .relaxed),
            connectionsEndedForSilence: connectionsEndedForSilence.load(ordering: .relaxed),
            callsStarted: callsStarted.load(ordering: .relaxed),
            callsSucceeded: callsSucceeded.load(ordering: .relaxed),
            callsFailed: callsFailed.load(ordering: .relaxed),
            requestsRefused: requestsRefused.load(ordering: .relaxed))
    }
}
