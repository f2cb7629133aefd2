// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Testing

@Suite struct BlockTests {
    private func take(_ records: [[UInt8]], _ builder: BlockBuilder) throws -> Block? {
        for record in records { _ = try builder.take(record, time: 7) }
        return try builder.finish()
    }

    @Test func recordsComeBackByteForByte() throws {
        let builder = try BlockBuilder()
        let records: [[UInt8]] = [
            Array("{}".utf8), [], [0, 255, 10, 13], Array(repeating: 65, count: 100_000), Array("é𝄞".utf8),
        ]
        for _ in 0..<3 {
            let block = try #require(try take(records, builder))
            #expect(block.recordCount == 5)
            let decoded = try block.decode()
            #expect(decoded.count == 5)
            for index in records.indices { #expect(decoded[index] == records[index]) }
            #expect(decoded.withRecord(3) { $0.count } == 100_000)
        }
    }

    @Test func anEmptyBuilderMakesNoBlock() throws {
        let builder = try BlockBuilder()
        builder.add(LookupToken("left over"))
        #expect(try builder.finish() == nil)
        let block = try #require(try take([[1]], builder))
        #expect(block.tokens.isEmpty)
    }

    @Test func tokensAreDistinctAndAscending() throws {
        let builder = try BlockBuilder()
        for round in 0..<2 {
            _ = try builder.take([1], time: 1)
            for number in 0..<5_000 { builder.add(LookupToken("\(round) \(number % 3_000)")) }
            let block = try #require(try builder.finish())
            #expect(block.tokens == Set((0..<3_000).map { LookupToken("\(round) \($0)") }).sorted())
        }
        #expect(builder.tokensLeftOut == 0)
    }

    @Test func tooManyTokensAreCounted() throws {
        let builder = try BlockBuilder()
        _ = try builder.take([1], time: 1)
        for number in 0..<JournalLimits.tokensPerBlock + 10 { builder.add(LookupToken("\(number)")) }
        builder.add(LookupToken("0"))
        #expect(builder.tokensLeftOut == 10)
        #expect(try #require(try builder.finish()).tokens.count == JournalLimits.tokensPerBlock)
    }

    @Test func aFullBuilderRefusesUntilFinished() throws {
        let builder = try BlockBuilder()
        let half = [UInt8](repeating: 1, count: JournalLimits.blockTargetBytes / 2)
        #expect(try builder.take(half, time: 5))
        #expect(try builder.take(half, time: 3))
        #expect(try !builder.take(half, time: 9))
        let block = try #require(try builder.finish())
        #expect(block.recordCount == 2)
        #expect(block.firstTime == 3)
        #expect(block.lastTime == 5)
        #expect(try builder.take(half, time: 9))
    }

    @Test func theNumberOfRecordsIsBounded() throws {
        let builder = try BlockBuilder()
        for _ in 0..<JournalLimits.recordsPerBlock { #expect(try builder.take([1], time: 1)) }
        #expect(try !builder.take([1], time: 1))
        #expect(try #require(try builder.finish()).decode().count == JournalLimits.recordsPerBlock)
    }

    @Test func recordsUpToTheLimitFitAndLongerOnesAreRefused() throws {
        let builder = try BlockBuilder()
        var record = [UInt8](repeating: 1, count: JournalLimits.recordBytes)
        let block = try #require(try take([record], builder))
        #expect(try block.decode()[0] == record)
        record.append(1)
        #expect(throws: JournalError.self) { try take([record], builder) }
    }

    @Test func anyByteChangedIsFoundOrHarmless() throws {
        let builder = try BlockBuilder()
        let records = (0..<50).map { Batch.record($0) }
        let block = try #require(try take(records, builder))
        for position in block.compressed.indices {
            var bytes = block.compressed
            bytes[position] ^= 0x41
            // The frame's checksum covers the content: what still decodes is what was stored.
            guard let decoded = try? DecodedBlock(bytes) else { continue }
            #expect((0..<decoded.count).map { decoded[$0] } == records)
        }
        for length in 0..<block.compressed.count {
            #expect(throws: JournalError.self) { try DecodedBlock(Array(block.compressed.prefix(length))) }
        }
    }

    @Test func contentThatNoBuilderWroteIsDamage() throws {
        let builder = try BlockBuilder()
        // A block whose own content ends like a trailer is still told apart: the real trailer stands behind it.
        let trailer: [UInt8] = [1, 0, 0, 0, 1, 0, 0, 0]
        let block = try #require(try take([trailer, trailer], builder))
        #expect(try block.decode()[1] == trailer)
        #expect(throws: JournalError.self) { try DecodedBlock([]) }
        #expect(throws: JournalError.self) { try DecodedBlock(Array("not a frame".utf8)) }
        // A zstd frame that claims 1 TiB.
        #expect(throws: JournalError.self) {
            try DecodedBlock([0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0])
        }
    }
}
