// SPDX-License-Identifier: Apache-2.0

import CTransport

/// What RFC 9113 asks of a server beyond what nghttp2 looks after.
extension HTTP2Session {
    /// A frame of a known type begins, also one that nghttp2 passes over. Its payload is not known yet.
    func onBeginFrame(_ header: nghttp2_frame_hd) {
        if header.type != FrameType.continuation { isHeaderBlockOpen = false }
        switch header.type {
        case FrameType.headers: if role == .server { checkState(header) }
        case FrameType.priority:
            // Section 6.3. nghttp2 drops these frames unread, as we tell clients in our SETTINGS (RFC 9218).
            if header.stream_id == 0 { terminate(.protocolError) }
            delegate?.sessionReceived(.empty)
        case FrameType.settings:
            if header.flags & FrameFlag.ack == 0 { largestWindow = largestSendWindow() }
        default: break
        }
    }

    /// Section 5.1: a stream that is closed takes no more content.
    private func checkState(_ header: nghttp2_frame_hd) {
        let id = header.stream_id
        if closedStreams.isIdle(id) { return closedStreams.opened(id) }
        guard nghttp2_session_find_stream(session, id) == nil else { return }
        switch closedStreams.kind(id) {
        case .idle: break
        case .skipped: terminate(.protocolError)
        case .resetHere: break
        // For a stream that the client reset itself a stream error would do, but a stream that is gone can't be reset.
        case .ended: terminate(.streamClosed)
        }
    }

    /// Whether the client ended or reset the stream, and it is gone.
    func isOver(_ id: Int32) -> Bool {
        !closedStreams.isIdle(id) && nghttp2_session_find_stream(session, id) == nil
            && closedStreams.kind(id) == .ended
    }

    private func largestSendWindow() -> Int64 {
        var largest: Int64 = 0
        var stream = streams.first
        while let open = stream {
            largest = max(largest, Int64(nghttp2_session_get_stream_remote_window_size(session, open.id)))
            stream = open.next
        }
        initialSendWindow = Int64(
            nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE))
        return largest
    }

    /// Section 6.9.2: SETTINGS that make a window too large are an error of the connection, not of the stream.
    func checkWindows() {
        let change =
            Int64(nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE))
            - initialSendWindow
        if largestWindow + change > Int64(Int32.max) { terminate(.flowControlError) }
    }
}
