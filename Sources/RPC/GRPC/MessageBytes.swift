// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Memory of a message that comes in parts. It grows with the bytes that have come, never by the length that was announced,
/// and a failed allocation is an answer rather than a trap.
final class MessageBytes {
    /// `realloc`, or a test's stand-in that fails.
    typealias Allocator = @convention(c) (UnsafeMutableRawPointer?, Int) -> UnsafeMutableRawPointer?

    private var base: UnsafeMutableRawPointer?
    private(set) var count = 0
    private(set) var capacity = 0

    deinit { free(base) }

    /// The bytes, valid until the next `append`.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Appends bytes of a message that has `expected` in all, as far as that is known. False where there is no memory; the
    /// bytes before stay.
    func append(_ more: UnsafeRawBufferPointer, expected: Int, _ allocate: Allocator) -> Bool {
        guard let source = more.baseAddress, more.count > 0 else { return true }
        let needed = count + more.count
        if needed > capacity {
            // Doubling, but not beyond the message; a little at once, so that small messages grow once.
            let little = min(expected, FixedLimits.messageReserveBytes)
            let wanted = max(needed, little, min(capacity * 2, max(expected, needed)))
            guard let grown = allocate(base, wanted) else { return false }
            base = grown
            capacity = wanted
        }
        base?.advanced(by: count).copyMemory(from: source, byteCount: more.count)
        count = needed
        return true
    }

    /// Forgets the bytes and keeps the memory.
    func clear() { count = 0 }
}
