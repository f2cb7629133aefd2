// SPDX-License-Identifier: Apache-2.0

import CTransport
import Glibc
import Synchronization

/// Where nghttp2's sessions on one event loop get their memory: small blocks from malloc, by way of lists of freed ones;
/// frame buffers from a range of pages of their own.
///
/// A read brings dozens of calls, and each takes eight blocks that all come back when the answers are sent: more than
/// malloc's own lists for a thread hold, which makes it slow. And each session keeps a buffer for one frame of 16 KiB, of
/// which an idle connection uses the first bytes. From malloc it would come as memory that a TLS handshake has just used
/// and given back: resident, all of it. Pages that nobody has touched cost nothing, and those of a session that ends are
/// given back to the system.
///
/// Sendable because the table never changes once it is made, and the lists are touched by one thread alone: another,
/// which may come to free a session, is told apart and goes to malloc.
package final class SessionMemory: @unchecked Sendable {
    /// Freed blocks of a size; the first word of each names the next.
    private struct List {
        var first: UnsafeMutableRawPointer?
        var count = 0
    }

    /// For nghttp2, which copies it: for sessions that hold this object.
    package let table: UnsafeMutablePointer<nghttp2_mem>
    /// By size: the list at index n has blocks of 16 n + 8 bytes or more, which are malloc's sizes.
    private let lists: UnsafeMutablePointer<List>
    private let thread = Atomic<pthread_t>(0)

    private static let listCount = (FixedLimits.keptBlockBytes - 8) / 16 + 1

    /// Memory that keeps nothing yet.
    package init() {
        lists = .allocate(capacity: Self.listCount)
        lists.initialize(repeating: List(), count: Self.listCount)
        table = .allocate(capacity: 1)
        table.initialize(
            to: nghttp2_mem(
                mem_user_data: nil,
                malloc: { size, memory in SessionMemory.with(memory) { $0.take(size) } ?? Glibc.malloc(size) },
                free: { block, memory in
                    guard let block else { return }
                    if SessionMemory.with(memory, { $0.keep(block) ? block : nil }) == nil { SessionMemory.free(block) }
                },
                calloc: { count, size, _ in Glibc.calloc(count, size) },
                realloc: { block, size, _ in SessionMemory.realloc(block, size) }))
        table.pointee.mem_user_data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        for index in 0..<Self.listCount {
            while let block = pop(index) { Glibc.free(block) }
        }
        lists.deallocate()
        table.deallocate()
    }

    /// Keeps freed blocks from here on, for the thread that calls: the event loop's.
    package func serveThisThread() { thread.store(pthread_self(), ordering: .relaxed) }

    @inline(__always)
    private static func with(
        _ memory: UnsafeMutableRawPointer?, _ body: (SessionMemory) -> UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        guard let memory else { return nil }
        return Unmanaged<SessionMemory>.fromOpaque(memory)._withUnsafeGuaranteedRef(body)
    }

    @inline(__always)
    private var isOwnThread: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    @inline(__always)
    private func pop(_ index: Int) -> UnsafeMutableRawPointer? {
        guard let block = lists[index].first else { return nil }
        lists[index].first = block.load(as: UnsafeMutableRawPointer?.self)
        lists[index].count &-= 1
        return block
    }

    /// A block for so many bytes; nil where malloc has to do.
    @inline(__always)
    private func take(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size <= FixedLimits.keptBlockBytes else { return FramePages.shared.take(size) }
        let index = max(1, (size &+ 7) &>> 4)
        guard isOwnThread else { return nil }
        // malloc's block is as large as any that may follow it in the list.
        return pop(index) ?? Glibc.malloc(index &* 16 &+ 8)
    }

    /// Puts a freed block in its list. False when that is full, or has no such.
    @inline(__always)
    private func keep(_ block: UnsafeMutableRawPointer) -> Bool {
        // Frame buffers begin at a page, and hardly anything does that malloc gives.
        guard Int(bitPattern: block) & (FramePages.alignment - 1) != 0, isOwnThread else { return false }
        let index = (malloc_usable_size(block) &- 8) &>> 4
        guard index > 0, index < Self.listCount, lists[index].count < FixedLimits.keptBlocks else { return false }
        block.storeBytes(of: lists[index].first, as: UnsafeMutableRawPointer?.self)
        lists[index].first = block
        lists[index].count &+= 1
        return true
    }

    @inline(never)
    private static func free(_ block: UnsafeMutableRawPointer) {
        if !FramePages.shared.give(block) { Glibc.free(block) }
    }

    @inline(never)
    private static func realloc(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard let block else { return FramePages.shared.take(size) ?? Glibc.malloc(size) }
        guard FramePages.shared.owns(block) else { return Glibc.realloc(block, size) }
        if size <= FramePages.pieceBytes { return block }
        guard let moved = Glibc.malloc(size) else { return nil }
        moved.copyMemory(from: block, byteCount: FramePages.pieceBytes)
        _ = FramePages.shared.give(block)
        return moved
    }
}

/// A range of address space in pieces for one frame buffer each. A session takes one when it begins and gives it back
/// when it ends.
///
/// Sendable because the range never changes and the list of free pieces has a lock.
final class FramePages: @unchecked Sendable {
    static let shared = FramePages()

    /// A frame of 16 KiB with nghttp2's additions, in whole pages.
    static let pieceBytes = 20 * 1024
    static let smallest = 16 * 1024
    /// A page, where each piece begins.
    static let alignment = 4096
    private static let pieces = 32 * 1024

    private struct State {
        var untouched = 0
        var free: [Int32] = []
    }

    private let base: UnsafeMutableRawPointer?
    private let state = Mutex(State())

    private init() {
        let memory = mmap(
            nil, Self.pieceBytes * Self.pieces, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
            0)
        base = memory == MAP_FAILED ? nil : memory
    }

    /// A piece for so many bytes; nil where malloc has to do.
    @inline(never)
    func take(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size > Self.smallest, size <= Self.pieceBytes, let base else { return nil }
        let index = state.withLock { state -> Int? in
            if let last = state.free.popLast() { return Int(last) }
            guard state.untouched < Self.pieces else { return nil }
            defer { state.untouched += 1 }
            return state.untouched
        }
        return index.map { base + $0 * Self.pieceBytes }
    }

    /// Whether the pointer is one of the pieces.
    func owns(_ pointer: UnsafeMutableRawPointer) -> Bool {
        guard let base else { return false }
        return pointer >= base && pointer < base + Self.pieceBytes * Self.pieces
    }

    /// Takes a piece back. False when it is none of them.
    @inline(never)
    func give(_ pointer: UnsafeMutableRawPointer?) -> Bool {
        guard let pointer, let base, owns(pointer) else { return false }
        madvise(pointer, Self.pieceBytes, MADV_DONTNEED)
        let index = Int32((pointer - base) / Self.pieceBytes)
        state.withLock { $0.free.append(index) }
        return true
    }
}
