// SPDX-License-Identifier: Apache-2.0

import CTransport
import Glibc
import Synchronization

/// Where nghttp2's sessions get their memory: small pieces from malloc, frame buffers from a range of pages of their own.
///
/// Each session keeps a buffer for one frame of 16 KiB, of which an idle connection uses the first bytes. From malloc it
/// would come as memory that a TLS handshake has just used and given back: resident, all of it. Pages that nobody has
/// touched cost nothing, and those of a session that ends are given back to the system.
struct SessionMemory: @unchecked Sendable {
    // Sendable: the table is complete before anybody sees it, and nghttp2 only reads it.
    let table: UnsafeMutablePointer<nghttp2_mem>

    static let shared = SessionMemory()

    private init() {
        table = .allocate(capacity: 1)
        table.initialize(
            to: nghttp2_mem(
                mem_user_data: nil,
                malloc: { size, _ in
                    guard size > FramePages.smallest else { return Glibc.malloc(size) }
                    return FramePages.shared.take(size) ?? Glibc.malloc(size)
                },
                free: { pointer, _ in
                    // A piece begins at a page, and hardly anything does that malloc gives.
                    guard Int(bitPattern: pointer) & (FramePages.alignment - 1) == 0 else { return Glibc.free(pointer) }
                    if !FramePages.shared.give(pointer) { Glibc.free(pointer) }
                },
                calloc: { count, size, _ in Glibc.calloc(count, size) },
                realloc: { pointer, size, _ in SessionMemory.realloc(pointer, size) }))
    }

    private static func realloc(_ pointer: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard let pointer else { return FramePages.shared.take(size) ?? Glibc.malloc(size) }
        guard FramePages.shared.owns(pointer) else { return Glibc.realloc(pointer, size) }
        if size <= FramePages.pieceBytes { return pointer }
        guard let moved = Glibc.malloc(size) else { return nil }
        moved.copyMemory(from: pointer, byteCount: FramePages.pieceBytes)
        _ = FramePages.shared.give(pointer)
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
    func give(_ pointer: UnsafeMutableRawPointer?) -> Bool {
        guard let pointer, let base, owns(pointer) else { return false }
        madvise(pointer, Self.pieceBytes, MADV_DONTNEED)
        let index = Int32((pointer - base) / Self.pieceBytes)
        state.withLock { $0.free.append(index) }
        return true
    }
}
