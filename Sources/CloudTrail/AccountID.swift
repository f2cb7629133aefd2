// SPDX-License-Identifier: Apache-2.0

/// The number of an AWS account: twelve digits, leading zeros included.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The digits as a number, below 10¹².
    package let number: UInt64

    /// Reads twelve digits, or gives nil.
    package init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == 12 else { return nil }
        // The first eight, and the last eight, each byte less '0': one that is no digit then has a bit of its upper half,
        // be it with 6 more.
        let zeros: UInt64 = 0x3030_3030_3030_3030
        let tops: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        let first = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: 0, as: UInt64.self)) ^ zeros
        let last = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: 4, as: UInt64.self)) ^ zeros
        guard (first | last) & tops == 0,
            ((first &+ 0x0606_0606_0606_0606) | (last &+ 0x0606_0606_0606_0606)) & tops == 0
        else { return nil }
        // Of the last eight the upper four are new.
        number = Self.value(first) * 10_000 + Self.value(last & 0xFFFF_FFFF_0000_0000)
    }

    /// The number that eight digits make, the first in the lowest byte: by pairs, by fours, as a whole.
    private static func value(_ digits: UInt64) -> UInt64 {
        let pairs = (digits &* 10 &+ digits >> 8) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 100 &+ pairs >> 16) & 0x0000_FFFF_0000_FFFF
        return (fours &* 10_000 &+ fours >> 32) & 0xFFFF_FFFF
    }

    /// Reads twelve digits, or gives nil.
    package init?(_ text: String) {
        var text = text
        guard let parsed = text.withUTF8({ AccountID(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = parsed
    }

    /// Takes a number below 10¹², or gives nil.
    package init?(number: UInt64) {
        guard number < 1_000_000_000_000 else { return nil }
        self.number = number
    }

    private init(unchecked number: UInt64) { self.number = number }

    /// 000000000000, which AWS gives to nobody.
    package static let zero = AccountID(unchecked: 0)

    package static func < (left: AccountID, right: AccountID) -> Bool { left.number < right.number }

    /// The twelve digits.
    package var description: String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}

/// Which accounts' events are taken. A snapshot: an onboarding makes a new one.
package enum AccountFilter: Sendable {
    /// Every account, for offline scans and rule tests.
    case all
    /// These alone.
    case only(Set<AccountID>)

    package func accepts(_ account: AccountID) -> Bool {
        switch self {
        case .all: true
        case .only(let accounts): accounts.contains(account)
        }
    }
}
