// SPDX-License-Identifier: Apache-2.0

/// The stored form of what the stream's state learned in one commit group: for each part that learned something its number,
/// a count of four bytes, little-endian, and so many bytes of its log.
enum StreamRow {
    /// Adds the log of a part, where there is any.
    static func append(_ part: UInt8, _ bytes: [UInt8], to row: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        row.append(part)
        withUnsafeBytes(of: UInt32(clamping: bytes.count).littleEndian) { row.append(contentsOf: $0) }
        row += bytes
    }

    /// Gives the parts of a row; what is cut off at its end is left out.
    static func forEachPart(_ row: [UInt8], _ body: (UInt8, [UInt8]) -> Void) {
        var position = 0
        while row.count - position >= 5 {
            let count = row[(position + 1)...(position + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard row.count - position - 5 >= count else { return }
            body(row[position], Array(row[(position + 5)..<(position + 5 + count)]))
            position += 5 + count
        }
    }
}
