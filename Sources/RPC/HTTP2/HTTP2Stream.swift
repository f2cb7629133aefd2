// SPDX-License-Identifier: Apache-2.0

import CTransport

/// What a stream has for the session when it asks for DATA.
enum OutboundData {
    /// So many bytes were put in; there is or may be more.
    case bytes(Int)
    /// Nothing now: `HTTP2Session.resume` tells when there is.
    case nothing
    /// So many bytes were put in, and END_STREAM follows them.
    case end(Int)
    /// So many bytes were put in, and trailers follow, which the session then asks for.
    case trailers(Int)
}

/// A stream of an HTTP/2 session: the session calls these methods on the event loop, from within its own work, so they
/// note what happened and return; none may call back into user code.
class HTTP2Stream {
    /// 0 until the session has given one.
    @exclusivity(unchecked) fileprivate(set) final var id: Int32 = 0
    // The session's list of open streams, which owns them.
    @exclusivity(unchecked) fileprivate final var nextReference: Unmanaged<HTTP2Stream>?
    @exclusivity(unchecked) fileprivate final var previous: Unmanaged<HTTP2Stream>?

    /// The stream that was opened before this one and is open.
    final var next: HTTP2Stream? { nextReference?.takeUnretainedValue() }

    /// A field of a header block other than a request's first.
    func receivedHeader(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {}
    /// The end of a header block other than a request's first.
    func receivedHeaders(endStream: Bool) {}
    /// A part of the body; the last one where `isLast`, of which `receivedEnd` tells too.
    func receivedData(_ bytes: UnsafeRawBufferPointer, isLast: Bool) {}
    /// The end of the body.
    func receivedEnd() {}
    /// DATA is asked for.
    func provideData(into target: UnsafeMutableRawBufferPointer) -> OutboundData { .nothing }
    /// Trailers are asked for, once, after `provideData` said so.
    func submitTrailers(to session: HTTP2Session) {}
    /// The last frame of this side was sent.
    func sentEnd() {}
    /// The connection holds few unsent bytes again: writers that waited for that go on.
    func connectionHasRoom() {}
    /// The stream is over, by both ends (NO_ERROR) or by a reset.
    func closed(_ code: HTTP2ErrorCode) {}
}

/// The open streams of a session: an intrusive list, so that opening and closing cost no look-up. It owns them, by a
/// reference to each that `remove` gives up.
struct StreamList {
    private var head: Unmanaged<HTTP2Stream>?
    private(set) var count = 0

    /// The newest stream.
    var first: HTTP2Stream? { head?.takeUnretainedValue() }

    mutating func insert(_ stream: HTTP2Stream, id: Int32) {
        let added = Unmanaged.passRetained(stream)
        stream.id = id
        stream.nextReference = head
        stream.previous = nil
        head?._withUnsafeGuaranteedRef { $0.previous = added }
        head = added
        count += 1
    }

    /// Takes the stream, which the caller holds, out.
    mutating func remove(_ stream: HTTP2Stream) {
        let (next, previous) = (stream.nextReference, stream.previous)
        if let previous {
            previous._withUnsafeGuaranteedRef { $0.nextReference = next }
        } else {
            head = next
        }
        next?._withUnsafeGuaranteedRef { $0.previous = previous }
        stream.nextReference = nil
        stream.previous = nil
        count -= 1
        Unmanaged.passUnretained(stream).release()
    }
}

/// An HTTP/2 error code. Open, as the protocol's.
package struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    package var rawValue: UInt32

    /// The code with this number.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No error.
    package static let noError = HTTP2ErrorCode(rawValue: 0)
    /// The peer broke the protocol.
    package static let protocolError = HTTP2ErrorCode(rawValue: 1)
    /// A bug of the sender.
    package static let internalError = HTTP2ErrorCode(rawValue: 2)
    /// The peer sent more than the window allows, or made it too large.
    package static let flowControlError = HTTP2ErrorCode(rawValue: 3)
    /// The stream takes no more content.
    package static let streamClosed = HTTP2ErrorCode(rawValue: 5)
    /// The peer did not acknowledge SETTINGS.
    package static let settingsTimeout = HTTP2ErrorCode(rawValue: 4)
    /// The stream was not served at all.
    package static let refusedStream = HTTP2ErrorCode(rawValue: 7)
    /// Nobody wants the stream any more.
    package static let cancel = HTTP2ErrorCode(rawValue: 8)
    /// The peer does too much.
    package static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)
    /// The peer's TLS is too weak.
    package static let inadequateSecurity = HTTP2ErrorCode(rawValue: 12)
}
