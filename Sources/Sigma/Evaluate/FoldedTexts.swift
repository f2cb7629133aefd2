// SPDX-License-Identifier: Apache-2.0

import CJSON

/// The folded texts of one record's values, each made when it is first asked for.
///
/// Its state stands behind pointers, so that reading it costs no check of exclusive access; its owner frees it.
struct FoldedTexts {
    private struct Text {
        var generation: UInt32
        var length: UInt32
        var start: UnsafePointer<UInt8>
    }

    private struct State {
        var generation: UInt32 = 0
        var next: UnsafeMutablePointer<UInt8>
        var room: Int
        var block = 0
        var blocks: [UnsafeMutableBufferPointer<UInt8>]
    }

    private let texts: UnsafeMutablePointer<Text>
    private let count: Int
    private let state: UnsafeMutablePointer<State>
    private let first: UnsafeMutablePointer<UInt8>
    private static let blockBytes = 64 << 10

    /// - Parameter count: how many values are remembered; the ones behind are folded anew whenever they are asked for.
    init(count: Int) {
        self.count = count
        first = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.blockBytes)
        texts = .allocate(capacity: max(1, count))
        texts.initialize(repeating: Text(generation: 0, length: 0, start: first), count: max(1, count))
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                next: first, room: Self.blockBytes,
                blocks: [UnsafeMutableBufferPointer(start: first, count: Self.blockBytes)]))
    }

    func free() {
        texts.deallocate()
        for block in state.pointee.blocks { block.deallocate() }
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Forgets the record before.
    @inline(__always)
    func begin(generation: UInt32) {
        state.pointee.generation = generation
        state.pointee.block = 0
        state.pointee.next = first
        state.pointee.room = Self.blockBytes
    }

    /// Forgets everything, generations too.
    func clear() {
        for index in 0..<count { texts[index].generation = 0 }
    }

    /// The folded text of the value at an index of the extractor's table.
    @inline(__always)
    func text(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        if index < count, texts[index].generation == state.pointee.generation {
            return UnsafeRawBufferPointer(start: texts[index].start, count: Int(texts[index].length))
        }
        let folded = fold(bytes)
        if index < count, let start = folded.baseAddress?.assumingMemoryBound(to: UInt8.self) {
            texts[index] = Text(
                generation: state.pointee.generation, length: UInt32(truncatingIfNeeded: folded.count), start: start)
        }
        return folded
    }

    /// The folding of a text. Valid until `begin`.
    func fold(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        // Simple folding makes two bytes three at most.
        let room = bytes.count + bytes.count / 2 + 4
        if state.pointee.room < room { nextBlock(for: room) }
        let out = state.pointee.next
        var length = bytes.count
        if let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            th_text_fold_ascii(source, length, out) >= 0x80
        {
            length = CaseFolding.fold(bytes, into: out)
        }
        state.pointee.next += length
        state.pointee.room -= length
        return UnsafeRawBufferPointer(start: out, count: length)
    }

    /// Goes on to the first block from the next one on that has so much room.
    private func nextBlock(for room: Int) {
        repeat {
            state.pointee.block += 1
            if state.pointee.block == state.pointee.blocks.count {
                let size = max(room, Self.blockBytes)
                let start = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
                state.pointee.blocks.append(UnsafeMutableBufferPointer(start: start, count: size))
            }
        } while state.pointee.blocks[state.pointee.block].count < room
        let block = state.pointee.blocks[state.pointee.block]
        if let start = block.baseAddress { state.pointee.next = start }
        state.pointee.room = block.count
    }
}
