// SPDX-License-Identifier: Apache-2.0

import AWS
import Foundation
import Synchronization

/// A transport whose answers a test writes down, and which keeps the requests that came.
package final class ScriptedTransport: HTTPTransport {
    private struct State {
        var requests: [HTTPRequest] = []
        var answer: @Sendable (HTTPRequest, Int) throws -> HTTPResponse
    }

    private let state: Mutex<State>

    /// Answers each request with what `answer` makes of it and of its number, from zero.
    package init(_ answer: @escaping @Sendable (HTTPRequest, Int) throws -> HTTPResponse) {
        state = Mutex(State(answer: answer))
    }

    /// Answers in order; the last answer stays.
    package convenience init(_ responses: [HTTPResponse]) {
        self.init { _, index in responses[min(index, responses.count - 1)] }
    }

    /// All requests so far.
    package var requests: [HTTPRequest] { state.withLock { $0.requests } }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try state.withLock { state in
            state.requests.append(request)
            return try state.answer(request, state.requests.count - 1)
        }
    }
}

extension HTTPRequest {
    /// The operation that a request names: in its form, or in its target header.
    package var operation: String {
        let text = String(decoding: body, as: UTF8.self)
        if let form = text.split(separator: "&").first(where: { $0.hasPrefix("Action=") }) {
            return String(form.dropFirst(7))
        }
        let target = headers.first { $0.name == "x-amz-target" }?.value
        return target.flatMap { $0.split(separator: ".").last.map(String.init) } ?? ""
    }
}

extension HTTPResponse {
    /// An answer with XML.
    package static func xml(_ text: String, status: Int = 200, headers: [Header] = []) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: Array(text.utf8))
    }

    /// An error of the query protocol.
    package static func queryError(_ code: String, _ message: String = "", status: Int = 400) -> HTTPResponse {
        xml(
            """
            <ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>\
            <RequestId>req-1</RequestId></ErrorResponse>
            """, status: status)
    }
}

/// A clock that stands still until a test moves it, and for which sleeping is moving.
package final class ManualClock: Sendable {
    private struct State {
        var now: Date
        var instant = ContinuousClock.now
        var sleeps: [Duration] = []
    }

    private let state: Mutex<State>

    /// Starts at a time.
    package init(_ now: Date = Date(timeIntervalSince1970: 1_700_000_000)) { state = Mutex(State(now: now)) }

    /// The time now.
    package var now: Date { state.withLock { $0.now } }

    /// Every sleep so far.
    package var sleeps: [Duration] { state.withLock { $0.sleeps } }

    /// Moves on.
    package func advance(_ duration: Duration) {
        state.withLock { state in
            state.now += Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
            state.instant += duration
        }
    }

    /// The clock as calls take it; `fraction` is what chance always gives.
    package func clock(fraction: Double = 1) -> AWSClock {
        AWSClock(
            now: { self.now }, instant: { self.state.withLock { $0.instant } },
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock { $0.sleeps.append(duration) }
                self.advance(duration)
            }, fraction: { fraction })
    }
}
