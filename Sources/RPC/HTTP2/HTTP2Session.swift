// SPDX-License-Identifier: Apache-2.0

import CTransport

/// What a session tells the connection that runs it. Called on the event loop, from within `receive` or `nextOutput`.
protocol HTTP2SessionDelegate: AnyObject {
    /// A request's header block is complete: `requestHead`. Servers only.
    func sessionReceivedRequest(_ id: Int32, endStream: Bool)
    /// A frame came that floods are made of.
    func sessionReceived(_ frame: CountedFrame)
    /// Our PING was answered.
    func sessionReceivedPong()
    /// The peer's SETTINGS came.
    func sessionReceivedSettings()
    /// The peer goes away and has seen streams up to `lastStreamID`.
    func sessionReceivedGoAway(lastStreamID: Int32, code: HTTP2ErrorCode, debug: UnsafeRawBufferPointer)
    /// A stream of the peer was refused: it has as many open as it may.
    func sessionRefusedStream()
    /// A stream is over; it was told already.
    func sessionClosedStream(_ id: Int32, hadStream: Bool)
}

/// Frames that cost the sender little and the receiver work.
package enum CountedFrame {
    case ping
    case settings
    case reset
    case empty
}

/// HTTP/2 by nghttp2: bytes in, events out; submissions in, bytes out. The only owner of an `nghttp2_session`.
///
/// nghttp2 calls back through thin thunks that unwrap the user data, which is this object, unretained: it outlives
/// the session it owns. Streams ride as user data of nghttp2's streams, unretained: `streams` owns them.
final class HTTP2Session {
    enum Role { case server, client }

    /// The bytes were no HTTP/2, or broke it in a way that ends the connection at once.
    struct Failure: Error {
        let isBadPreface: Bool
    }

    let role: Role
    // Unchecked: no access of these overlaps another, since each is over before anything else is called.
    @exclusivity(unchecked) private var session: OpaquePointer?
    /// Who runs the connection; cleared when it closes.
    @exclusivity(unchecked) var delegate: (any HTTP2SessionDelegate)?
    @exclusivity(unchecked) private(set) var streams = StreamList()
    /// The stream whose header block is on its way, to save looking it up for each field.
    @exclusivity(unchecked) private unowned(unsafe) var headerStream: HTTP2Stream?
    @exclusivity(unchecked) private var isRequestBlock = false
    /// The request's header block that is on its way or has just come. Servers only.
    @exclusivity(unchecked) private(set) var requestHead: RequestHead
    /// A frame with headers or data was sent since the last look.
    @exclusivity(unchecked) private var hasSentContent = false
    /// The peer's SETTINGS have come, as they must before anything else.
    private(set) var hasSettings = false

    init?(role: Role, limits: Limits) {
        self.role = role
        requestHead = RequestHead(limit: limits.maxHeaderListBytes)
        guard let options = SessionOptions(limits: limits) else { return nil }
        let callbacks = SessionCallbacks.shared.pointer
        let userData = Unmanaged.passUnretained(self).toOpaque()
        let result =
            role == .server
            ? nghttp2_session_server_new2(&session, callbacks, userData, options.pointer)
            : nghttp2_session_client_new2(&session, callbacks, userData, options.pointer)
        guard result == 0, submitSettings(limits) else { return nil }
    }

    deinit { nghttp2_session_del(session) }

