// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as the cancellation of work, so that it can tidy up and say how far it came.
package enum Interruption {
    /// Runs `body`, and cancels it at the first signal. A second signal ends the program at once.
    ///
    /// - Throws: what `body` throws; where it was cancelled by a signal, a `Failure` without a message and with the
    ///   exit code of that signal.
    package static func guarding<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let received = Mutex<Int32>(0)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            let (signals, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(2))
            let sources = [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    let isSecond = received.withLock { first in
                        defer { first = first == 0 ? number : first }
                        return first != 0
                    }
                    if isSecond { exit(128 + number) }
                    continuation.yield(number)
                }
                source.resume()
                return source
            }
            defer {
                sources.forEach { $0.cancel() }
                [SIGINT, SIGTERM].forEach { signal($0, SIG_DFL) }
            }
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { throw CancellationError() }
                return nil
            }
            defer { group.cancelAll() }
            do {
                while let finished = try await group.next() {
                    if let value = finished { return value }
                }
                throw CancellationError()
            } catch {
                let number = received.withLock { $0 }
                group.cancelAll()
                while (try? await group.next()) != nil {}
                if number != 0 { throw Failure("", code: 128 + number) }
                throw error
            }
        }
    }
}
