// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When a silent connection is asked whether it still lives.
public struct KeepaliveConfiguration: Sendable, Hashable {
    /// A PING goes out after so long without a byte from the peer; nil for never.
    public var interval: Duration?
    /// Without any byte for so long after it, the connection is lost.
    public var timeout: Duration
    /// Ask also while no call is open.
    public var withoutCalls: Bool

    /// A PING after `interval` of silence, and the end after `timeout` more.
    public init(interval: Duration?, timeout: Duration = .seconds(20), withoutCalls: Bool = true) {
        self.interval = interval
        self.timeout = timeout
        self.withoutCalls = withoutCalls
    }
}

/// The keepalive of one connection. Time is an argument; nothing the peer does is an error here but silence.
package struct Keepalive: Equatable {
    /// What the connection has to do.
    package enum Action: Equatable {
        case none
        /// Send a PING.
        case ping
        /// The peer is gone.
        case giveUp
    }

    private let configuration: KeepaliveConfiguration
    private var lastHeard: NIODeadline
    private var pingSent: NIODeadline?

    /// A connection that was just heard from.
    package init(_ configuration: KeepaliveConfiguration, now: NIODeadline) {
        self.configuration = configuration
        lastHeard = now
    }

    /// Bytes came.
    package mutating func heard(now: NIODeadline) {
        lastHeard = now
        pingSent = nil
    }

    /// When `timer` wants to be called, if ever.
    package func nextTimer(hasCalls: Bool) -> NIODeadline? {
        guard let interval = configuration.interval else { return nil }
        if let pingSent { return pingSent + configuration.timeout.timeAmount }
        guard hasCalls || configuration.withoutCalls else { return nil }
        return lastHeard + interval.timeAmount
    }

    /// Time has passed.
    package mutating func timer(now: NIODeadline, hasCalls: Bool) -> Action {
        guard let due = nextTimer(hasCalls: hasCalls), due <= now else { return .none }
        if pingSent != nil { return .giveUp }
        pingSent = now
        return .ping
    }
}
