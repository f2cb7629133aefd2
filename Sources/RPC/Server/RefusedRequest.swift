// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A stream whose client owes the end of its request.
protocol TimedRequest: HTTP2Stream {
    /// When its headers came.
    var started: NIODeadline { get }
    /// The end has not come, and is waited for.
    var awaitsRequest: Bool { get }
    /// Time is up.
    func requestTookTooLong()
}

/// The stream of a request that no handler sees: its answer, and what the client still sends for it, which is dropped.
///
/// Sendable because it is confined to its connection's event loop.
final class RefusedRequest: HTTP2Stream, TimedRequest, @unchecked Sendable {
    private unowned let session: HTTP2Session
    private var isReceiving: Bool
    private var received = 0
    private var headers: HeaderBlock?
    private var body: StaticString = ""
    private var sent = 0
    private(set) var started = NIODeadline.uptimeNanoseconds(0)

    /// A request that was answered, or will be by `answer`. `isReceiving`: the client has not ended its half.
    init(session: HTTP2Session, isReceiving: Bool) {
        self.session = session
        self.isReceiving = isReceiving
    }

    /// Answers: where there is a moment at which the request began, when all of it has come or enough of it, else now.
    /// The body may be empty; then the headers are the answer.
    func answer(_ headers: HeaderBlock, body: StaticString, atEndOfRequestSince started: NIODeadline?) {
        self.headers = headers
        self.body = body
        if let started { self.started = started } else { answer() }
    }

    var awaitsRequest: Bool { headers != nil }

    func requestTookTooLong() { answer() }

    private func answer() {
        guard let headers else { return }
        self.headers = nil
        if body.utf8CodeUnitCount == 0 {
            session.submitResponse(id, only: headers)
        } else {
            session.submitResponse(self, headers: headers)
        }
    }

    override func receivedData(_ bytes: UnsafeRawBufferPointer, isLast: Bool) {
        session.consume(self, bytes.count)
        received += bytes.count
        if received >= FixedLimits.refusedBodyBytes { answer() }
    }

    override func receivedEnd() {
        isReceiving = false
        answer()
    }

    override func receivedHeaders(endStream: Bool) { if endStream { receivedEnd() } }

    override func provideData(into target: UnsafeMutableRawBufferPointer) -> OutboundData {
        let count = min(target.count, body.utf8CodeUnitCount - sent)
        if count > 0 { target.baseAddress?.copyMemory(from: body.utf8Start + sent, byteCount: count) }
        sent += count
        return sent == body.utf8CodeUnitCount ? .end(count) : .bytes(count)
    }

    /// The client need not send the rest (RFC 9113 section 8.1).
    override func sentEnd() { if isReceiving { session.reset(id, .noError) } }
}
