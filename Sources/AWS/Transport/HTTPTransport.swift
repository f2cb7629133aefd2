// SPDX-License-Identifier: Apache-2.0

/// One HTTP request, ready to go out. Its headers may hold a signature and a session token: it prints without them.
package struct HTTPRequest: Sendable {
    /// GET, POST, PUT or HEAD.
    package var method: String
    /// The whole address, query included.
    package var url: String
    /// The headers; the transport adds `host` and `content-length` from the rest.
    package var headers: [Header]
    /// The body, empty for none.
    package var body: [UInt8]
    /// How long to wait for the whole answer.
    package var timeout: Duration
    /// The largest body to take.
    package var responseLimit: Int

    /// Takes the parts of a request.
    package init(
        method: String, url: String, headers: [Header] = [], body: [UInt8] = [],
        timeout: Duration = AWSLimits.attemptTimeout, responseLimit: Int = AWSLimits.responseBytes
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.responseLimit = responseLimit
    }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(method) \(url)" }
    package var customMirror: Mirror { Mirror(self, children: ["request": description], displayStyle: .struct) }
}

/// An answer with its whole body. A credential endpoint's body is a secret, so it prints as a status.
package struct HTTPResponse: Sendable {
    /// The HTTP status.
    package var status: Int
    /// All headers, in order.
    package var headers: [Header]
    /// The body.
    package var body: [UInt8]

    /// Takes the parts of an answer.
    package init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first header of that name, without regard to case.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

extension HTTPResponse: CustomStringConvertible, CustomReflectable {
    package var description: String { "HTTP \(status)" }
    package var customMirror: Mirror { Mirror(self, children: ["status": status], displayStyle: .struct) }
}

/// Why no answer came.
package struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What happened. A new kind is a new case for `AWSError.code`.
    package enum Code: String, Sendable, Hashable {
        /// No connection, or it broke.
        case connection = "ConnectionFailed"
        /// Too slow.
        case timeout = "Timeout"
        /// The body is larger than the request allows.
        case tooLarge = "ResponseTooLarge"
        /// The address is none.
        case invalidURL = "InvalidEndpoint"
    }

    /// What happened.
    package let code: Code
    /// More about it, for people.
    package let message: String

    /// Makes an error with a message for people.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

/// Whoever carries an HTTP request out: a socket, or a script in a test.
package protocol HTTPTransport: Sendable {
    /// The answer to `request`, or a `TransportError`; `CancellationError` when the task is cancelled.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
