// SPDX-License-Identifier: Apache-2.0

import CTransport
import NIOCore

/// What a session tells the connection that runs it. Called on the event loop, from within `receive` or `nextOutput`.
protocol HTTP2SessionDelegate: AnyObject {
    /// A request's header block is complete: `requestHead`. Servers only.
    func sessionReceivedRequest(_ id: Int32, endStream: Bool)
    /// A frame came that floods are made of.
    func sessionReceived(_ frame: CountedFrame)
    /// A PING of ours was answered.
    func sessionReceivedPong(_ purpose: PingPurpose)
    /// Our SETTINGS were sent.
    func sessionSentSettings()
    /// The peer acknowledged our SETTINGS.
    func sessionReceivedSettingsAck()
    /// A header block is so long that its connection should end.
    func sessionReceivedEndlessHeaders()
    /// The peer's SETTINGS came.
    func sessionReceivedSettings()
    /// The peer goes away and has seen streams up to `lastStreamID`.
    func sessionReceivedGoAway(lastStreamID: Int32, code: HTTP2ErrorCode, debug: UnsafeRawBufferPointer)
    /// A stream of the peer is refused: it has as many open as it may.
    func sessionRefusedStream()
    /// More frames wait to be sent than a peer that takes any would leave. Servers only.
    func sessionQueueOverflowed()
    /// A stream is over; it was told already.
    func sessionClosedStream(_ id: Int32, hadStream: Bool)
}

/// What a PING of ours is for; its first byte tells the answers apart.
enum PingPurpose: UInt8, CaseIterable {
    /// Is the peer there?
    case keepalive = 1
    /// Has the peer seen our GOAWAY?
    case drain
    /// How much is on its way?
    case measure
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
    @exclusivity(unchecked) private(set) var session: OpaquePointer?
    /// Who runs the connection; cleared when it closes.
    @exclusivity(unchecked) var delegate: (any HTTP2SessionDelegate)?
    @exclusivity(unchecked) var streams = StreamList()
    /// The stream whose header block is on its way, to save looking it up for each field.
    @exclusivity(unchecked) unowned(unsafe) var headerStream: HTTP2Stream?
    @exclusivity(unchecked) var isRequestBlock = false
    /// The request's header block that is on its way or has just come. Servers only.
    @exclusivity(unchecked) var requestHead: RequestHead
    /// Frames with headers or data that were sent since the last look.
    @exclusivity(unchecked) var sentFrames = 0
    /// The windows that the peer needs; and the moment when the bytes came that are looked at.
    @exclusivity(unchecked) var windows: WindowEstimator
    @exclusivity(unchecked) var receivedAt = NIODeadline.now()
    /// The peer's SETTINGS have come, as they must before anything else.
    var hasSettings = false
    /// PINGs of ours without an answer.
    var unansweredPings = 0
    /// A header block has begun and its end has not come.
    @exclusivity(unchecked) var isHeaderBlockOpen = false
    /// Bytes of the header block that is on its way, as the limit counts them.
    @exclusivity(unchecked) var headerListBytes = 0
    let headerListLimit: Int
    @exclusivity(unchecked) var closedStreams = ClosedStreams()
    @exclusivity(unchecked) private var scanner = FrameScanner()
    private let maxQueuedFrames: Int
    /// The largest window of an open stream before the peer's SETTINGS are applied.
    var largestWindow: Int64 = 0
    var initialSendWindow: Int64 = 0

    /// nghttp2's memory, which it has until `deinit`.
    private let memory: SessionMemory

    /// A session on the event loop of this memory.
    init?(role: Role, limits: Limits, memory: SessionMemory) {
        self.role = role
        self.memory = memory
        headerListLimit = limits.maxHeaderListBytes.multipliedReportingOverflow(by: FixedLimits.headerListFactor).0
        requestHead = RequestHead(limit: limits.maxHeaderListBytes)
        maxQueuedFrames =
            limits.maxQueuedFrames.addingReportingOverflow(
                limits.maxConcurrentStreams.multipliedReportingOverflow(by: 2).0
            ).0
        windows = WindowEstimator(limits: limits)
        guard let options = SessionOptions(limits: limits) else { return nil }
        let callbacks = SessionCallbacks.shared.pointer
        let userData = Unmanaged.passUnretained(self).toOpaque()
        let result =
            role == .server
            ? nghttp2_session_server_new3(
                &session, callbacks, userData, options.pointer, memory.table)
            : nghttp2_session_client_new3(
                &session, callbacks, userData, options.pointer, memory.table)
        guard result == 0, submitSettings(limits) else { return nil }
    }

    deinit {
        while let stream = streams.first { streams.remove(stream) }
        nghttp2_session_del(session)
    }

    private func submitSettings(_ limits: Limits) -> Bool {
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(clamping: min(limits.initialWindowBytes, Int(Int32.max)))),
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
        return setConnectionWindow(limits.initialWindowBytes)
    }

    private func setConnectionWindow(_ streamWindow: Int) -> Bool {
        nghttp2_session_set_local_window_size(
            session, 0, 0, Int32(clamping: streamWindow.multipliedReportingOverflow(by: 2).0)) == 0
    }

    /// Lets every stream receive so many bytes at a time, and the connection twice as many.
    func setWindow(_ bytes: Int) {
        let setting = nghttp2_settings_entry(
            settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
            value: UInt32(clamping: min(bytes, Int(Int32.max))))
        withUnsafePointer(to: setting) { _ = nghttp2_submit_settings(session, 0, $0, 1) }
        _ = setConnectionWindow(bytes)
    }

    // MARK: Bytes

    /// Takes bytes from the peer and calls the delegate and the streams.
    func receive(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        if role == .server {
            var isLate = false
            // Streams that the client resets in these very bytes are still open for nghttp2.
            var resets: [Int32] = []
            let isWrong = scanner.scan(bytes) { type, id in
                if type == FrameType.reset {
                    if resets.count < ClosedStreams.kept { resets.append(id) }
                } else if isOver(id) || resets.contains(id) {
                    isLate = true
                }
            }
            for _ in 0..<scanner.takeUnknownFrames() { delegate?.sessionReceived(.empty) }
            if isWrong { return terminate(.protocolError) }
            if isLate { return terminate(.streamClosed) }
        }
        let result = nghttp2_session_mem_recv(session, base, bytes.count)
        if result < 0 { throw Failure(isBadPreface: result == Int(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue)) }
        // A client's own requests may wait for the streams that its server allows, however many they are.
        if role == .server, nghttp2_session_get_outbound_queue_size(session) > maxQueuedFrames {
            delegate?.sessionQueueOverflowed()
        }
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

    /// How many frames with headers or data were sent since the last call.
    func takeSentContent() -> Int {
        defer { sentFrames = 0 }
        return sentFrames
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

    func ping(_ purpose: PingPurpose) {
        unansweredPings += 1
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8) { payload in
            payload.initialize(repeating: 0)
            payload[0] = purpose.rawValue
            nghttp2_submit_ping(session, 0, payload.baseAddress)
        }
    }

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
}
