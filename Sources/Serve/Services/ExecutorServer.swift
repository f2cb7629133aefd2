// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Messages
import RPC

extension RemediationServer {
    /// One executor's connection: calls go out, results and renewals come in.
    func serveExecutor(
        _ requests: RequestStream<ServeExecutorRequest>, _ responses: ResponseWriter<ServeExecutorResponse>,
        _ context: CallContext
    ) async throws {
        let caller = try access.caller(context)
        guard case .hello(let hello)? = try await requests.next()?.message else {
            throw RPCError(.failedPrecondition, "The first message of an executor has to be its hello.")
        }
        let session = try session(hello, caller)
        guard await desk.pool.count < Limits.executors else {
            throw RPCError(.resourceExhausted, "\(Limits.executors) executors are connected, which is the limit.")
        }
        guard await desk.pool.hasRoom(for: session) else {
            throw RPCError(
                .resourceExhausted,
                "\(Limits.executorsOfAccount) executors of account \(session.accountID) are connected, which is the limit."
            )
        }
        try await pipeline.audit.record(
            caller.entry(
                context, "executor \(session.executorID) takes calls, acting as \(hello.principalArn)",
                account: session.accountID))
        let (number, commands) = await desk.pool.connect(session, principal: hello.principalArn)
        do {
            try await converse(number, commands, requests, responses)
            await desk.pool.disconnect(number)
        } catch {
            await desk.pool.disconnect(number)
            throw error
        }
    }

    private func session(_ hello: ExecutorHello, _ caller: Caller) throws -> ExecutorLedger.Session {
        guard hello.protocolVersion == Limits.executorProtocol else {
            throw RPCError(
                .failedPrecondition,
                "The executor speaks version \(hello.protocolVersion) of the protocol, the service "
                    + "\(Limits.executorProtocol): use programs of the same version.")
        }
        let account = try Validation.account(hello.accountID, field: "hello.account_id")
        try caller.require(account)
        guard pipeline.accounts.contains(account) else {
            throw RPCError(.notFound, "Account \(account) is not onboarded.")
        }
        guard !hello.executorID.isEmpty else { throw Validation.failure("hello.executor_id", "is empty") }
        for (field, text) in [
            ("hello.executor_id", hello.executorID), ("hello.principal_arn", hello.principalArn),
            ("hello.version", hello.version),
        ] { _ = try Validation.text(text, field: field, bytes: Limits.executorNameBytes) }
        return ExecutorLedger.Session(executorID: hello.executorID, accountID: account)
    }

    private func converse(
        _ number: UInt64, _ commands: AsyncStream<ServeExecutorResponse>,
        _ requests: RequestStream<ServeExecutorRequest>, _ responses: ResponseWriter<ServeExecutorResponse>
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await command in commands { try await responses.write(command) }
                try Task.checkCancellation()
                // The service stops, or the same executor has another connection.
                throw RPCError(.unavailable, "The service has ended this connection; connect again.")
            }
            group.addTask {
                while let request = try await requests.next() {
                    switch request.message {
                    case .result(let result)?: await desk.pool.take(result, from: number)
                    case .renewal(let renewal)?: await desk.pool.renew(renewal.commandIDs, renewal.number, by: number)
                    case .hello?: throw RPCError(.failedPrecondition, "An executor says hello once.")
                    case nil: throw RPCError(.invalidArgument, "The message is empty.")
                    }
                }
            }
            // Either half ends both.
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
