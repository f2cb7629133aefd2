// SPDX-License-Identifier: Apache-2.0

import JSON

/// Collects the distinct lookup tokens of a batch. One worker owns one; its table is kept from batch to batch.
package struct TokenCollector {
    /// Open addressing; 0 is a free place, so the token of that value is kept apart.
    private var table: [UInt64] = []
    private var used: [LookupToken] = []
    private var zero: LookupToken?

    /// A collector without a table yet.
    package init() {}

    /// Adds the tokens of the record that the extractor holds.
    package mutating func add(
        _ record: UnsafeRawBufferPointer, _ extractor: RecordExtractor, _ fields: EnvelopeFields
    ) {
        ARNFinder.forEach(in: record) { add($0) }
        for slot in fields.tokens {
            for value in extractor.values(slot) where value.kind == .string { add(value.bytes) }
        }
        switch Identity(extractor, fields).principal {
        case .verbatim(let text): add(text)
        case .made(var text): text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Adds the token of one value.
    package mutating func add(_ text: TextView) {
        guard !text.isEmpty, text.count <= CloudTrailLimits.tokenBytes else { return }
        insert(LookupToken(text))
    }

    /// The tokens since the last call, in order.
    package mutating func take() -> [LookupToken] {
        var result = used
        if let zero { result.append(zero) }
        result.sort()
        let mask = table.count - 1
        for token in used {
            // Every place of a probe sequence is cleared, since all of its values are among `used`.
            var index = Int(truncatingIfNeeded: token.value) & mask
            while table[index] != 0 {
                table[index] = 0
                index = (index + 1) & mask
            }
        }
        used.removeAll(keepingCapacity: true)
        zero = nil
        return result
    }

    private mutating func insert(_ token: LookupToken) {
        if token.value == 0 {
            zero = token
            return
        }
        if table.isEmpty { grow() }
        guard place(token.value) else { return }
        used.append(token)
        if used.count * 2 > table.count { grow() }
    }

    private mutating func place(_ value: UInt64) -> Bool {
        let mask = table.count - 1
        var index = Int(truncatingIfNeeded: value) & mask
        while table[index] != 0 {
            if table[index] == value { return false }
            index = (index + 1) & mask
        }
        table[index] = value
        return true
    }

    private mutating func grow() {
        table = [UInt64](repeating: 0, count: max(1 << 12, table.count * 2))
        for token in used { _ = place(token.value) }
    }
}
