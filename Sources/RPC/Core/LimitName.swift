// SPDX-License-Identifier: Apache-2.0

/// A limit that a peer ran into, by the name of its property in `Limits` or `ServerConfiguration`.
public enum LimitName: String, Sendable, Hashable, CaseIterable {
    /// A connection was closed: the server has as many as it takes. Handshakes give way first.
    case maxConnections
    /// A connection was closed: its address has as many as it may.
    case maxConnectionsPerAddress
    /// A connection was closed: of too many handshakes under way it was the oldest of the address that had most.
    case maxHandshakes
    /// A connection was closed: of too many handshakes under way from its address it was the oldest.
    case maxHandshakesPerAddress
    /// A stream was refused: the server has as many open as it takes, and the connection its share of them.
    case maxCalls
    /// A stream was refused: the connection has as many open as it may.
    case maxConcurrentStreams
    /// A request was refused: its headers are too long.
    case maxHeaderListBytes
    /// A call was ended: a message is too long, as sent or decompressed.
    case maxReceiveMessageBytes
    /// A call was ended: the messages of all callers on their way in took too much.
    case maxReceivingBytes
    /// … or those of its caller.
    case maxReceivingBytesPerCaller
    /// A call was ended: its message took too long to come while others waited for room.
    case receivingPatience
    /// A connection was closed: the system had no memory for a message.
    case memory
    /// A call was ended: its connection held too much that nobody had read.
    case maxConnectionPendingBytes
    /// A connection was closed: its handshake took too long.
    case handshakeTimeout
    /// A connection was closed: the peer did not acknowledge our SETTINGS.
    case settingsTimeout
    /// A connection was closed: a header block took too long.
    case headersTimeout
    /// A call was ended: its request took too long.
    case requestTimeout
    /// A connection was closed: the peer took no bytes.
    case sendTimeout
    /// A connection was closed: its peer was the slowest where all had left too much of their answers untaken.
    case maxUnsentBytes
    /// … or those of its caller had.
    case maxUnsentBytesPerCaller
    /// A connection was closed: the peer reset too many streams, or made us reset them.
    case maxResetsPerSecond
    /// A connection was closed: the peer opened too many streams beyond those that it may have open.
    case maxRefusedStreamsPerSecond
    /// A connection was closed: too many frames waited for a peer that took none.
    case maxQueuedFrames
    /// A connection was closed: too many PINGs.
    case maxPingsPerSecond
    /// A connection was closed: PINGs of an idle client came too often (`minPingInterval`, `maxPingStrikes`).
    case maxPingStrikes
    /// A connection was closed: too many SETTINGS.
    case maxSettingsPerSecond
    /// A connection was closed: too many frames without content.
    case maxEmptyFramesPerSecond
    /// A connection was closed: too many WINDOW_UPDATEs.
    case maxWindowUpdatesPerSecond
    /// A connection was drained at its age.
    case maxConnectionAge
    /// A connection was drained for being idle.
    case maxConnectionIdle
    /// A connection was closed: the peer answered no keepalive.
    case keepalive
}

/// The cause of an `RPCError` that a limit of this side led to.
public struct LimitExceeded: Error, Sendable, Hashable {
    /// The limit.
    public let limit: LimitName
}
