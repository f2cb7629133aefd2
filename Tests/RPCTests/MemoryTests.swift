// SPDX-License-Identifier: Apache-2.0

import CTransport
import Foundation
import RPC
import Testing

@Suite("Memory of calls and sessions")
struct MemoryTests {
    /// Tells when it goes.
    private final class Token: Sendable {}

    /// A value that does not fit in place.
    private struct Large {
        var words = (0, 0, 0, 0, 0, 0, 0)
        var token: Token?
    }

    @Test("a request's place holds values of any size, once, and lets go of them")
    func slot() {
        weak var small: Token?
        weak var large: Token?
        weak var untaken: Token?
        do {
            let tokens = (Token(), Token(), Token())
            (small, large, untaken) = tokens
            var slot = RequestSlot()
            #expect(slot.isEmpty)
            slot.put(tokens.0)
            #expect(!slot.isEmpty)
            slot.put(tokens.1)
            #expect(slot.take(Token.self) === tokens.0)
            #expect(slot.isEmpty)

            slot.put(Large(words: (1, 2, 3, 4, 5, 6, 7), token: tokens.1))
            let taken = slot.take(Large.self)
            #expect(taken.words.6 == 7)
            #expect(taken.token === tokens.1)

            slot.put(Large(token: tokens.2))
            slot.destroy(Large.self)
            slot.destroy(Large.self)
            #expect(slot.isEmpty)
            slot.put(())
            slot.take(Void.self)
            slot.put(SIMD4<Double>(1, 2, 3, 4))
            #expect(slot.take(SIMD4<Double>.self).w == 4)
        }
        #expect(small == nil)
        #expect(large == nil)
        #expect(untaken == nil)
    }

    private let memory = SessionMemory()

    private func allocate(_ size: Int) throws -> UnsafeMutableRawPointer {
        try #require(memory.table.pointee.malloc(size, memory.table.pointee.mem_user_data))
    }

    private func release(_ block: UnsafeMutableRawPointer?) {
        memory.table.pointee.free(block, memory.table.pointee.mem_user_data)
    }

    @Test("freed blocks come back, each as large as was asked for, to its thread alone")
    func blocks() async throws {
        memory.serveThisThread()
        var random = SystemRandomNumberGenerator()
        var live: [(block: UnsafeMutableRawPointer, size: Int, mark: UInt8)] = []
        for round in 0..<20_000 {
            if live.count < 300, Bool.random(using: &random) {
                let size = Int.random(in: 0...700, using: &random)
                let block = try allocate(size)
                let mark = UInt8(truncatingIfNeeded: round)
                block.initializeMemory(as: UInt8.self, repeating: mark, count: size)
                live.append((block, size, mark))
            } else if let (block, size, mark) = live.randomElement(using: &random) {
                live.removeAll { $0.block == block }
                // Nobody else was given a byte of it.
                #expect(UnsafeRawBufferPointer(start: block, count: size).allSatisfy { $0 == mark })
                release(block)
            }
        }
        for (block, _, _) in live { release(block) }
        release(nil)

        let first = try allocate(100)
        release(first)
        #expect(try allocate(104) == first)
        let address = UInt(bitPattern: first)
        // Another thread's free goes to malloc, and its blocks come from there.
        await withCheckedContinuation { continuation in
            let thread = Thread { [self] in
                release(UnsafeMutableRawPointer(bitPattern: address))
                release(try? allocate(16))
                continuation.resume()
            }
            thread.start()
        }
    }

    @Test("no more freed blocks are kept than the limit says")
    func kept() throws {
        memory.serveThisThread()
        let blocks = try (0..<1000).map { _ in try allocate(64) }
        for block in blocks { release(block) }
        let again = try Set((0..<1000).map { _ in try allocate(64) })
        #expect(again.count == 1000)
        for block in again { release(block) }
    }
}
