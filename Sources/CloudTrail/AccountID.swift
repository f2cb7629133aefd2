// SPDX-License-Identifier: Apache-2.0

/// The number of an AWS account: twelve digits, leading zeros included.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The digits as a number, below 10¹².
    package let number: UInt64

    /// Reads twelve digits, or gives nil.
    package init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == 12 else { return nil }
        var value: UInt64 = 0
        for byte in text {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + UInt64(digit)
        }
        number = value
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
