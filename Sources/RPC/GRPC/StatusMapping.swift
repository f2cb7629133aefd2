// SPDX-License-Identifier: Apache-2.0

/// What a client makes of answers that are not gRPC's own, as gRPC's documents set it.
package enum StatusMapping {
    /// For an HTTP status other than 200 without `grpc-status`.
    package static func code(httpStatus: Int) -> StatusCode {
        switch httpStatus {
        case 400: .internalError
        case 401: .unauthenticated
        case 403: .permissionDenied
        case 404: .unimplemented
        case 429, 502, 503, 504: .unavailable
        default: .unknown
        }
    }

    /// For a stream that the peer reset before its trailers.
    package static func code(_ reset: HTTP2ErrorCode) -> StatusCode {
        switch reset {
        case .refusedStream: .unavailable
        case .cancel: .cancelled
        case .enhanceYourCalm: .resourceExhausted
        case .inadequateSecurity: .permissionDenied
        default: .internalError
        }
    }
}
