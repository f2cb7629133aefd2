// SPDX-License-Identifier: Apache-2.0

/// The stream of a request that no handler sees: its answer, and what the client still sends for it, which is dropped.
///
/// Sendable because it is confined to its connection's event loop.
final class RefusedRequest: HTTP2Stream, @unchecked Sendable {
    private unowned let session: HTTP2Session
    private let body: StaticString
    private var sent = 0
    private var isReceiving: Bool

    /// The answer's body may be empty; then its headers end it. `isReceiving`: the client has not ended its half.
    init(session: HTTP2Session, body: StaticString, isReceiving: Bool) {
        self.session = session
        self.body = body
        self.isReceiving = isReceiving
    }

    override func receivedData(_ bytes: UnsafeRawBufferPointer) { session.consume(self, bytes.count) }

    override func receivedEnd() { isReceiving = false }

    override func receivedHeaders(endStream: Bool) { if endStream { isReceiving = false } }

    override func provideData(into target: UnsafeMutableRawBufferPointer) -> OutboundData {
        let count = min(target.count, body.utf8CodeUnitCount - sent)
        if count > 0 { target.baseAddress?.copyMemory(from: body.utf8Start + sent, byteCount: count) }
        sent += count
        return sent == body.utf8CodeUnitCount ? .end(count) : .bytes(count)
    }

    /// The client need not send the rest (RFC 9113 section 8.1).
    override func sentEnd() { if isReceiving { session.reset(id, .noError) } }
}
