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
            withSession(userData) { if let frame { $0.onBeginHeaders(frame) } }
            return 0
        }
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, userData in
            withSession(userData) { if let header { $0.onBeginFrame(header.pointee) } }
            return 0
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, error, userData in
            withSession(userData) { if let frame { $0.onInvalidFrame(frame.pointee.hd, error) } }
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameLength, value, valueLength, _, userData in
            let result = withSession(userData) {
                $0.onHeader(
                    name: UnsafeRawBufferPointer(start: name, count: nameLength),
                    value: UnsafeRawBufferPointer(start: value, count: valueLength))
            }
            return result ?? 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, userData in
            withSession(userData) { if let frame { $0.onFrame(frame) } }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, flags, id, bytes, count, userData in
            withSession(userData) {
                $0.onData(
                    id, UnsafeRawBufferPointer(start: bytes, count: count),
                    isLast: flags & FrameFlag.endStream != 0)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, userData in
            withSession(userData) { if let frame { $0.onSent(frame) } }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, userData in
            withSession(userData) { $0.onClosed(id, HTTP2ErrorCode(rawValue: code)) }
            return 0
        }
        pointer = callbacks
    }

    /// Asks the stream for its DATA.
    static var provider: nghttp2_data_provider {
        nghttp2_data_provider(source: nghttp2_data_source()) { _, id, target, capacity, flags, _, userData in
            let count = withSession(userData) { session -> Int? in
                guard let target, let flags else { return nil }
                return session.onProvideData(
                    id, into: UnsafeMutableRawBufferPointer(start: target, count: capacity), flags: flags)
            }
            return (count ?? nil) ?? Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
    }
}

/// Calls `body` with the session, without a retain: whoever runs nghttp2 holds it meanwhile.
@discardableResult
@inline(__always)
private func withSession<Result>(_ userData: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Result) -> Result? {
    guard let userData else { return nil }
    return Unmanaged<HTTP2Session>.fromOpaque(userData)._withUnsafeGuaranteedRef(body)
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
