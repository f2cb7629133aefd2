// SPDX-License-Identifier: Apache-2.0

package import Messages
package import RPC
import Synchronization

/// The service grpc.health.v1.Health, with a status that the program sets.
///
/// The empty name stands for the server as a whole.
package final class Health: GrpcHealthV1HealthProvider {
    /// What a service's health can be.
    package typealias Status = GrpcHealthV1.HealthCheckResponse.ServingStatus

    private struct State {
        var statuses: [String: Status] = [:]
        var watchers: [Int: Watcher] = [:]
        var nextWatcher = 0
        var isShuttingDown = false
    }

    private struct Watcher {
        var service: String
        /// Keeps the latest status only, so a client that reads slowly costs no memory.
        var continuation: AsyncStream<Status>.Continuation
    }

    private let state = Mutex(State())

    /// A server that serves, with these services beside it.
    package init(services: [String] = [], status: Status = .serving) {
        state.withLock { state in
            state.statuses[""] = status
            for service in services { state.statuses[service] = status }
        }
    }

    /// How many calls watch at the moment.
    package var watcherCount: Int { state.withLock { $0.watchers.count } }

    /// Sets a service's status and tells those who watch it. After `shutDown()` it changes nothing.
    package func set(_ status: Status, for service: String = "") {
        state.withLock { state in
            guard !state.isShuttingDown else { return }
            Self.set(status, for: service, &state)
        }
    }

    /// Sets every service to NOT_SERVING for good, so that clients turn away before the connections close.
    package func shutDown() {
        state.withLock { state in
            for service in state.statuses.keys { Self.set(.notServing, for: service, &state) }
            state.isShuttingDown = true
        }
    }

    private static func set(_ status: Status, for service: String, _ state: inout State) {
        guard state.statuses.updateValue(status, forKey: service) != status else { return }
        for watcher in state.watchers.values where watcher.service == service { watcher.continuation.yield(status) }
    }

    package func check(
        _ request: GrpcHealthV1.HealthCheckRequest, _ context: CallContext
    ) async throws -> GrpcHealthV1.HealthCheckResponse {
        guard let status = state.withLock({ $0.statuses[request.service] }) else {
            throw RPCError(.notFound, "There is no service \(request.service).")
        }
        return .init(status: status)
    }

    package func watch(
        _ request: GrpcHealthV1.HealthCheckRequest,
        _ responses: ResponseWriter<GrpcHealthV1.HealthCheckResponse>,
        _ context: CallContext
    ) async throws {
        let (statuses, continuation) = AsyncStream.makeStream(of: Status.self, bufferingPolicy: .bufferingNewest(1))
        let place = try state.withLock { state in
            guard state.watchers.count < ContractLimits.healthWatchers else {
                throw RPCError(.resourceExhausted, "More than \(ContractLimits.healthWatchers) calls watch the health.")
            }
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = Watcher(service: request.service, continuation: continuation)
            continuation.yield(state.statuses[request.service] ?? .serviceUnknown)
            return state.nextWatcher
        }
        defer { state.withLock { _ = $0.watchers.removeValue(forKey: place) } }
        var latest: Status?
        // Ends when the call is cancelled, which is how a watch ends.
        for await status in statuses where status != latest {
            latest = status
            try await responses.write(.init(status: status))
        }
        try Task.checkCancellation()
    }
}