    private func submitSettings(_ limits: Limits) -> Bool {
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(clamping: limits.streamWindowBytes)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(clamping: limits.maxHeaderListBytes)),
        ]
        switch role {
        case .server:
            settings.append(
                nghttp2_settings_entry(
                    settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                    value: UInt32(clamping: limits.maxConcurrentStreams)))
            settings.append(
                nghttp2_settings_entry(
                    settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1))
        case .client:
            settings.append(
                nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
        }
        guard nghttp2_submit_settings(session, 0, settings, settings.count) == 0 else { return false }
        let window = Int32(clamping: limits.connectionWindowBytes)
        return nghttp2_session_set_local_window_size(session, 0, 0, window) == 0
    }

    // MARK: Bytes

    /// Takes bytes from the peer and calls the delegate and the streams.
    func receive(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let result = nghttp2_session_mem_recv(session, base, bytes.count)
        if result < 0 { throw Failure(isBadPreface: result == Int(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue)) }
    }

    /// The next frames to send, valid until the next call; nil when there is nothing more now.
    func nextOutput() -> UnsafeRawBufferPointer? {
        var pointer: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &pointer)
        guard count > 0 else { return nil }
        return UnsafeRawBufferPointer(start: pointer, count: count)
    }

    /// Neither side has anything to say: the connection can close.
    var isFinished: Bool {
        nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    }

    /// Whether a frame with headers or data was sent since the last call.
    func takeSentContent() -> Bool {
        defer { hasSentContent = false }
        return hasSentContent
    }

    // MARK: Streams

    /// Makes `stream` the one that hears of the id. Servers, within `sessionReceivedRequest`.
    func attach(_ stream: HTTP2Stream, to id: Int32) {
        streams.insert(stream, id: id)
        nghttp2_session_set_stream_user_data(session, id, Unmanaged.passUnretained(stream).toOpaque())
    }

    /// Opens a stream with a request. False when the connection can open no more.
    func open(_ stream: HTTP2Stream, headers: HeaderBlock) -> Bool {
        let pointer = Unmanaged.passUnretained(stream).toOpaque()
        var provider = SessionCallbacks.provider
        let id = headers.withNVs { nghttp2_submit_request(session, nil, $0, $1, &provider, pointer) }
        guard id > 0 else { return false }
        streams.insert(stream, id: id)
        return true
    }

    /// Sends response headers; DATA is asked of the stream.
    func submitResponse(_ stream: HTTP2Stream, headers: HeaderBlock) {
        var provider = SessionCallbacks.provider
        _ = headers.withNVs { nghttp2_submit_response(session, stream.id, $0, $1, &provider) }
    }

    /// Sends the response headers that nearly every call has.
    func submitResponse(_ stream: HTTP2Stream, headers: ConstantHeaders) {
        var provider = SessionCallbacks.provider
        nghttp2_submit_response(session, stream.id, headers.nvs, headers.count, &provider)
    }

    /// Sends headers with END_STREAM: a response without a body.
    func submitResponse(_ id: Int32, only headers: HeaderBlock) {
        _ = headers.withNVs { nghttp2_submit_response(session, id, $0, $1, nil) }
    }

    func submitTrailers(_ stream: HTTP2Stream, _ trailers: HeaderBlock) {
        _ = trailers.withNVs { nghttp2_submit_trailer(session, stream.id, $0, $1) }
    }

    func submitTrailers(_ stream: HTTP2Stream, _ trailers: ConstantHeaders) {
        nghttp2_submit_trailer(session, stream.id, trailers.nvs, trailers.count)
    }

    /// The stream has data again after `OutboundData.nothing`.
    func resume(_ stream: HTTP2Stream) { nghttp2_session_resume_data(session, stream.id) }

    func reset(_ id: Int32, _ code: HTTP2ErrorCode) {
        nghttp2_submit_rst_stream(session, 0, id, code.rawValue)
    }

    /// Gives the peer window for so many bytes of the stream.
    func consume(_ stream: HTTP2Stream, _ count: Int) {
        guard count > 0, stream.id != 0 else { return }
        nghttp2_session_consume_stream(session, stream.id, count)
    }

    // MARK: The connection

    func ping() { nghttp2_submit_ping(session, 0, nil) }

    /// Tells the peer to open no streams, while those on their way are still served.
    func submitShutdownNotice() { nghttp2_submit_shutdown_notice(session) }

    /// Ends the connection: streams above the last one seen are not served; open ones go on where `code` is NO_ERROR.
    func submitGoAway(_ code: HTTP2ErrorCode, debug: StaticString) {
        let last = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(session, 0, last, code.rawValue, debug.utf8Start, debug.utf8CodeUnitCount)
    }

    /// Sends GOAWAY and nothing after it.
    func terminate(_ code: HTTP2ErrorCode) { nghttp2_session_terminate_session(session, code.rawValue) }

    /// Tells every open stream that it is over. For a connection that is lost.
    func closeAllStreams(_ code: HTTP2ErrorCode) {
        while let stream = streams.first {
            nghttp2_session_set_stream_user_data(session, stream.id, nil)
            streams.remove(stream)
            stream.closed(code)
            delegate?.sessionClosedStream(stream.id, hadStream: true)
        }
    }

    // MARK: Callbacks

    private func stream(_ id: Int32) -> HTTP2Stream? {
        guard let pointer = nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    }

    func onBeginHeaders(_ frame: nghttp2_frame) {
        isRequestBlock = frame.headers.cat == NGHTTP2_HCAT_REQUEST
        if isRequestBlock {
            requestHead.reset()
        } else {
            headerStream = stream(frame.hd.stream_id)
        }
    }

    func onHeader(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        if isRequestBlock {
            requestHead.add(name: name, value: value)
        } else {
            headerStream?.receivedHeader(name: name, value: value)
        }
    }

    func onFrame(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        let endStream = header.flags & FrameFlag.endStream != 0
        switch header.type {
        case FrameType.data:
            if header.length == 0 && !endStream { delegate?.sessionReceived(.empty) }
            if endStream { stream(header.stream_id)?.receivedEnd() }
        case FrameType.headers:
            if frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
                delegate?.sessionReceivedRequest(header.stream_id, endStream: endStream)
            } else {
                headerStream = nil
                stream(header.stream_id)?.receivedHeaders(endStream: endStream)
            }
        case FrameType.ping:
            if header.flags & FrameFlag.ack != 0 {
                delegate?.sessionReceivedPong()
            } else {
                delegate?.sessionReceived(.ping)
            }
        case FrameType.settings:
            if header.flags & FrameFlag.ack == 0 {
                hasSettings = true
                delegate?.sessionReceived(.settings)
                delegate?.sessionReceivedSettings()
            }
        case FrameType.reset: delegate?.sessionReceived(.reset)
        case FrameType.goAway:
            let goAway = frame.pointee.goaway
            delegate?.sessionReceivedGoAway(
                lastStreamID: goAway.last_stream_id, code: HTTP2ErrorCode(rawValue: goAway.error_code),
                debug: UnsafeRawBufferPointer(start: goAway.opaque_data, count: goAway.opaque_data_len))
        case FrameType.priority: delegate?.sessionReceived(.empty)
        default: break
        }
    }

    func onData(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
        // The connection's window is given back at once: only the stream's own window waits for its reader.
        nghttp2_session_consume_connection(session, bytes.count)
        if let stream = stream(id) {
            stream.receivedData(bytes)
        } else {
            nghttp2_session_consume_stream(session, id, bytes.count)
        }
    }

    func onSent(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        guard header.type == FrameType.headers || header.type == FrameType.data else {
            // Nothing here resets with this code: it is nghttp2's answer to a stream too many.
            if header.type == FrameType.reset,
                frame.pointee.rst_stream.error_code == HTTP2ErrorCode.refusedStream.rawValue
            {
                delegate?.sessionRefusedStream()
            }
            return
        }
        hasSentContent = true
        guard header.flags & FrameFlag.endStream != 0 else { return }
        stream(header.stream_id)?.sentEnd()
    }

    func onClosed(_ id: Int32, _ code: HTTP2ErrorCode) {
        let stream = stream(id)
        if let stream {
            nghttp2_session_set_stream_user_data(session, id, nil)
            if stream === headerStream { headerStream = nil }
            streams.remove(stream)
            stream.closed(code)
        }
        delegate?.sessionClosedStream(id, hadStream: stream != nil)
    }

    /// nghttp2's answer to its request for DATA.
    func onProvideData(
        _ id: Int32, into target: UnsafeMutableRawBufferPointer, flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        guard let stream = stream(id) else {
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            return 0
        }
        switch stream.provideData(into: target) {
        case .bytes(let count): return count
        case .nothing: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .end(let count):
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            return count
        case .trailers(let count):
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
            stream.submitTrailers(to: self)
            return count
        }
    }
}

/// Types of HTTP/2 frames.
enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
}

/// Flags of HTTP/2 frames.
enum FrameFlag {
    static let endStream: UInt8 = 1
    static let ack: UInt8 = 1
}
