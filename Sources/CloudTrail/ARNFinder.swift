// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Finds the ARNs of a record wherever they stand: in any field, and in the policies that are strings of JSON.
enum ARNFinder {
    /// Calls `body` with each text that begins with `"arn:` in the record's bytes, up to its closing quote or the first
    /// escape.
    static func forEach(in record: UnsafeRawBufferPointer, _ body: (TextView) -> Void) {
        let mark: StaticString = "\"arn:"
        guard var start = record.baseAddress else { return }
        let end = start + record.count
        while let found = memmem(start, end - start, mark.utf8Start, mark.utf8CodeUnitCount) {
            let text = UnsafeRawPointer(found) + 1
            var last = text
            while last < end {
                let byte = last.load(as: UInt8.self)
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
                last += 1
            }
            body(TextView(start: text, count: last - text))
            start = last
        }
    }
}
