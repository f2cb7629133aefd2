// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import RPC
import Testing

/// Cutting a body into messages.
@Suite struct DeframerTests {
    private static func frame(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
        [flag] + withUnsafeBytes(of: UInt32(message.count).bigEndian, Array.init) + message
    }

    private static func run(_ body: [UInt8], pieces: Int, limit: Int = 1000) throws -> [[UInt8]] {
        var deframer = MessageDeframer(maxMessageBytes: limit)
        var messages: [[UInt8]] = []
        for start in stride(from: 0, to: body.count, by: pieces) {
            try body[start..<min(body.count, start + pieces)].withUnsafeBytes { bytes in
                try deframer.receive(bytes) { _, message in messages.append(Array(message)) }
            }
        }
        #expect(deframer.pendingBytes == 0)
        return messages
    }

    @Test func anyCutGivesTheSameMessages() throws {
        let messages: [[UInt8]] = [[], [1], Array(0..<200), [], Array(repeating: 7, count: 999), [2, 3]]
        let body = messages.flatMap { Self.frame($0) }
        for pieces in [1, 2, 3, 4, 5, 6, 7, 64, 205, body.count] {
            #expect(try Self.run(body, pieces: pieces) == messages)
        }
    }

    @Test func limitIsExact() throws {
        #expect(try Self.run(Self.frame([1, 2, 3]), pieces: 100, limit: 3) == [[1, 2, 3]])
        for pieces in [1, 100] {
            let error = #expect(throws: RPCError.self) {
                _ = try Self.run(Self.frame([1, 2, 3, 4]), pieces: pieces, limit: 3)
            }
            #expect(error?.code == .resourceExhausted)
        }
    }

    @Test(arguments: [2, 3, 128, 255] as [UInt8]) func unknownFlagsAreRefused(_ flag: UInt8) {
        let error = #expect(throws: RPCError.self) { _ = try Self.run(Self.frame([1], flag: flag), pieces: 1) }
        #expect(error?.code == .internalError)
    }

    @Test func tellsCompressed() throws {
        var deframer = MessageDeframer(maxMessageBytes: 10)
        var flags: [Bool] = []
        try (Self.frame([1], flag: 1) + Self.frame([1])).withUnsafeBytes { bytes in
            try deframer.receive(bytes) { isCompressed, _ in flags.append(isCompressed) }
        }
        #expect(flags == [true, false])
    }

    @Test func aLengthAloneReservesLittle() throws {
        var deframer = MessageDeframer(maxMessageBytes: Int(UInt32.max))
        try ([0, 0xFF, 0xFF, 0xFF, 0xFF, 1] as [UInt8]).withUnsafeBytes { bytes in
            try deframer.receive(bytes) { _, _ in Issue.record("No message is complete.") }
        }
        #expect(deframer.pendingBytes == 6)
    }

    /// A large message without room holds up what is behind it, and everything comes once there is room, however it is cut.
    @Test func aMessageWaitsForRoom() throws {
        let large = [UInt8](repeating: 5, count: 70_000)
        let body = [[1], large, [2, 3], large, [4]].flatMap { Self.frame($0) }
        for pieces in [1_000, 16_384, 80_000, body.count] {
            var deframer = MessageDeframer(maxMessageBytes: 100_000)
            var messages: [[UInt8]] = []
            var asked = 0
            for start in stride(from: 0, to: body.count, by: pieces) {
                try body[start..<min(body.count, start + pieces)].withUnsafeBytes { bytes in
                    try deframer.receive(
                        bytes,
                        announce: { _, length in
                            #expect(length == large.count)
                            asked += 1
                            return false
                        }
                    ) { _, message in messages.append(Array(message)) }
                }
            }
            #expect(messages == [[1]] && asked == 1 && deframer.isPaused)
            #expect(deframer.pendingBytes == body.count - 6)
            try deframer.resume(announce: { _, _ in
                asked += 1
                return false
            }) { _, message in messages.append(Array(message)) }
            #expect(messages == [[1], large, [2, 3]] && asked == 2 && deframer.isPaused)
            try deframer.resume { _, message in messages.append(Array(message)) }
            #expect(messages == [[1], large, [2, 3], large, [4]])
            #expect(deframer.pendingBytes == 0 && !deframer.isPaused)
        }
    }

    @Test func aMessageThatHasRoomGoesOnInItsMemory() throws {
        let large = Self.frame([UInt8](repeating: 5, count: 70_000))
        var deframer = MessageDeframer(maxMessageBytes: 100_000)
        try large[..<20_000].withUnsafeBytes { try deframer.receive($0, announce: { _, _ in false }) { _, _ in } }
        try deframer.resume { _, _ in Issue.record("No message is complete.") }
        var count = 0
        try large[20_000...].withUnsafeBytes { bytes in
            try deframer.receive(
                bytes,
                announce: { _, _ in
                    Issue.record("It was asked before.")
                    return false
                }
            ) { _, message in count = message.count }
        }
        #expect(count == 70_000)
    }

    @Test func aFailedAllocationIsAnAnswer() throws {
        var deframer = MessageDeframer(maxMessageBytes: 1 << 30) { block, size in
            size > 1 << 20 ? nil : realloc(block, size)
        }
        let part = [UInt8](repeating: 0, count: 600_000)
        try ([0] + withUnsafeBytes(of: UInt32(1 << 29).bigEndian, Array.init) + part).withUnsafeBytes { bytes in
            try deframer.receive(bytes) { _, _ in }
        }
        let error = #expect(throws: RPCError.self) {
            try part.withUnsafeBytes { try deframer.receive($0) { _, _ in } }
        }
        #expect(error?.code == .resourceExhausted)
        #expect((error?.cause as? LimitExceeded)?.limit == .memory)
    }
}
