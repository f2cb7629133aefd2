// SPDX-License-Identifier: Apache-2.0

import CTransport

/// What nghttp2 tells the session, from within `receive` and `nextOutput`.
extension HTTP2Session {
    private func stream(_ id: Int32) -> HTTP2Stream? {
        guard let pointer = nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Calls `body` with the stream, if it is open, without a retain: `streams` holds it, and nothing that a stream does
    /// within a callback takes it out.
    @discardableResult
    @inline(__always)
    private func withStream<Result>(_ id: Int32, _ body: (HTTP2Stream) -> Result) -> Result? {
        guard let pointer = nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
    }

    /// A frame was refused; its stream or the connection hears of it from nghttp2.
    func onInvalidFrame(_ header: nghttp2_frame_hd, _ error: Int32) {
        guard header.type == FrameType.headers else { return }
        isHeaderBlockOpen = false
        // Here rather than where the answer is sent: a peer that takes none is counted as well.
        if error == NGHTTP2_ERR_REFUSED_STREAM.rawValue { delegate?.sessionRefusedStream() }
        // nghttp2 resets it, and what the client sends before it hears of that is no fault of its own.
        if role == .server { closedStreams.resetHere(header.stream_id) }
    }

    func onBeginHeaders(_ frame: UnsafePointer<nghttp2_frame>) {
        headerListBytes = 0
        isHeaderBlockOpen = true
        isRequestBlock = frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
        if isRequestBlock {
            requestHead.reset()
        } else {
            headerStream = stream(frame.pointee.hd.stream_id)
        }
    }

    /// A field; nghttp2's code for what becomes of its block.
    func onHeader(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Int32 {
        headerListBytes += name.count + value.count + 32
        guard headerListBytes <= headerListLimit else {
            delegate?.sessionReceivedEndlessHeaders()
            isHeaderBlockOpen = false
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        if isRequestBlock {
            requestHead.add(name: name, value: value)
        } else {
            headerStream?.receivedHeader(name: name, value: value)
        }
        return 0
    }

    func onFrame(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        let endStream = header.flags & FrameFlag.endStream != 0
        switch header.type {
        case FrameType.data:
            // Padding is no content, its length byte included.
            if header.length <= frame.pointee.data.padlen && !endStream { delegate?.sessionReceived(.empty) }
            if endStream { withStream(header.stream_id) { $0.receivedEnd() } }
        case FrameType.headers:
            isHeaderBlockOpen = false
            if frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
                delegate?.sessionReceivedRequest(header.stream_id, endStream: endStream)
            } else {
                headerStream = nil
                stream(header.stream_id)?.receivedHeaders(endStream: endStream)
            }
        case FrameType.ping:
            guard header.flags & FrameFlag.ack != 0, unansweredPings > 0,
                let purpose = PingPurpose(rawValue: frame.pointee.ping.opaque_data.0)
            else {
                // An answer that nobody asked for is as good as a question.
                delegate?.sessionReceived(.ping)
                return
            }
            unansweredPings -= 1
            if purpose == .measure, let window = windows.pong(now: receivedAt) { setWindow(window) }
            delegate?.sessionReceivedPong(purpose)
        case FrameType.settings:
            guard header.flags & FrameFlag.ack == 0 else {
                delegate?.sessionReceivedSettingsAck()
                return
            }
            hasSettings = true
            checkWindows()
            delegate?.sessionReceived(.settings)
            delegate?.sessionReceivedSettings()
        case FrameType.reset: delegate?.sessionReceived(.reset)
        case FrameType.goAway:
            let goAway = frame.pointee.goaway
            delegate?.sessionReceivedGoAway(
                lastStreamID: goAway.last_stream_id, code: HTTP2ErrorCode(rawValue: goAway.error_code),
                debug: UnsafeRawBufferPointer(start: goAway.opaque_data, count: goAway.opaque_data_len))
        case FrameType.windowUpdate: delegate?.sessionReceived(.windowUpdate)
        default: break
        }
    }

    func onData(_ id: Int32, _ bytes: UnsafeRawBufferPointer, isLast: Bool) {
        // The connection's window is given back at once: only the stream's own window waits for its reader.
        nghttp2_session_consume_connection(session, bytes.count)
        if windows.received(bytes.count, now: receivedAt) { ping(.measure) }
        if withStream(id, { $0.receivedData(bytes, isLast: isLast) }) == nil {
            nghttp2_session_consume_stream(session, id, bytes.count)
        }
    }

    func onSent(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        guard header.type == FrameType.headers || header.type == FrameType.data else {
            return onSentControl(frame)
        }
        sentFrames += 1
        guard header.flags & FrameFlag.endStream != 0 else { return }
        withStream(header.stream_id) { $0.sentEnd() }
    }

    private func onSentControl(_ frame: UnsafePointer<nghttp2_frame>) {
        if frame.pointee.hd.type == FrameType.reset, role == .server {
            closedStreams.resetHere(frame.pointee.hd.stream_id)
        }
        switch frame.pointee.hd.type {
        case FrameType.settings where frame.pointee.hd.flags & FrameFlag.ack == 0: delegate?.sessionSentSettings()
        case FrameType.reset:
            switch HTTP2ErrorCode(rawValue: frame.pointee.rst_stream.error_code) {
            // What this side resets of its own will.
            case .noError, .cancel, .refusedStream: break
            // A peer that makes us reset streams does the same as one that resets them (CVE-2025-8671).
            default: delegate?.sessionReceived(.reset)
            }
        default: break
        }
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
        switch withStream(id, { $0.provideData(into: target) }) {
        case nil:
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            return 0
        case .bytes(let count): return count
        case .nothing: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .end(let count):
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            return count
        case .trailers(let count):
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
            withStream(id) { $0.submitTrailers(to: self) }
            return count
        }
    }
}
