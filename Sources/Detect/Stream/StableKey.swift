// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// A hash that is the same in every process.
struct StableKey {
    private(set) var value: UInt64

    init(
        _ rule: String, _ account: AccountID, _ actor: String, _ values: UInt64 = 0, secret: CorrelationSecret
    ) {
        var actor = actor
        self = actor.withUTF8 {
            StableKey(rule, account, UnsafeRawBufferPointer($0), values, secret: secret)
        }
    }

    /// The hash of four lines: the rule, the account's digits, the actor and the values' digits.
    init(
        _ rule: String, _ account: AccountID, _ actor: UnsafeRawBufferPointer, _ values: UInt64 = 0,
        secret: CorrelationSecret
    ) {
        var rule = rule
        value = rule.withUTF8 { rule in
            let room = rule.count + actor.count + 12 + 20 + 3
            return withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { text in
                var end = 0
                func put(_ bytes: UnsafeRawBufferPointer) {
                    UnsafeMutableRawBufferPointer(rebasing: text[end...]).copyMemory(from: bytes)
                    end += bytes.count
                }
                func put(_ number: UInt64, digits: Int) {
                    var rest = number
                    for place in stride(from: digits - 1, through: 0, by: -1) {
                        text[end + place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                        rest /= 10
                    }
                    end += digits
                }
                func endLine() {
                    text[end] = UInt8(ascii: "\n")
                    end += 1
                }
                put(UnsafeRawBufferPointer(rule))
                endLine()
                put(account.number, digits: 12)
                endLine()
                put(actor)
                endLine()
                var digits = 1
                var rest = values
                while rest >= 10 {
                    rest /= 10
                    digits += 1
                }
                put(values, digits: digits)
                return StableHash.hash(
                    UnsafeRawBufferPointer(rebasing: text[..<end]), seed: 0x6261_7365_6C69_6E65 ^ secret.word)
            }
        }
    }
}
