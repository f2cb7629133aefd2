// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// A network of its own for two programs, by way of a router between them that can be told to drop every packet without
/// a word: a cable that is cut, as neither end's kernel sees it.
///
///     the server's namespace (192.0.2.1) ── the router's ── the client's (198.51.100.1)
///
/// Nothing of it is seen from outside of those namespaces. It goes with this object.
package final class CuttableCable: Sendable {
    /// An end of it.
    package enum End: String, Sendable, CaseIterable { case server, client }

    /// Where the server's end is reached.
    package static let serverAddress = "192.0.2.1"
    private static let clientAddress = "198.51.100.1"
    private static let serverGateway = "192.0.2.254"
    private static let clientGateway = "198.51.100.254"
    private static let router = "router"
    private static let laid = Atomic<Int>(0)

    private let id: String

    /// Whether this user and kernel may lay one: it takes the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN, and the
    /// commands of iproute2.
    package static let isPermitted: Bool = (try? CuttableCable()) != nil

    /// Lays a cable.
    package init() throws {
        id = "th-\(getpid())-\(Self.laid.add(1, ordering: .relaxed).newValue)"
        for name in namespaces { try Self.ip(["netns", "add", name]) }
        try lay(.server, Self.serverAddress, to: Self.serverGateway)
        try lay(.client, Self.clientAddress, to: Self.clientGateway)
        try Self.ip([
            "netns", "exec", namespace(Self.router), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward",
        ])
    }

    /// The links go with their namespaces, once the programs there have ended.
    deinit { for name in namespaces { try? Self.ip(["netns", "del", name]) } }

    /// The command line that runs a program at an end.
    package func command(at end: End, _ program: String, _ arguments: [String]) -> (path: String, arguments: [String]) {
        ("ip", ["netns", "exec", namespace(end.rawValue), program] + arguments)
    }

    /// From now on every packet is lost, either way.
    package func cut() throws {
        for address in [Self.serverAddress, Self.clientAddress] {
            try Self.ip(["-n", namespace(Self.router), "route", "add", "blackhole", "\(address)/32"])
        }
    }

    private var namespaces: [String] { (End.allCases.map(\.rawValue) + [Self.router]).map(namespace) }

    private func namespace(_ name: String) -> String { "\(id)-\(name)" }

    private func lay(_ end: End, _ address: String, to gateway: String) throws {
        let (here, router) = (namespace(end.rawValue), namespace(Self.router))
        try Self.ip(
            ["-n", here, "link", "add", "cable", "type", "veth", "peer", "name", end.rawValue, "netns", router])
        for (namespace, link, address) in [(here, "cable", address), (router, end.rawValue, gateway)] {
            try Self.ip(["-n", namespace, "addr", "add", "\(address)/24", "dev", link])
            try Self.ip(["-n", namespace, "link", "set", link, "up"])
        }
        try Self.ip(["-n", here, "route", "add", "default", "via", gateway])
    }

    private static func ip(_ arguments: [String]) throws { try Command.run("ip", arguments) }
}
