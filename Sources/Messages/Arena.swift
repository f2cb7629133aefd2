// SPDX-License-Identifier: Apache-2.0

/// A bump allocator: hands out memory from its chunks and gives it back all at once.
///
/// Its first chunk may be lent to it, for example from the stack; it owns the chunks that it takes from the heap, until
/// `releaseChunks()` hands them on or `freeChunks()` frees them.
struct BumpAllocator {
    /// Every allocation starts on a multiple of this, which suits every C type.
    static let alignment = 16

    private var cursor: UnsafeMutableRawPointer?
    private var space: Int
    private var budget: Int
    /// The latest heap chunk; the first word of each points to the one before.
    private var chunks: UnsafeMutableRawPointer?
    private var nextChunkBytes = MessageLimits.heapChunkBytes
    /// True once an allocation was refused because the budget was used up.
    private(set) var isOverBudget = false

    /// Starts on a lent chunk, which must outlive the allocator's allocations.
    init(lent chunk: UnsafeMutableRawBufferPointer, budget: Int) {
        cursor = chunk.baseAddress
        space = chunk.count
        self.budget = budget
    }

    /// Starts with a heap chunk of at least `capacity` bytes.
    init(capacity: Int, budget: Int) {
        cursor = nil
        space = 0
        self.budget = budget
        addChunk(capacity)
    }

    private mutating func addChunk(_ capacity: Int) {
        let size = Self.alignment + capacity
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
        chunk.storeBytes(of: chunks, as: UnsafeMutableRawPointer?.self)
        chunks = chunk
        cursor = chunk + Self.alignment
        space = capacity
    }

    /// Memory for `size` bytes, not initialised; nil once the budget is used up.
    @inline(__always)
    mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        let rounded = (size &+ (Self.alignment - 1)) & ~(Self.alignment - 1)
        guard size >= 0, rounded >= size, rounded <= budget else {
            isOverBudget = true
            return nil
        }
        if rounded > space {
            addChunk(max(rounded, nextChunkBytes))
            nextChunkBytes = min(nextChunkBytes * 2, MessageLimits.heapChunkBytesMost)
        }
        guard let place = cursor else { return nil }
        budget &-= rounded
        space &-= rounded
        cursor = place + rounded
        return place
    }

    /// Hands the heap chunks to the caller, who must free them with `BumpAllocator.free(_:)`.
    mutating func releaseChunks() -> UnsafeMutableRawPointer? {
        defer { chunks = nil }
        return chunks
    }

    /// Frees the heap chunks, and with them every allocation.
    mutating func freeChunks() {
        Self.free(releaseChunks())
    }

    /// Frees a chain of heap chunks.
    static func free(_ chain: UnsafeMutableRawPointer?) {
        var next = chain
        while let chunk = next {
            next = chunk.load(as: UnsafeMutableRawPointer?.self)
            chunk.deallocate()
        }
    }
}

/// Owns the memory of one decoded message, which its `Bytes` values view.
///
/// `@unchecked Sendable` holds because nobody writes to the memory after the arena took it over, the one stored property
/// is a constant, and the memory is freed in `deinit` alone, when no reference is left.
final class Arena: @unchecked Sendable {
    private let chunks: UnsafeMutableRawPointer?

    /// Takes over the heap chunks of an allocator that is done.
    init(adopting allocator: inout BumpAllocator) {
        chunks = allocator.releaseChunks()
    }

    deinit {
        BumpAllocator.free(chunks)
    }
}
