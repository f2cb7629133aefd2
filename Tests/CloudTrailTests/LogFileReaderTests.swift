// SPDX-License-Identifier: Apache-2.0

import CZlib
import CloudTrail
import Testing

/// One gzip member.
func gzip(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
    var stream = z_stream()
    guard CZlib_deflateInitGzip(&stream, level) == Z_OK else { return [] }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    return input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { return [] }
            return Array(output[..<(output.count - Int(stream.avail_out))])
        }
    }
}

@Suite struct LogFileReaderTests {
    /// Text that compresses as badly as GUIDs do.
    private func document(_ count: Int) -> [UInt8] {
        var state: UInt64 = 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(ascii: "a") + UInt8(truncatingIfNeeded: state >> 60)
        }
    }

    private func read(_ bytes: [UInt8], with reader: LogFileReader = LogFileReader()) throws -> [UInt8] {
        try bytes.withUnsafeBytes { Array(try reader.document(of: $0)) }
    }

    private func reason(_ bytes: [UInt8]) -> RejectionReason? {
        do {
            _ = try read(bytes)
            return nil
        } catch { return (error as? Rejection)?.reason }
    }

    @Test func plainIsGivenBackWithoutACopy() throws {
        let bytes = document(1_000)
        let isSame = try bytes.withUnsafeBytes { bytes in
            try LogFileReader().document(of: bytes).baseAddress == bytes.baseAddress
        }
        #expect(isSame)
        #expect(try read([]) == [])
    }

    @Test(arguments: [0, 1, 1_000, 262_143, 262_144, 262_145, 3_000_000]) func gzipOfAnySize(size: Int) throws {
        let bytes = document(size)
        #expect(try read(gzip(bytes)) == bytes)
    }

    @Test func aReaderIsReused() throws {
        let reader = LogFileReader()
        for size in [10, 20_000_000, 5, 400_000] {
            let bytes = document(size)
            #expect(try read(gzip(bytes, level: 1), with: reader) == bytes)
            #expect(throws: Rejection.self) { try read(Array(gzip(bytes).dropLast(9)), with: reader) }
        }
    }

    @Test func membersAreJoined() throws {
        let (first, second) = (document(70_000), document(300_000))
        #expect(try read(gzip(first) + gzip([]) + gzip(second)) == first + second)
        let many = Array(repeatElement(gzip([65]), count: 5_000).joined())
        #expect(try read(many).count == 5_000)
    }

    @Test func aNameACommentAndAnExtraFieldArePassedOver() throws {
        let bytes = document(5_000)
        let member = gzip(bytes)
        let fields: [UInt8] = [3, 0, 1, 2, 3] + Array("log.json".utf8) + [0] + Array("a note".utf8) + [0]
        let header: [UInt8] = Array(member[..<3]) + [0b1_1100] + Array(member[4..<10])
        #expect(try read(header + fields + member[10...]) == bytes)
    }

    @Test func aHeaderIsCheckedWhereItAsksForIt() throws {
        let bytes = document(5_000)
        let member = gzip(bytes)
        let header: [UInt8] = Array(member[..<3]) + [0b10] + Array(member[4..<10])
        let checksum = UInt16(truncatingIfNeeded: crc32(0, header, UInt32(header.count)))
        let low = UInt8(truncatingIfNeeded: checksum), high = UInt8(checksum >> 8)
        #expect(try read(header + [low, high] + member[10...]) == bytes)
        #expect(reason(header + [low ^ 1, high] + member[10...]) == .invalidGzip)
    }

    @Test func everyTruncationIsNoticed() {
        let bytes = gzip(document(3_000))
        for end in 2..<bytes.count { #expect(reason(Array(bytes[..<end])) == .truncatedGzip) }
    }

    @Test func damageIsNoticed() {
        var checksum = gzip(document(3_000))
        checksum[checksum.count - 6] ^= 1
        #expect(reason(checksum) == .invalidGzip)
        var size = gzip(document(3_000))
        size[size.count - 1] ^= 0x80
        #expect(reason(size) == .invalidGzip)
        #expect(reason(gzip(document(3_000)) + [0, 0]) == .invalidGzip)
        #expect(reason([0x1F, 0x8B, 0xFF, 0xFF] + document(40)) == .invalidGzip)
    }

    @Test func aBombIsRefused() {
        let bomb = gzip([UInt8](repeating: 32, count: 40 << 20), level: 9)
        #expect(bomb.count < 50_000)
        #expect(reason(bomb) == .decompressedTooLarge)
    }

    @Test func whatCloudTrailWritesIsFarFromTheLimit() throws {
        // The same record again and again, but for its id: about 60:1.
        var state: UInt64 = 7
        var bytes: [UInt8] = []
        let padding = String(repeating: "the same in every record, ", count: 45)
        for _ in 0..<8_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes += Array("{\"eventID\":\"\(EventID(high: state, low: ~state).guidText)\",\"x\":\"\(padding)\"},".utf8)
        }
        #expect(try read(gzip(bytes, level: 9)) == bytes)
    }

    @Test func anHonestFileOverTheLimitIsRefused() {
        #expect(reason(gzip(document(CloudTrailLimits.documentBytes + 1), level: 1)) == .decompressedTooLarge)
    }
}
