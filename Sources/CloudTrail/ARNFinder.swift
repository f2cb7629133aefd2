// SPDX-License-Identifier: Apache-2.0

/// Finds the ARNs of a record wherever they stand: in any field, and in the policies that are strings of JSON.
enum ARNFinder {
    /// Calls `body` with each text that begins with `arn:` behind a quote in the record's bytes, up to its closing quote
    /// or the first escape.
    static func forEach(in record: UnsafeRawBufferPointer, _ body: (TextView) -> Void) {
        var index = 0
        // Sixteen places at a time: a quote, and the colon that would stand four bytes behind it.
        let quotes = SIMD16<UInt8>(repeating: UInt8(ascii: "\""))
        let colons = SIMD16<UInt8>(repeating: UInt8(ascii: ":"))
        while index + 20 <= record.count {
            let here = record.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self) .== quotes
            let there = record.loadUnaligned(fromByteOffset: index + 4, as: SIMD16<UInt8>.self) .== colons
            if any(here .& there) {
                for place in index..<(index + 16) { visit(record, place, body) }
            }
            index += 16
        }
        while index + 5 <= record.count {
            visit(record, index, body)
            index += 1
        }
    }

    /// Calls `body` where an ARN begins behind the quote at this place.
    @inline(__always)
    private static func visit(_ record: UnsafeRawBufferPointer, _ place: Int, _ body: (TextView) -> Void) {
        guard record[place] == UInt8(ascii: "\""), record[place + 4] == UInt8(ascii: ":"),
            record[place + 1] == UInt8(ascii: "a"), record[place + 2] == UInt8(ascii: "r"),
            record[place + 3] == UInt8(ascii: "n")
        else { return }
        var end = place + 5
        while end < record.count, record[end] != UInt8(ascii: "\""), record[end] != UInt8(ascii: "\\") { end += 1 }
        body(TextView(rebasing: record[(place + 1)..<end]))
    }
}
