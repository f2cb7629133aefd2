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
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: room) { places in
            var start = 0
            while true {
                let count = th_text_find_all(
                    base + start, record.count - start, mark.utf8Start, mark.utf8CodeUnitCount, places.baseAddress, room)
                for index in 0..<count {
                    let text = start + Int(places[index]) + 1
                    let length = th_text_find_either(
                        base + text, record.count - text, UInt8(ascii: "\""), UInt8(ascii: "\\"))
                    body(TextView(rebasing: record[text..<text + length]))
                }
                guard count == room else { return }
                start += Int(places[count - 1]) + 1
            }
        }
    }

    /// So many are found at a time.
    private static var room: Int { 64 }
}
