// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// gRPC's retry throttle: a bucket of tokens that failures drain and successes refill slowly. While it is less than
/// half full nothing is retried, so that retries never multiply the load of a server in trouble.
package struct RetryThrottle: Equatable {
    /// The bucket's size.
    package static let maxTokens = 10.0
    /// What a success puts back.
    package static let tokenRatio = 0.1

    private var tokens = maxTokens

    /// A full bucket.
    package init() {}

    /// The call went well.
    package mutating func succeeded() { tokens = min(Self.maxTokens, tokens + Self.tokenRatio) }

    /// The call failed with a code that may be retried; answers whether it may be now.
    package mutating func failed() -> Bool {
        tokens = max(0, tokens - 1)
        return tokens > Self.maxTokens / 2
    }
}

/// What a failed attempt is followed by.
package enum RetryDecision: Equatable {
    /// The failure is the call's.
    case giveUp
    /// The next attempt, after so long.
    case retry(after: Duration)
}

extension RetryPolicy {
    /// gRPC's proposal A6 lets no policy ask for more attempts.
    package static let mostAttempts = 5
    private static let longestPushback: Int64 = 86_400_000

    /// Decides after the attempt numbered `attempt` (from 1) failed; `random` lies in 0 … 1.
    package func decide(
        attempt: Int, error: RPCError, throttle: inout RetryThrottle, random: Double
    ) -> RetryDecision {
        // A server may ask for a time of its own, or, with a negative one, for no retry at all.
        let pushback = error.metadata["grpc-retry-pushback-ms"].map { Int64($0) ?? -1 }
        guard codes.contains(error.code) || pushback.map({ $0 < 0 }) == true else { return .giveUp }
        guard throttle.failed(), codes.contains(error.code), attempt < min(maxAttempts, Self.mostAttempts) else {
            return .giveUp
        }
        if let pushback {
            return pushback < 0 ? .giveUp : .retry(after: .milliseconds(min(pushback, Self.longestPushback)))
        }
        return .retry(after: backoff.wait(afterFailures: attempt, random: 0) * random)
    }
}

extension Client {
    /// Sends a unary call, and again where its policy allows. On the event loop.
    func attempts<Request, Response>(
        _ method: Method<Request, Response>, _ request: Request, _ options: CallOptions
    ) async throws -> ResponseWithMetadata<Response> {
        let deadline = options.timeout.map { NIODeadline.now() + $0.timeAmount }
        var attempt = 1
        var wasRefused = false
        while true {
            var call: ClientCall<Response>?
            do {
                let started = try await start(method, options, deadline: deadline, earlierAttempts: attempt - 1)
                call = started
                try await Self.send(request, method.request.encode, started)
                let response = try await Self.single(started)
                retryThrottle.withLock { $0.succeeded() }
                return response
            } catch {
                let error = RPCError.from(error)
                // A call that the server never saw is sent again once, policy or not.
                if call?.wasRefused == true && !wasRefused {
                    wasRefused = true
                    continue
                }
                // Headers of a response commit the call to this attempt (proposal A6).
                guard let policy = options.retry, call?.isCommitted != true, !Task.isCancelled else { throw error }
                let decision = retryThrottle.withLock {
                    policy.decide(attempt: attempt, error: error, throttle: &$0, random: Double.random(in: 0...1))
                }
                guard case .retry(let wait) = decision,
                    deadline.map({ $0 - .now() > wait.timeAmount }) ?? true
                else { throw error }
                try await Task.sleep(for: wait)
                attempt += 1
            }
        }
    }
}
