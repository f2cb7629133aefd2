// SPDX-License-Identifier: Apache-2.0

/// Where a server listens.
public enum ListenAddress: Sendable, Hashable {
    /// A host name or address and a port; port 0 takes a free one.
    case tcp(host: String, port: Int)
    /// A socket in the file system.
    case unix(path: String)
}

/// Where a server came to listen.
public struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address, or the path of a Unix socket.
    public let host: String
    /// The port; 0 for a Unix socket.
    public let port: Int

    /// `host:port`.
    public var description: String {
        port == 0 ? host : host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// How a server serves.
public struct ServerConfiguration: Sendable {
    /// Where it listens.
    public var addresses: [ListenAddress]
    /// nil: plain text. Whether that is allowed anywhere but on loopback is the service's decision.
    public var tls: TLSConfiguration?
    /// Its limits.
    public var limits = Limits()
    /// Tells which connections are one caller's, and what it may hold; nil: by certificate or else by address, with
    /// `Limits.maxReceivingBytesPerCaller`.
    public var share: (@Sendable (Peer) -> CallerShare)?
    /// When silent clients are asked whether they still live.
    public var keepalive = KeepaliveConfiguration(interval: .seconds(120))
    /// A connection without calls is drained after so long; nil for never.
    public var maxConnectionIdle: Duration?
    /// A connection is drained at this age; nil for never.
    public var maxConnectionAge: Duration?
    /// What is open on a connection drained for its age is cut after so long; nil for never.
    public var maxConnectionAgeGrace: Duration?
    /// Hears of connections that come, fail and go.
    public var observer: (any ServerObserver)?
    /// Event loops, where the server makes its own group.
    public var eventLoops: Int?

    /// A server on these addresses, with defaults for the rest.
    public init(addresses: [ListenAddress], tls: TLSConfiguration? = nil) {
        self.addresses = addresses
        self.tls = tls
    }
}
