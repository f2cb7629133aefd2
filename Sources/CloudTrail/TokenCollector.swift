// SPDX-License-Identifier: Apache-2.0

import JSON

/// Collects the lookup tokens of one record after the other. One worker owns one; its storage is kept.
package struct TokenCollector {
    private var tokens: [LookupToken] = []

    package init() {}

    /// Lends the tokens of the record that the extractor holds to `body`. A value that stands twice comes twice.
    package mutating func withTokens<T>(
        _ record: UnsafeRawBufferPointer, _ extractor: RecordExtractor, _ fields: EnvelopeFields,
        _ body: (UnsafeBufferPointer<LookupToken>) throws -> T
    ) rethrows -> T {
        tokens.removeAll(keepingCapacity: true)
        ARNFinder.forEach(in: record) { add($0) }
        for slot in fields.tokens {
            extractor.forEachString(slot) { add($0) }
        }
        switch Identity(extractor, fields).principal {
        case .verbatim(let text): add(text)
        case .made(var text): text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
        }
        return try tokens.withUnsafeBufferPointer(body)
    }

    private mutating func add(_ text: TextView) {
        guard !text.isEmpty, text.count <= CloudTrailLimits.tokenBytes else { return }
        tokens.append(LookupToken(text))
    }
}
