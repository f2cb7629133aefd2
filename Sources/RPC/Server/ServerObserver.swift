// SPDX-License-Identifier: Apache-2.0

/// Hears of what happens to a server's connections, for logs and alarms; calls and bytes are counted in
/// `Server.statistics` instead. Its methods are called on event loops: they must be quick and must not block.
public protocol ServerObserver: Sendable {
    /// A connection came up, TLS included.
    func connectionEstablished(_ peer: Peer)
    /// A connection that had come up is over.
    func connectionClosed(_ peer: Peer)
    /// A connection never came up. `address` is the peer's, as `Peer.address` writes it.
    func handshakeFailed(_ failure: HandshakeFailure, address: String)
    /// A peer ran into a limit.
    func refused(by limit: LimitName, peer: Peer)
}

extension ServerObserver {
    /// Does nothing.
    public func connectionEstablished(_ peer: Peer) {}
    /// Does nothing.
    public func connectionClosed(_ peer: Peer) {}
    /// Does nothing.
    public func handshakeFailed(_ failure: HandshakeFailure, address: String) {}
    /// Does nothing.
    public func refused(by limit: LimitName, peer: Peer) {}
}
