// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Journal

/// Synthetic batches: records of some 1.26 kB whose identities are spread as GUIDs are, with as many tokens as real
/// logs have.
final class Workload {
    static let recordsPerBlock = 500
    static let blocksPerCommit = 4

    private let builder: BlockBuilder
    private let templates: [[UInt8]]

    init() throws {
        builder = try BlockBuilder()
        let fields = (0..<30).map { "field\($0)" }
        templates = (0..<1_000).map { number in
            let body = fields.map { #""\#($0)":"value of \#($0) in the record \#(number % 40)""# }
            return Array("{\(body.joined(separator: ",")),\"random\":\"\(UUID())\(UUID())\"}".utf8)
        }
    }

    /// A random-looking identity, the same each time.
    static func id(_ number: Int) -> EventID {
        let high = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        let low = (UInt64(number) ^ high) &* 0xBF58_476D_1CE4_E5B9
        return EventID(high: high ^ high >> 29, low: low ^ low >> 32)
    }

    /// The batches of one commit.
    func blocks(from number: Int) throws -> [(Block, [EventID])] {
        try (0..<Self.blocksPerCommit).map { index in
            let first = number + index * Self.recordsPerBlock
            for offset in 0..<Self.recordsPerBlock {
                let record = templates[(first + offset * 7) % templates.count]
                _ = try record.withUnsafeBytes { try builder.append($0, time: Int64(first)) }
                // Half of the records add a token that the block has not yet; one in ten adds one nobody had.
                if offset % 2 == 0 { builder.add(common()) }
                if offset % 10 == 1 { builder.add(LookupToken("only \(first + offset)")) }
            }
            guard let block = try builder.finish() else { throw JournalError(.outOfBounds, "an empty block") }
            return (block, (first..<first + Self.recordsPerBlock).map(Self.id))
        }
    }

    func rareToken(_ total: Int) -> LookupToken { LookupToken("only \(total / 2 / 10 * 10 + 1)") }

    func commonToken() -> LookupToken { LookupToken("common 3") }

    /// One of 20,000 values, low numbers more often.
    private func common() -> LookupToken {
        let uniform = Double.random(in: 0..<1)
        return LookupToken("common \(Int(uniform * uniform * 20_000))")
    }
}
