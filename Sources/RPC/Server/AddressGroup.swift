// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The part of a peer's address that limits for an address count: an IPv4 address, also one that is mapped into IPv6, or
/// the first 64 bits of an IPv6 one, of which every host has as many as it likes.
package enum AddressGroup {
    /// The group of a host as `Peer.address` writes it, in brackets or not; the text itself where it is no IPv6 address.
    package static func name(_ host: String) -> String {
        var text = host
        if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
        // A zone names an interface of this machine.
        if let zone = text.firstIndex(of: "%") { text = String(text[..<zone]) }
        var address = in6_addr()
        guard text.contains(":"), inet_pton(AF_INET6, text, &address) == 1 else { return text }
        return withUnsafeBytes(of: &address) { bytes -> String in
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            if isMapped { return bytes[12...].map { String($0) }.joined(separator: ".") }
            let groups = stride(from: 0, to: 8, by: 2).map { place -> String in
                String(Int(bytes[place]) << 8 | Int(bytes[place + 1]), radix: 16)
            }
            return groups.joined(separator: ":") + "::/64"
        }
    }
}
