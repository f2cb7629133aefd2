// SPDX-License-Identifier: Apache-2.0

/// A network of IPv4 or IPv6 addresses. An IPv4 address is its IPv4-mapped IPv6 address, so that both forms of one
/// address are in the same networks.
public struct SigmaNetwork: Hashable, Sendable {
    let high: UInt64
    let low: UInt64
    /// Of 128 bits.
    let prefix: Int

    /// Reads `address/prefix` or an address. Nil when it is neither, or has bits set behind its prefix.
    public init?(_ text: String) {
        let pieces = text.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count <= 2, let first = pieces.first else { return nil }
        let address = Array(first.utf8).withUnsafeBytes { IPAddress($0) }
        guard let address else { return nil }
        let bits = address.isIPv4 ? 32 : 128
        var prefix = bits
        if pieces.count == 2 {
            guard let given = Int(pieces[1]), pieces[1].utf8.allSatisfy({ $0 >= 48 && $0 < 58 }), (0...bits) ~= given
            else { return nil }
            prefix = given
        }
        high = address.high
        low = address.low
        self.prefix = prefix + 128 - bits
        guard address.masked(self.prefix) == (high, low) else { return nil }
    }

    /// Whether an address is in the network.
    func contains(_ address: IPAddress) -> Bool { address.masked(prefix) == (high, low) }
}

/// An address as 128 bits.
struct IPAddress {
    let high: UInt64
    let low: UInt64
    let isIPv4: Bool

    /// The address under a mask of so many leading ones.
    func masked(_ prefix: Int) -> (UInt64, UInt64) {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : .max << UInt64(64 - bits) }
        return (high & mask(prefix), low & mask(prefix - 64))
    }

    /// Reads the usual text of an IPv4 or IPv6 address, without a zone.
    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count >= 2, text.count <= 45 else { return nil }
        if text.contains(UInt8(ascii: ":")) {
            guard let (high, low) = Self.version6(text) else { return nil }
            self.high = high
            self.low = low
            isIPv4 = false
        } else {
            guard let address = Self.version4(text[...]) else { return nil }
            high = 0
            low = 0xFFFF_0000_0000 | UInt64(address)
            isIPv4 = true
        }
    }

    private static func version4(_ text: Slice<UnsafeRawBufferPointer>) -> UInt32? {
        var address: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | octet
                (octet, digits, dots) = (0, 0, dots + 1)
            } else {
                guard byte >= 48, byte < 58, digits < 3, !(digits == 1 && octet == 0) else { return nil }
                octet = octet * 10 + UInt32(byte - 48)
                digits += 1
                guard octet < 256 else { return nil }
            }
        }
        return dots == 3 && digits > 0 ? address << 8 | octet : nil
    }

    private static func version6(_ text: UnsafeRawBufferPointer) -> (UInt64, UInt64)? {
        // Groups before `::` fill from the front and those behind it from the back.
        var front: (UInt64, UInt64) = (0, 0)
        var back: (UInt64, UInt64) = (0, 0)
        var groups = (front: 0, back: 0)
        var gap = false
        var at = 0
        func push(_ value: UInt64, _ bits: UInt64, _ count: Int) {
            if gap {
                back = (back.0 << bits | back.1 >> (64 - bits), back.1 << bits | value)
                groups.back += count
            } else {
                front = (front.0 << bits | front.1 >> (64 - bits), front.1 << bits | value)
                groups.front += count
            }
        }
        if text[0] == UInt8(ascii: ":") && text[1] != UInt8(ascii: ":") { return nil }
        while at < text.count {
            if text[at] == UInt8(ascii: ":"), at + 1 < text.count, text[at + 1] == UInt8(ascii: ":") {
                guard !gap else { return nil }
                gap = true
                at += 2
                continue
            }
            if at > 0, !(gap && groups.back == 0 && text[at] != UInt8(ascii: ":")) {
                guard text[at] == UInt8(ascii: ":") else { return nil }
                at += 1
            }
            var end = at
            while end < text.count, text[end] != UInt8(ascii: ":") { end += 1 }
            guard end > at, groups.front + groups.back < 8 else { return nil }
            if let address = version4(text[at..<end]) {
                guard end == text.count, groups.front + groups.back <= 6 else { return nil }
                push(UInt64(address), 32, 2)
            } else {
                guard let group = hexGroup(text[at..<end]) else { return nil }
                push(group, 16, 1)
            }
            at = end
        }
        return join(front, back, groups, gap)
    }

    private static func join(
        _ front: (UInt64, UInt64), _ back: (UInt64, UInt64), _ groups: (front: Int, back: Int), _ gap: Bool
    ) -> (UInt64, UInt64)? {
        let count = groups.front + groups.back
        guard gap ? count < 8 : count == 8 else { return nil }
        var high = front.0
        var low = front.1
        for _ in groups.front..<8 {
            high = high << 16 | low >> 48
            low <<= 16
        }
        return (high | back.0, low | back.1)
    }

    private static func hexGroup(_ text: Slice<UnsafeRawBufferPointer>) -> UInt64? {
        guard text.count <= 4 else { return nil }
        var value: UInt64 = 0
        for byte in text {
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte - 48)
            case 65...70: value = value << 4 | UInt64(byte - 55)
            case 97...102: value = value << 4 | UInt64(byte - 87)
            default: return nil
            }
        }
        return value
    }
}
