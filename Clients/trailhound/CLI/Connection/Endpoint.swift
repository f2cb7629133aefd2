// SPDX-License-Identifier: Apache-2.0

/// Where the service listens: a host and a port.
package struct Endpoint: Sendable, Equatable, CustomStringConvertible {
    /// The port that `trailhoundd serve` listens on unless told otherwise.
    package static let defaultPort = 7443

    package let host: String
    package let port: Int

    /// Reads `HOST:PORT`, `HOST`, `[IPV6]:PORT`, `[IPV6]` or a bare IPv6 address. Nil for anything else.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":"), let port = Self.port(rest.dropFirst(), given: !rest.isEmpty)
            else { return nil }
            self.port = port
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            switch parts.count {
            case 1: (host, port) = (text, Self.defaultPort)
            case 2:
                guard let port = Self.port(parts[1], given: true) else { return nil }
                (host, self.port) = (String(parts[0]), port)
            default: (host, port) = (text, Self.defaultPort)
            }
        }
        guard !host.isEmpty else { return nil }
    }

    /// True for the addresses of this machine, the only ones for which plaintext is allowed.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func port(_ text: Substring, given: Bool) -> Int? {
        guard given else { return defaultPort }
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(text), port > 0 else { return nil }
        return Int(port)
    }
}
