// SPDX-License-Identifier: Apache-2.0

import CJSON

/// The folded texts of one record's values, each made when it is first asked for.
final class FoldedTexts {
    private struct Text {
        var generation: UInt32
        var length: UInt32
        var start: UnsafePointer<UInt8>
    }

    private let texts: UnsafeMutablePointer<Text>
    private let count: Int
    private var generation: UInt32 = 0
    private var blocks: [UnsafeMutableBufferPointer<UInt8>] = []
    private var block = 0
    private var used = 0
    private static let blockBytes = 64 << 10

    /// - Parameter count: how many values are remembered; the ones behind are folded anew whenever they are asked for.
    init(count: Int) {
        self.count = count
        blocks.append(.allocate(capacity: Self.blockBytes))
        texts = .allocate(capacity: max(1, count))
        let nowhere = UnsafePointer(take(0))
        texts.initialize(repeating: Text(generation: 0, length: 0, start: nowhere), count: max(1, count))
    }

    deinit {
        texts.deallocate()
        for block in blocks { block.deallocate() }
    }

    /// Forgets the record before.
    @inline(__always)
    func begin(generation: UInt32) {
        self.generation = generation
        block = 0
        used = 0
    }

    /// Forgets everything, generations too.
    func clear() {
        for index in 0..<count { texts[index].generation = 0 }
    }

    /// The folded text of the value at an index of the extractor's table.
    @inline(__always)
    func text(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        if index < count, texts[index].generation == generation {
            return UnsafeRawBufferPointer(start: texts[index].start, count: Int(texts[index].length))
        }
        let folded = fold(bytes)
        if index < count, let start = folded.baseAddress?.assumingMemoryBound(to: UInt8.self) {
            texts[index] = Text(generation: generation, length: UInt32(truncatingIfNeeded: folded.count), start: start)
        }
        return folded
    }

    /// The folding of a text. Valid until `begin`.
    func fold(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        // Simple folding makes two bytes three at most.
        let room = bytes.count + bytes.count / 2 + 4
        let out = take(room)
        guard let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return UnsafeRawBufferPointer(start: out, count: 0)
        }
        if th_text_fold_ascii(source, bytes.count, out) < 0x80 {
            used -= room - bytes.count
            return UnsafeRawBufferPointer(start: out, count: bytes.count)
        }
        let length = CaseFolding.fold(bytes, into: out)
        used -= room - length
        return UnsafeRawBufferPointer(start: out, count: length)
    }

    private func take(_ size: Int) -> UnsafeMutablePointer<UInt8> {
        while block < blocks.count, blocks[block].count - used < size {
            block += 1
            used = 0
        }
        if block == blocks.count { blocks.append(.allocate(capacity: max(size, Self.blockBytes))) }
        defer { used += size }
        guard let start = blocks[block].baseAddress else { preconditionFailure("a block has memory") }
        return start + used
    }
}
