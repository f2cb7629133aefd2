// SPDX-License-Identifier: Apache-2.0

import CJSON

/// Finds the ARNs of a record wherever they stand: in any field, and in the policies that are strings of JSON.
enum ARNFinder {
    /// Whether a text is one that `forEach` finds where it stands in a record as it is.
    @inline(__always)
    static func begins(_ text: TextView) -> Bool {
        guard text.count >= 4 else { return false }
        return UInt32(littleEndian: text.loadUnaligned(fromByteOffset: 0, as: UInt32.self)) == 0x3A6E_7261
    }

    /// Calls `body` with each text that begins with `"arn:` in the record's bytes, up to its closing quote or the first
    /// escape.
    @inline(__always)
    static func forEach(in record: UnsafeRawBufferPointer, _ body: (TextView) -> Void) {
        let mark: StaticString = "\"arn:"
        guard let base = record.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var start = 0
        while true {
            let offset = th_text_find(base + start, record.count - start, mark.utf8Start, mark.utf8CodeUnitCount)
            // Swift reads the SIZE_MAX that stands for none as -1.
            guard offset >= 0 else { return }
            let text = start + offset + 1
            let last =
                text + th_text_find_either(base + text, record.count - text, UInt8(ascii: "\""), UInt8(ascii: "\\"))
            body(TextView(rebasing: record[text..<last]))
            start = last
        }
    }
}
