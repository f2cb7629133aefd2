// SPDX-License-Identifier: Apache-2.0

import Respond
import Synchronization

/// Tells whoever follows a remediation how it stands. A slow follower misses states, never the newest, which has the
/// whole history in it.
package final class ProgressHub: Sendable {
    private struct State {
        var followers: [String: [UInt64: AsyncStream<Remediation>.Continuation]] = [:]
        var next: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    package init() {}

    /// The states of a remediation from now on. Ends when the service stops.
    package func follow(_ id: String) -> AsyncStream<Remediation> {
        let (stream, continuation) = AsyncStream.makeStream(of: Remediation.self, bufferingPolicy: .bufferingNewest(1))
        let number: UInt64? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.followers[id, default: [:]][state.next] = continuation
            return state.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [self] _ in
            state.withLock { state in
                state.followers[id]?[number] = nil
                if state.followers[id]?.isEmpty == true { state.followers[id] = nil }
            }
        }
        return stream
    }

    package func publish(_ remediation: Remediation) {
        let followers = state.withLock { $0.followers[remediation.id].map { Array($0.values) } ?? [] }
        for follower in followers { follower.yield(remediation) }
    }

    package func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { state.followers = [:] }
            return state.followers.values.flatMap(\.values)
        }
        for follower in all { follower.finish() }
    }
}
