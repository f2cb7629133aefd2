// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Encoded messages of a stream that wait for window, and the writers that wait for them to go.
///
/// A writer suspends once more than the high-water mark waits, and goes on below the low-water mark. So one stream
/// holds the mark and one message a writer at most. Where the connection holds too much (`UnsentBytes`), both marks are 0.
struct OutboundBuffer {
    private(set) var bytes: ByteBuffer
    private var waiters: [Int: UnsafeContinuation<Void, any Error>] = [:]
    private var nextWaiter = 0
    private let high: Int
    private let low: Int
    /// What of `bytes` the connection has counted; only what writers that can wait have left is.
    private var counted = 0

    init(buffer: ByteBuffer, limits: Limits) {
        bytes = buffer
        high = limits.writeHighWaterBytes
        low = limits.writeLowWaterBytes
    }

    var isEmpty: Bool { bytes.readableBytes == 0 }

    /// Whether a writer has to wait.
    func isFull(_ connection: UnsentBytes) -> Bool { bytes.readableBytes > (connection.isOver ? 0 : high) }

    /// How much the connection's count is to change by after a message of a writer.
    mutating func count() -> Int {
        defer { counted = bytes.readableBytes }
        return bytes.readableBytes - counted
    }

    /// … and after bytes were sent or dropped: 0 where no writer has left any.
    mutating func recount() -> Int { counted > 0 ? count() : 0 }

    mutating func write(
        limit: Int, isCompressed: Bool = false, _ encode: (inout ByteBuffer) throws -> Void
    ) throws {
        if bytes.readableBytes == 0 { bytes.rewind() }
        try bytes.writeMessage(limit: limit, isCompressed: isCompressed, encode)
    }

    /// Moves what fits to `target`.
    mutating func read(into target: UnsafeMutableRawBufferPointer, _ connection: UnsentBytes) -> Int {
        let count = bytes.readWithUnsafeReadableBytes { readable in
            let count = min(readable.count, target.count)
            if count > 0, let source = readable.baseAddress {
                target.baseAddress?.copyMemory(from: source, byteCount: count)
            }
            return count
        }
        if !waiters.isEmpty { resumeWriters(connection) }
        return count
    }

    /// Lets writers go on where there is room for them.
    mutating func resumeWriters(_ connection: UnsentBytes) {
        if bytes.readableBytes <= (connection.isOver ? 0 : low), !waiters.isEmpty { resumeAll() }
    }

    /// Drops what waits.
    mutating func discard() {
        bytes.clear()
        if !waiters.isEmpty { resumeAll() }
    }

    /// A number for a writer that may have to wait.
    mutating func ticket() -> Int {
        nextWaiter += 1
        return nextWaiter
    }

    mutating func wait(_ ticket: Int, _ continuation: UnsafeContinuation<Void, any Error>) {
        waiters[ticket] = continuation
    }

    /// A waiting writer was cancelled.
    mutating func cancel(_ ticket: Int) {
        waiters.removeValue(forKey: ticket)?.resume(throwing: CancellationError())
    }

    private mutating func resumeAll() {
        let resumed = waiters
        waiters = [:]
        for continuation in resumed.values { continuation.resume() }
    }

    /// The stream is over: writers fail, and the buffer is the caller's.
    mutating func close(_ error: @autoclosure () -> RPCError) -> ByteBuffer {
        if !waiters.isEmpty {
            let failed = waiters
            waiters = [:]
            for continuation in failed.values { continuation.resume(throwing: error()) }
        }
        let buffer = bytes
        bytes = ByteBuffer()
        return buffer
    }
}
