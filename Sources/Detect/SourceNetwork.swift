// SPDX-License-Identifier: Apache-2.0

/// The network that an address belongs to, as baselines tell them apart.
enum SourceNetwork {
    /// The first 24 bits of an IPv4 address, the first 48 of an IPv6 address; other texts (`sourceIPAddress` may name a
    /// service) stand for themselves.
    static func name(of address: String) -> String {
        if let prefix = prefix(ofIPv4: address.utf8) { return address[..<prefix] + ".0/24" }
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) {
            return parts[..<3].joined(separator: ".") + ".0/24"
        }
        guard address.contains(":"), let groups = groups(address) else { return address }
        return groups[..<3].map { String($0, radix: 16) }.joined(separator: ":") + "::/48"
    }

    /// Where the third dot stands in an address of four numbers; nil for any other text, and where a number is written with
    /// more than three digits or a sign.
    private static func prefix(ofIPv4 address: String.UTF8View) -> String.Index? {
        var dots = 0
        var number = 0
        var digits = 0
        var third: String.Index?
        for index in address.indices {
            let byte = address[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                dots += 1
                if dots == 3 { third = index }
                (number, digits) = (0, 0)
            } else {
                let digit = Int(byte) - 48
                guard 0...9 ~= digit, digits < 3 else { return nil }
                number = number * 10 + digit
                digits += 1
                guard number <= 255 else { return nil }
            }
        }
        return dots == 3 && digits > 0 ? third : nil
    }

    /// The eight groups of an IPv6 address; nil for any other text.
    private static func groups(_ address: String) -> [UInt16]? {
        guard let gap = address.firstRange(of: "::") else { return list(address[...], exactly: 8) }
        guard let head = list(address[..<gap.lowerBound]), let tail = list(address[gap.upperBound...]),
            head.count + tail.count < 8
        else { return nil }
        return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func list(_ text: Substring, exactly count: Int? = nil) -> [UInt16]? {
        if text.isEmpty { return count == nil ? [] : nil }
        var groups: [UInt16] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            if part.contains(".") {
                let bytes = part.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
                guard bytes.count == 4 else { return nil }
                groups += [UInt16(bytes[0]) << 8 | UInt16(bytes[1]), UInt16(bytes[2]) << 8 | UInt16(bytes[3])]
            } else {
                guard part.utf8.count <= 4, let group = UInt16(part, radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return count == nil || groups.count == count ? groups : nil
    }
}
