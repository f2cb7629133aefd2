// SPDX-License-Identifier: Apache-2.0

import AWS
import Synchronization

/// Stands between a client and moto and does to chosen requests what networks and AWS do. It counts what goes through.
package final class FaultTransport: HTTPTransport {
    /// What happens to a request.
    package enum Fault: String, Sendable, CaseIterable {
        case throttled
        case serverError
        /// No answer, and no effect.
        case reset
        /// The effect is there, and the answer is lost.
        case timeoutAfterEffect
        case expiredCredentials
        case clockSkew
        case accessDenied
        /// An answer that is no XML.
        case garbage
    }

    private struct State {
        var fault: Fault?
        var operation = ""
        var left = 0
        var passed: [String] = []
        var seen: [String] = []
    }

    private let state = Mutex(State())
    private let next: any HTTPTransport

    /// Passes on to `next`.
    package init(_ next: any HTTPTransport = SocketTransport.shared) { self.next = next }

    /// From now on `fault` happens to the next `times` requests of `operation`.
    package func inject(_ fault: Fault, into operation: String, times: Int) {
        state.withLock { state in
            (state.fault, state.operation, state.left) = (fault, operation, times)
        }
    }

    /// The operations that reached the other side, in order.
    package var passed: [String] { state.withLock { $0.passed } }

    /// All operations that were asked for, in order.
    package var seen: [String] { state.withLock { $0.seen } }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let operation = request.operation
        let fault = state.withLock { state -> Fault? in
            state.seen.append(operation)
            guard state.operation == operation, state.left > 0 else { return nil }
            state.left -= 1
            return state.fault
        }
        switch fault {
        case nil: return try await pass(request, operation)
        case .throttled: return .queryError("Throttling", "Rate exceeded")
        case .serverError: return .queryError("ServiceFailure", "Internal failure", status: 500)
        case .reset: throw TransportError(.connection, "connection reset")
        case .timeoutAfterEffect:
            _ = try await pass(request, operation)
            throw TransportError(.timeout, "no whole answer")
        case .expiredCredentials: return .queryError("ExpiredToken", "The security token is expired", status: 403)
        case .clockSkew:
            var response = HTTPResponse.queryError("SignatureDoesNotMatch", "Signature expired: now", status: 403)
            response.headers = [Header("Date", "Sun, 22 Nov 2026 06:08:00 GMT")]
            return response
        case .accessDenied: return .queryError("AccessDenied", "not authorized to perform it", status: 403)
        case .garbage: return HTTPResponse(status: 200, body: Array("<html><body>hello".utf8))
        }
    }

    private func pass(_ request: HTTPRequest, _ operation: String) async throws -> HTTPResponse {
        let response = try await next.send(request)
        state.withLock { $0.passed.append(operation) }
        return response
    }
}
