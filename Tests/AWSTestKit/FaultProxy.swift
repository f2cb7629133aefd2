// SPDX-License-Identifier: Apache-2.0

import AWS
import Foundation

/// An HTTP proxy before moto that does to chosen calls what networks and AWS do, over real sockets: fault_proxy.py.
/// A program under test takes a channel's address as AWS_ENDPOINT_URL.
public final class FaultProxy: Sendable {
    /// What happens to a call.
    public enum Fault: String, Sendable, CaseIterable {
        case throttled
        case serverError
        case expiredCredentials
        case clockSkew
        case accessDenied
        /// A refusal whose message repeats the whole request, signature and token.
        case echoed
        /// An answer that is none.
        case garbage
        /// A connection that is reset before the call has an effect.
        case reset
        /// One that is reset after it.
        case lostAnswer
        /// Silence after the effect, until the caller gives up.
        case timeoutAfterEffect
        /// An answer that breaks off, after the effect.
        case halfAnswer

        /// Whether the same call may succeed later.
        public var isPassing: Bool { self != .accessDenied && self != .echoed }
    }

    /// The calls of one test, apart from those of others.
    public struct Channel: Sendable {
        /// For AWS_ENDPOINT_URL.
        public let url: String
        private let root: String
        private let name: String

        init(root: String, name: String) {
            self.root = root
            self.name = name
            url = "\(root)/c/\(name)"
        }

        /// From now on the faults happen to the next calls of `operation`, which is `*` for any: one after the other,
        /// and that `times` over.
        public func inject(_ faults: [Fault], into operation: String, times: Int = 1) async throws {
            let script: [String: Any] = [
                "faults": faults.map(\.rawValue), "operation": operation, "times": times,
            ]
            _ = try await ask("PUT", "faults", Array(try JSONSerialization.data(withJSONObject: script)))
        }

        /// From now on `fault` happens to the next `times` calls of `operation`; none where that is 0.
        public func inject(_ fault: Fault, into operation: String, times: Int) async throws {
            try await inject([fault], into: operation, times: times)
        }

        /// The operations that were asked for, and those that the other side answered, both in order.
        public func calls() async throws -> (seen: [String], passed: [String]) {
            let answer = try JSONSerialization.jsonObject(with: Data(try await ask("GET", "calls", [])))
            let lists = answer as? [String: [String]] ?? [:]
            return (lists["seen"] ?? [], lists["passed"] ?? [])
        }

        private func ask(_ method: String, _ kind: String, _ body: [UInt8]) async throws -> [UInt8] {
            let request = HTTPRequest(method: method, url: "\(root)/\(kind)/\(name)", body: body)
            return try await SocketTransport.shared.send(request).body
        }
    }

    private let root: String
    private let input: FileHandle

    /// The proxy before the moto server that tests share.
    public static let shared = Result { try FaultProxy(before: MotoServer.shared.get().url) }

    /// Starts a proxy before the stand-in at `url`, and waits until it listens.
    public init(before url: String) throws {
        let (port, input) = try MotoServer.start("fault_proxy.py", arguments: [url], environment: [:])
        root = "http://127.0.0.1:\(port)"
        self.input = input
    }

    deinit { try? input.close() }

    /// A channel of its own.
    public func channel() -> Channel { Channel(root: root, name: UUID().uuidString) }
}
