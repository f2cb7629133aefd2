// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ports for servers that go away and come back at the same address.
package enum LoopbackPort {
    /// Below the range from which Linux gives ports to outgoing connections: none of those takes the port while its
    /// server is away. (`/proc/sys/net/ipv4/ip_local_port_range` begins at 32768.)
    private static let range = 15_000..<32_000

    /// A port of the loopback that nobody listens on.
    package static func free() -> Int {
        while true {
            let port = Int.random(in: range)
            if canBind(port) { return port }
        }
    }

    private static func canBind(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
