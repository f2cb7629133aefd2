// SPDX-License-Identifier: Apache-2.0

/// Simple case folding, as Unicode has it: one character stands for one character. `ß` is not `ss`, `ı` is not `i`, the
/// Kelvin sign is `k`.
enum CaseFolding {
    /// Of each character of the basic plane. Made when the first text comes that is not ASCII.
    private static let basicPlane: [UInt16] = (0..<0x10000).map { code in
        guard let scalar = Unicode.Scalar(UInt32(code)) else { return UInt16(code) }
        let folded = derive(scalar).value
        return folded < 0x10000 ? UInt16(folded) : UInt16(code)
    }

    /// What the folding of a character is, from its mappings: its small letter; else the small letter of its capital,
    /// but for the dotless i, which Unicode folds to itself.
    private static func derive(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        func single(_ mapping: String, not other: Unicode.Scalar) -> Unicode.Scalar? {
            guard let first = mapping.unicodeScalars.first, mapping.unicodeScalars.count == 1, first != other else {
                return nil
            }
            return first
        }
        if let small = single(scalar.properties.lowercaseMapping, not: scalar) { return small }
        if scalar == "\u{131}" { return scalar }
        guard let capital = single(scalar.properties.uppercaseMapping, not: scalar) else { return scalar }
        return single(capital.properties.lowercaseMapping, not: capital) ?? scalar
    }

    /// The folding of a character.
    static func fold(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let code = scalar.value
        if code < 0x80 { return (65...90).contains(code) ? Unicode.Scalar(UInt8(code | 0x20)) : scalar }
        if code < 0x10000 { return Unicode.Scalar(basicPlane[Int(code)]) ?? scalar }
        // The scripts with two cases beyond the basic plane stand in this range.
        return (0x10400..<0x1E944).contains(code) ? derive(scalar) : scalar
    }

    /// The folding of a text.
    static func fold(_ bytes: [UInt8]) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(bytes.count)
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            folded.append(contentsOf: UTF8.encode(fold(scalar)) ?? UTF8.encodedReplacementCharacter)
        }
        return folded
    }

    /// Writes the folding of valid UTF-8 to `out`, which has room for one and a half times as many bytes and three more
    /// (a two-byte character can fold to a three-byte one), and returns its length.
    static func fold(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutablePointer<UInt8>) -> Int {
        var length = 0
        var at = 0
        while at < bytes.count {
            let first = bytes[at]
            if first < 0x80 {
                out[length] = first &- 65 < 26 ? first | 0x20 : first
                length += 1
                at += 1
                continue
            }
            let size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            guard at + size <= bytes.count else { break }
            var code = UInt32(first) & (size == 2 ? 0x1F : size == 3 ? 0x0F : 0x07)
            for place in 1..<size { code = code << 6 | UInt32(bytes[at + place] & 0x3F) }
            at += size
            let scalar = Unicode.Scalar(code).map(fold) ?? "\u{FFFD}"
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                out[length] = byte
                length += 1
            }
        }
        return length
    }
}
