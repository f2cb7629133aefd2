// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Messages
import Respond

/// The executors that are connected, and the calls that remediations want made through them.
package actor ExecutorPool {
    private struct Wanted {
        let call: Bytes
        let answer: CheckedContinuation<ActionResult, any Error>
        /// Whether a freeze holds it back.
        let isGoverned: Bool
        /// A freeze took it back while an executor had it.
        var isRevoked = false
    }

    private var ledger: ExecutorLedger
    private var wanted: [String: Wanted] = [:]
    private var outlets: [UInt64: AsyncStream<ServeExecutorResponse>.Continuation] = [:]
    private var sessions: [UInt64: ExecutorLedger.Session] = [:]
    private var principals: [UInt64: String] = [:]
    private var lastSession: UInt64 = 0
    private var timer: Task<Void, Never>?
    private var isClosed = false
    private let now: @Sendable () -> Milliseconds

    package init(
        ledger: ExecutorLedger = ExecutorLedger(), now: @escaping @Sendable () -> Milliseconds = Clock.monotonic
    ) {
        self.ledger = ledger
        self.now = now
    }

    /// How many executors of an account are connected.
    package func executors(of account: AccountID) -> Int { ledger.executors(of: account) }

    /// Whether an executor may connect beside the others of its account. One that connects anew takes its own place.
    package func hasRoom(for session: ExecutorLedger.Session) -> Bool {
        let others = sessions.values.count { $0.accountID == session.accountID && $0 != session }
        return others < Limits.executorsOfAccount
    }

    /// How many executors are connected.
    package var count: Int { sessions.count }

    /// As whom the executors of an account act there: ARNs.
    package func principals(of account: AccountID) -> Set<String> {
        Set(principals.filter { sessions[$0.key]?.accountID == account }.values)
    }

    // MARK: The side of the remediations

    /// Has a call made by an executor of the account.
    ///
    /// - Throws: `CallFailure`: what the executor reports, or a transient one where there is none, or where the one that
    ///   had the call was lost with it.
    package func perform(_ call: ActionCall, in account: AccountID) async throws -> ActionResult {
        guard !isClosed else { throw CallFailure(.transient, "\(call.permission): the service is stopping") }
        let encoded = Bytes(Array(try Self.encoder().encode(call)))
        let id = UUID().uuidString.lowercased()
        let isGoverned = call.isWrite && Writing.permit != nil
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                wanted[id] = Wanted(call: encoded, answer: continuation, isGoverned: isGoverned)
                let command = ExecutorLedger.Command(id: id, accountID: account, isWrite: call.isWrite)
                act(ledger.add(command, now()))
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
    }

    private func cancel(_ id: String) {
        guard let waiting = wanted.removeValue(forKey: id) else { return }
        act(ledger.cancelled(id, now()))
        waiting.answer.resume(throwing: CancellationError())
    }

    /// Takes back the writes that a freeze holds back: those that no executor has yet fail, and executors hear that the
    /// others are not theirs any more, so that they begin no further attempt. What is under way there has its answer
    /// awaited, or the end of its lease.
    package func revokeWrites() {
        for (id, one) in wanted where one.isGoverned {
            wanted[id]?.isRevoked = true
            if let holder = ledger.holder(of: id) {
                for (number, session) in sessions where session.executorID == holder {
                    outlets[number]?.yield(
                        ServeExecutorResponse(message: .release(ExecutorRelease(commandIDs: [id]))))
                }
            } else {
                act(ledger.cancelled(id, now()))
                fail(id, "all remediations are frozen")
            }
        }
    }

    // MARK: The side of the executors

    /// An executor has connected. Gives the number of its session and what it is to be sent.
    ///
    /// - Parameter principal: the ARN that it acts as.
    package func connect(
        _ session: ExecutorLedger.Session, principal: String
    ) -> (number: UInt64, responses: AsyncStream<ServeExecutorResponse>) {
        // The same executor on an older connection: that one is dead, whether it knows it or not.
        for (number, older) in sessions where older == session { disconnect(number) }
        lastSession += 1
        let number = lastSession
        let (responses, outlet) = AsyncStream.makeStream(of: ServeExecutorResponse.self)
        guard !isClosed else {
            outlet.finish()
            return (number, responses)
        }
        outlet.yield(
            ServeExecutorResponse(
                message: .welcome(
                    ExecutorWelcome(
                        protocolVersion: Limits.executorProtocol, leaseMilliseconds: UInt32(clamping: ledger.lease)))))
        outlets[number] = outlet
        sessions[number] = session
        principals[number] = principal
        act(ledger.connected(number, session, now()))
        return (number, responses)
    }

    /// The connection is gone.
    package func disconnect(_ number: UInt64) {
        sessions[number] = nil
        principals[number] = nil
        outlets.removeValue(forKey: number)?.finish()
        ledger.disconnected(number)
    }

    /// An executor still works on these. It hears that its renewal has come, since it counts on it from then on only.
    package func renew(_ ids: [String], _ renewal: UInt64, by number: UInt64) {
        ledger.renewed(ids, by: number, now())
        outlets[number]?.yield(ServeExecutorResponse(message: .renewed(ExecutorRenewed(number: renewal))))
        arm()
    }

    /// An executor has a result. It may forget the command, whether the result counts or comes too late.
    package func take(_ result: ExecutorResult, from number: UInt64) {
        let (isTaken, actions) = ledger.answered(result.commandID, by: number, now())
        outlets[number]?.yield(
            ServeExecutorResponse(message: .release(ExecutorRelease(commandIDs: [result.commandID]))))
        if isTaken, let waiting = wanted.removeValue(forKey: result.commandID) {
            waiting.answer.resume(with: Self.outcome(result))
        }
        act(actions)
    }

    private static func outcome(_ result: ExecutorResult) -> Result<ActionResult, any Error> {
        switch result.outcome {
        case .answer(let bytes)?:
            do { return .success(try JSONDecoder().decode(ActionResult.self, from: Data(bytes.array))) } catch {
                return .failure(CallFailure(.permanent, "the executor's answer can't be read"))
            }
        case .failure(let failure)?:
            let message = String(failure.message.prefix(Limits.executorMessageCharacters))
            return .failure(CallFailure(CallFailure.Kind(rawValue: failure.kind) ?? .permanent, message))
        case nil: return .failure(CallFailure(.permanent, "the executor's result is empty"))
        }
    }

    /// Lets nobody wait any longer.
    package func close() {
        isClosed = true
        timer?.cancel()
        for outlet in outlets.values { outlet.finish() }
        outlets = [:]
        let waiting = wanted
        wanted = [:]
        for (id, one) in waiting {
            _ = ledger.cancelled(id, now())
            one.answer.resume(throwing: CancellationError())
        }
    }

    // MARK: Between them

    private func act(_ actions: [ExecutorLedger.Action]) {
        for action in actions {
            switch action {
            case .send(let id, let session):
                guard let one = wanted[id] else { continue }
                if one.isRevoked {
                    // Its executor has come back and may never have heard of the freeze, nor of the command.
                    outlets[session]?.yield(
                        ServeExecutorResponse(message: .release(ExecutorRelease(commandIDs: [id]))))
                    continue
                }
                outlets[session]?.yield(
                    ServeExecutorResponse(message: .command(ExecutorCommand(commandID: id, call: one.call))))
            case .lost(let id, let executor):
                fail(id, "the executor \(executor) was lost while it made the call")
            case .unserved(let id): fail(id, "no executor of the account is connected and free")
            }
        }
        arm()
    }

    private func fail(_ id: String, _ message: String) {
        wanted.removeValue(forKey: id)?.answer.resume(throwing: CallFailure(.transient, message))
    }

    /// Sees to it that time is noticed.
    private func arm() {
        timer?.cancel()
        guard let next = ledger.nextTick, !isClosed else {
            timer = nil
            return
        }
        let pause = max(1, next - now())
        timer = Task { [weak self] in
            do { try await Task.sleep(for: .milliseconds(pause)) } catch { return }
            await self?.tick()
        }
    }

    private func tick() { act(ledger.tick(now())) }

    private static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// An account whose calls are made by its executors.
package struct ExecutorActionService: ActionService {
    let pool: ExecutorPool
    let account: AccountID

    package init(pool: ExecutorPool, account: AccountID) {
        self.pool = pool
        self.account = account
    }

    package func perform(_ call: ActionCall) async throws -> ActionResult {
        if let violation = call.violation { throw CallFailure(.permanent, violation) }
        return try await pool.perform(call, in: account)
    }
}
