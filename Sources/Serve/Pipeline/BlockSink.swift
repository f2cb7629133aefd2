// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal

/// Puts the accepted records of one submission into blocks, as many as they fill.
struct BlockSink {
    private let builder: BlockBuilder
    private var blocks: [Block] = []

    init(_ builder: BlockBuilder) {
        builder.reset()
        self.builder = builder
    }

    mutating func append(
        _ record: UnsafeRawBufferPointer, time: Milliseconds, tokens: UnsafeBufferPointer<LookupToken>
    ) throws {
        if try !builder.append(record, time: time) {
            if let full = try builder.finish() { blocks.append(full) }
            // An empty builder takes any record.
            _ = try builder.append(record, time: time)
        }
        builder.add(tokens)
    }

    /// The blocks, in the order of the records.
    mutating func finish() throws -> [Block] {
        if let last = try builder.finish() { blocks.append(last) }
        return blocks
    }
}
