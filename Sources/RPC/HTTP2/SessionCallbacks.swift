// SPDX-License-Identifier: Apache-2.0

import CTransport

/// nghttp2's callbacks: thunks that unwrap the session and call its method. Made once for the process.
///
/// Sendable because the table is complete before anybody sees it and nghttp2 only copies from it.
struct SessionCallbacks: @unchecked Sendable {
    let pointer: OpaquePointer?

    static let shared = SessionCallbacks()

    private init() {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, userData in
            if let frame { session(userData)?.onBeginHeaders(frame.pointee) }
            return 0
        }
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, userData in
            if let header { session(userData)?.onBeginFrame(header.pointee) }
            return 0
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, error, userData in
            if let frame { session(userData)?.onInvalidFrame(frame.pointee.hd, error) }
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameLength, value, valueLength, _, userData in
            let goesOn = session(userData)?.onHeader(
                name: UnsafeRawBufferPointer(start: name, count: nameLength),
                value: UnsafeRawBufferPointer(start: value, count: valueLength))
            return goesOn == false ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue : 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, userData in
            if let frame { session(userData)?.onFrame(frame) }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, bytes, count, userData in
            session(userData)?.onData(id, UnsafeRawBufferPointer(start: bytes, count: count))
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, userData in
            if let frame { session(userData)?.onSent(frame) }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, userData in
            session(userData)?.onClosed(id, HTTP2ErrorCode(rawValue: code))
            return 0
        }
        pointer = callbacks
    }

    /// Asks the stream for its DATA.
    static var provider: nghttp2_data_provider {
        nghttp2_data_provider(source: nghttp2_data_source()) { _, id, target, capacity, flags, _, userData in
            guard let target, let flags, let session = session(userData) else {
                return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
            }
            return session.onProvideData(
                id, into: UnsafeMutableRawBufferPointer(start: target, count: capacity), flags: flags)
        }
    }
}

private func session(_ userData: UnsafeMutableRawPointer?) -> HTTP2Session? {
    guard let userData else { return nil }
    return Unmanaged<HTTP2Session>.fromOpaque(userData).takeUnretainedValue()
}

/// nghttp2's options for a session; freed with this object.
final class SessionOptions {
    let pointer: OpaquePointer

    init?(limits: Limits) {
        var options: OpaquePointer?
        guard nghttp2_option_new(&options) == 0, let options else { return nil }
        pointer = options
        // Window is given back when a message was read, not when it came.
        nghttp2_option_set_no_auto_window_update(options, 1)
        // Closed streams are not kept for the old priority tree, which we don't use.
        nghttp2_option_set_no_closed_streams(options, 1)
    }

    deinit { nghttp2_option_del(pointer) }
}
