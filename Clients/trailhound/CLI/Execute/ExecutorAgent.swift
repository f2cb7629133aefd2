// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Respond

/// Takes calls from the service and makes them with the credentials around it, over as many connections as it takes.
package actor ExecutorAgent {
    private let service: any ActionService
    private let told: @Sendable (String) -> Void
    private let now: @Sendable () -> Int64
    private var memory = ExecutorMemory()
    /// Where results go while there is a connection.
    private var outlet: AsyncStream<ServeExecutorRequest>.Continuation?

    /// - Parameters:
    ///   - service: makes the calls.
    ///   - told: hears a line of each call for people.
    ///   - now: milliseconds from any start.
    package init(
        service: any ActionService, told: @escaping @Sendable (String) -> Void,
        now: @escaping @Sendable () -> Int64 = { Int64(SystemClock.seconds() * 1_000) }
    ) {
        self.service = service
        self.told = told
        self.now = now
    }

    /// Serves one connection until it ends. Calls that are under way then go on, and their results wait for the next.
    package func serve(_ stream: BidirectionalStream<ServeExecutorRequest, ServeExecutorResponse>, hello: ExecutorHello)
        async throws
    {
        let (requests, outlet) = AsyncStream.makeStream(of: ServeExecutorRequest.self)
        self.outlet = outlet
        defer {
            outlet.finish()
            self.outlet = nil
        }
        memory.greeted(at: now())
        outlet.yield(ServeExecutorRequest(message: .hello(hello)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await request in requests { try await stream.requests.write(request) } }
            group.addTask {
                while !Task.isCancelled {
                    try await Task.sleep(for: .milliseconds(await self.renew()))
                }
            }
            group.addTask {
                while let response = try await stream.responses.next() { try await self.take(response) }
                throw ServiceError.streamEnded
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Says which commands are still under way. Returns the pause until the next time.
    private func renew() -> Int64 {
        let (number, ids) = memory.renewal(at: now())
        outlet?.yield(ServeExecutorRequest(message: .renewal(ExecutorRenewal(commandIDs: ids, number: number))))
        return max(Limits.shortestRenewal, memory.lease / 3)
    }

    private func take(_ response: ServeExecutorResponse) throws {
        switch response.message {
        case .welcome(let welcome)?:
            guard welcome.protocolVersion == Limits.executorProtocol else {
                throw Failure("the service speaks version \(welcome.protocolVersion) of the executors' protocol")
            }
            memory.lease = max(Int64(welcome.leaseMilliseconds), 3 * Limits.shortestRenewal)
            memory.confirmed(0, at: now())
            told("connected: waiting for commands")
        case .command(let command)?:
            switch memory.received(command.commandID, at: now()) {
            case .begin: Task { await self.carryOut(command) }
            case .wait: break
            case .answer(let result): send(result)
            }
        case .release(let release)?: memory.released(release.commandIDs)
        case .renewed(let renewed)?: memory.confirmed(renewed.number, at: now())
        // A newer service's message.
        case nil: break
        }
    }

    private func carryOut(_ command: ExecutorCommand) async {
        let outcome: ExecutorResult.Outcome
        do {
            let call = try JSONDecoder().decode(ActionCall.self, from: Data(command.call.array))
            outcome = await answer(call, command.commandID)
        } catch {
            outcome = .failure(ExecutorFailure(kind: "permanent", message: "the command can't be read"))
        }
        let result = ExecutorResult(commandID: command.commandID, outcome: outcome)
        memory.finished(result)
        send(result)
    }

    private func answer(_ call: ActionCall, _ id: String) async -> ExecutorResult.Outcome {
        // Whoever was suspended for longer than the lease must not begin: somebody else may have the command.
        guard memory.isOwn(id, at: now()) else {
            return .failure(ExecutorFailure(kind: "transient", message: "\(call.permission): the lease ran out"))
        }
        do {
            let permit = call.isWrite ? LeasePermit(agent: self, id: id) : nil
            let result = try await Writing.$permit.withValue(permit) { try await service.perform(call) }
            told("\(call.permission): done")
            return .answer(Bytes([UInt8](try JSONEncoder().encode(result))))
        } catch let failure as CallFailure {
            told("\(call.permission): \(failure.kind.rawValue): \(failure.message)")
            return .failure(ExecutorFailure(kind: failure.kind.rawValue, message: failure.message))
        } catch {
            told("\(call.permission): \(error)")
            return .failure(ExecutorFailure(kind: "transient", message: "\(call.permission): \(error)"))
        }
    }

    /// Whether a command is still this executor's.
    fileprivate func owns(_ id: String) -> Bool { memory.isOwn(id, at: now()) }

    private func send(_ result: ExecutorResult) { outlet?.yield(ServeExecutorRequest(message: .result(result))) }
}

/// Lets an attempt of a write go out while its command is the executor's: not after its lease, and not after a freeze.
private struct LeasePermit: WritePermit {
    let agent: ExecutorAgent
    let id: String

    func begin() async -> Bool { await agent.owns(id) }
    func end() async {}
}
