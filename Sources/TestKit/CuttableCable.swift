// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A network path from this process to a namespace of its own, by way of a router that can be told to drop every packet
/// without a word: a cable that is cut, as neither end's kernel sees it.
///
///     here (10.213.n.1) ── router ── there (10.214.n.2)
public final class CuttableCable: Sendable {
    /// Where a server here listens for clients there.
    public let address: String

    private let router: String
    private let far: String
    private let there: String

    /// Whether this process may make namespaces: it needs CAP_NET_ADMIN and CAP_SYS_ADMIN, and the `ip` command.
    public static let isPermitted: Bool = {
        let name = "th-probe-\(getpid())"
        guard (try? ip(["netns", "add", name])) != nil else { return false }
        return (try? ip(["netns", "del", name])) != nil
    }()

    /// Lays the cable.
    public init() throws {
        let number = Int(getpid()) % 200 + 20
        let id = String(getpid() % 100_000, radix: 36)
        (router, there) = ("th-r-\(id)", "th-c-\(id)")
        address = "10.213.\(number).1"
        far = "10.214.\(number).2"
        let near = "10.213.\(number)"
        let net = "10.214.\(number)"
        for name in [router, there] { try Self.ip(["netns", "add", name]) }
        try Self.ip(["link", "add", "tv\(id)", "type", "veth", "peer", "name", "near", "netns", router])
        try Self.ip(["-n", router, "link", "add", "far", "type", "veth", "peer", "name", "cable", "netns", there])
        try Self.ip(["addr", "add", "\(near).1/24", "dev", "tv\(id)"])
        try Self.ip(["link", "set", "tv\(id)", "up"])
        try Self.ip(["-n", router, "addr", "add", "\(near).2/24", "dev", "near"])
        try Self.ip(["-n", router, "addr", "add", "\(net).1/24", "dev", "far"])
        for link in ["near", "far"] { try Self.ip(["-n", router, "link", "set", link, "up"]) }
        try Self.ip(["-n", there, "addr", "add", "\(net).2/24", "dev", "cable"])
        try Self.ip(["-n", there, "link", "set", "cable", "up"])
        try Self.ip(["-n", there, "route", "add", "default", "via", "\(net).1"])
        try Self.ip(["route", "add", "\(net).0/24", "via", "\(near).2"])
        try Self.run("sh", ["-c", "ip netns exec \(router) sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'"])
    }

    deinit {
        // The links go with their namespaces, and the route with its link.
        for name in [router, there] { try? Self.ip(["netns", "del", name]) }
    }

    /// From now on every packet is lost.
    public func cut() throws {
        for end in [address, far] { try Self.ip(["-n", router, "route", "add", "blackhole", "\(end)/32"]) }
    }

    /// Puts the calling thread into the far end: sockets that it makes from now on are there.
    public func moveThisThreadThere() throws {
        let file = open("/var/run/netns/\(there)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failed(command: "open \(there)") }
        defer { close(file) }
        typealias SetNS = @convention(c) (Int32, Int32) -> Int32
        // <sched.h> has it for GNU alone, which the importer does not see.
        guard let symbol = dlsym(nil, "setns"), unsafeBitCast(symbol, to: SetNS.self)(file, 0) == 0 else {
            throw Failed(command: "setns \(there)")
        }
    }

    private static func ip(_ arguments: [String]) throws { try run("ip", arguments) }

    private static func run(_ program: String, _ arguments: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var strings: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var child = pid_t()
        let command = ([program] + arguments).joined(separator: " ")
        guard posix_spawnp(&child, program, &actions, nil, &strings, environ) == 0 else {
            throw Failed(command: command)
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else { throw Failed(command: command) }
    }

    /// A command failed.
    public struct Failed: Error {
        /// What was run.
        public let command: String
    }
}
