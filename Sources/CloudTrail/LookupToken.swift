// SPDX-License-Identifier: Apache-2.0

/// What the archive is looked up by: a hash of one whole value of a record (a principal, an access key, a source
/// address, an event name, a resource ARN).
///
/// Only the hash is indexed: a collision costs the read of one block more, since what is found is compared with the
/// value itself. The hash is written to disk, so its definition never changes.
package struct LookupToken: Hashable, Comparable, Sendable {
    package let value: UInt64

    /// The token of a value's UTF-8 bytes.
    @inlinable
    package init(_ text: UnsafeRawBufferPointer) {
        value = StableHash.hash(text, seed: 0x746F_6B65_6E00_0001)
    }

    /// The token of a value.
    @inlinable
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { LookupToken(UnsafeRawBufferPointer($0)) }
    }

    @inlinable
    package static func < (left: LookupToken, right: LookupToken) -> Bool { left.value < right.value }
}

/// A 64-bit hash that is the same on every machine and in every run (Swift's own is seeded anew by each process).
/// Each step folds eight bytes by a 128-bit product, in the manner of wyhash.
package enum StableHash {
    @inlinable
    package static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var state = seed ^ 0xA076_1D64_78BD_642F
        var index = 0
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            state = fold(state ^ word, 0xE703_7ED1_A0B4_28DB)
            index += 8
        }
        var tail: UInt64 = 0
        if index > 0, index < bytes.count {
            // The last eight bytes, less those that were folded already.
            let last = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self))
            tail = last >> UInt64(8 * (8 - (bytes.count - index)))
        } else {
            var shift: UInt64 = 0
            while index < bytes.count {
                tail |= UInt64(bytes[index]) << shift
                shift += 8
                index += 1
            }
        }
        state = fold(state ^ tail, 0x8EBC_6AF0_9C88_C6E3)
        return fold(state ^ UInt64(bytes.count), 0x5899_65CC_7537_4CC3)
    }

    @inlinable
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
