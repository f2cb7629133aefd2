// SPDX-License-Identifier: Apache-2.0

import CJSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A text of the record at hand: UTF-8 that is valid until the next record is read.
package typealias TextView = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
    /// The text as a string, cut at a character's boundary to at most `limit` bytes.
    package func string(limit: Int = CloudTrailLimits.keptTextBytes) -> String {
        guard count > limit else { return String(decoding: self, as: UTF8.self) }
        var end = limit
        // 10xxxxxx continues a character.
        while end > 0, self[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: self[..<end], as: UTF8.self)
    }

    /// Whether the text equals an ASCII literal.
    package func equals(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount && hasPrefix(literal)
    }

    /// Whether the text begins with an ASCII literal.
    package func hasPrefix(_ literal: StaticString) -> Bool {
        guard count >= literal.utf8CodeUnitCount, let start = baseAddress else { return literal.utf8CodeUnitCount == 0 }
        return memcmp(start, literal.utf8Start, literal.utf8CodeUnitCount) == 0
    }

    /// Whether an ASCII literal stands somewhere in the text.
    package func contains(_ literal: StaticString) -> Bool {
        let start = baseAddress?.assumingMemoryBound(to: UInt8.self)
        // Swift reads the SIZE_MAX that stands for none as -1.
        return th_text_find(start, count, literal.utf8Start, literal.utf8CodeUnitCount) >= 0
    }

    /// The text before the first `mark`, or all of it.
    package func before(_ mark: UInt8) -> UnsafeRawBufferPointer {
        for index in 0..<count where self[index] == mark { return UnsafeRawBufferPointer(rebasing: self[..<index]) }
        return self
    }
}

extension Optional where Wrapped == UnsafeRawBufferPointer {
    /// The text, or nil where it is absent or empty.
    package var nonEmpty: UnsafeRawBufferPointer? {
        guard let text = self, !text.isEmpty else { return nil }
        return text
    }

    /// The text as a string; absent is empty.
    package func string(limit: Int = CloudTrailLimits.keptTextBytes) -> String {
        self?.string(limit: limit) ?? ""
    }
}
