// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Journal
import Messages
import RPC
import Respond

/// RemediationService: policies, people's commands, and what becomes of them. The executors' side is in
/// `ExecutorServer.swift`.
struct RemediationServer: RemediationServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl
    let desk: RemediationDesk

    // MARK: Policies

    func getPolicy(_ request: GetPolicyRequest, _ context: CallContext) async throws -> GetPolicyResponse {
        let account = try Validation.account(request.accountID)
        try access.caller(context).require(account)
        try requireKnown(account)
        return GetPolicyResponse(account: await remediation(of: account), frozen: desk.book.freeze.isFrozen)
    }

    func setPolicy(_ request: SetPolicyRequest, _ context: CallContext) async throws -> SetPolicyResponse {
        let account = try Validation.account(request.accountID)
        let caller = try access.caller(context)
        try caller.require(account)
        try requireKnown(account)
        var action: Respond.RemediationAction?
        var policy: StoredPolicy?
        if let message = request.policy {
            action = try RemediationRequests.action(message.action, field: "policy.action")
            let wanted = try RemediationRequests.policy(message, by: access.name(context))
            if let action { try requireKnown(wanted.policy.detections, action, account) }
            policy = wanted
        }
        let way = try request.access.map { try RemediationRequests.access($0, account: account) }
        guard policy != nil || way != nil else { throw Validation.failure("policy", "is missing, and access too") }
        var summary: [String] = []
        if let action, let policy { summary.append("\(action.rawValue): \(policy.policy.summary)") }
        if let way { summary.append("by way of \(way.summary)") }
        let proof = try await prove(action, policy?.policy, way, account)
        try await desk.book.set(
            account.description, action: action, policy: policy, access: way,
            audit: caller.entry(context, summary.joined(separator: "; "), account: account))
        await desk.prepare(account.description)
        return SetPolicyResponse(account: await remediation(of: account), proof: proof)
    }

    /// Proves what a change lets remediations do beyond what they could before: that of its own action, and where the way
    /// changes that of every other action which is enabled.
    private func prove(
        _ action: Respond.RemediationAction?, _ policy: Respond.RemediationPolicy?, _ way: AccountAccess?,
        _ account: AccountID
    ) async throws -> [String] {
        let name = account.description
        var wanted: [(action: Respond.RemediationAction, policy: Respond.RemediationPolicy)] = []
        let hasNewWay = way.map { $0 != desk.book.access(to: name) } ?? false
        for other in Respond.RemediationAction.allCases {
            let before = desk.book.policy(other, of: name).policy
            let after = (other == action ? policy : nil) ?? before
            guard after.isLive else { continue }
            if hasNewWay || (other == action && !after.narrows(before)) { wanted.append((other, after)) }
        }
        guard !wanted.isEmpty else { return [] }
        return try await desk.prove(wanted, in: account, by: way ?? desk.book.access(to: name))
    }

    private func requireKnown(_ account: AccountID) throws {
        guard pipeline.accounts.contains(account) else {
            throw RPCError(.notFound, "Account \(account) is not onboarded.")
        }
    }

    /// A policy that lists what is no detection would never act. What was listed before may be of a rule that is gone.
    private func requireKnown(
        _ detections: Set<String>, _ action: Respond.RemediationAction, _ account: AccountID
    ) throws {
        let listed = desk.book.policy(action, of: account.description).policy.detections
        let unknown = detections.subtracting(listed).filter { pipeline.catalog.catalog.detection(id: $0) == nil }
        guard let first = unknown.min() else { return }
        throw Validation.failure(
            "policy.detection_ids", "has \(first.prefix(64)), which is no detection that is loaded")
    }

    private func remediation(of account: AccountID) async -> AccountRemediation {
        let name = account.description
        return AccountRemediation(
            accountID: name, access: Messages.RemediationAccess(desk.book.access(to: name)),
            policies: Respond.RemediationAction.allCases.map {
                Messages.RemediationPolicy(desk.book.policy($0, of: name), action: $0)
            },
            executors: UInt32(clamping: await desk.pool.executors(of: account)))
    }

    func getFreeze(_ request: GetFreezeRequest, _ context: CallContext) async throws -> GetFreezeResponse {
        GetFreezeResponse(freeze: Messages.Freeze(desk.book.freeze))
    }

    func setFreeze(_ request: SetFreezeRequest, _ context: CallContext) async throws -> SetFreezeResponse {
        let caller = try access.caller(context)
        let reason = try Validation.text(request.reason, field: "reason", bytes: Limits.freezeReasonBytes)
        let freeze = FreezeState(
            isFrozen: request.frozen, changedAt: Clock.milliseconds(), changedBy: access.name(context), reason: reason)
        let summary = request.frozen ? "froze every remediation: \(reason)" : "let remediations act again"
        try await desk.freeze(freeze, audit: caller.entry(context, summary))
        return SetFreezeResponse(freeze: Messages.Freeze(desk.book.freeze))
    }

    // MARK: Reading

    func getRemediation(
        _ request: GetRemediationRequest, _ context: CallContext
    ) async throws -> GetRemediationResponse {
        let caller = try access.caller(context)
        return GetRemediationResponse(
            remediation: Messages.Remediation(try await find(request.remediationID, caller)))
    }

    func listRemediations(
        _ request: ListRemediationsRequest, _ context: CallContext
    ) async throws -> ListRemediationsResponse {
        let caller = try access.caller(context)
        var filter = RemediationFilter(unfinished: request.unfinished)
        guard request.accountIDs.count <= Limits.filterValues else {
            throw Validation.failure(
                "account_ids", "names \(request.accountIDs.count) values; the limit is \(Limits.filterValues)")
        }
        for (index, text) in request.accountIDs.enumerated() {
            let account = try Validation.account(text, field: "account_ids[\(index)]")
            try caller.require(account)
            filter.accountIDs.append(account.description)
        }
        if filter.accountIDs.isEmpty, let scope = caller.accounts {
            filter.accountIDs = scope.map(\.description).sorted()
        }
        if request.action != .unspecified {
            filter.action = try RemediationRequests.action(request.action, field: "action").rawValue
        }
        let size = try Validation.pageSize(request.pageSize)
        let token = request.pageToken.isEmpty ? nil : request.pageToken
        let wanted = filter
        do {
            let page = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
                try reader.remediations(wanted, pageToken: token, limit: size)
            }
            return ListRemediationsResponse(
                remediations: try page.remediations.map {
                    Messages.Remediation(try JournalRemediationStore.remediation($0))
                }, nextPageToken: page.nextPageToken ?? "")
        } catch let error as JournalError where error.code == .badPageToken {
            throw Validation.failure("page_token", "was not made by this service")
        }
    }

    /// A remediation of an account that the caller's certificate covers.
    private func find(_ id: String, _ caller: Caller) async throws -> Respond.Remediation {
        let row = try await pipeline.lookups.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.remediation(id)
        }
        guard let remediation = try row.map(JournalRemediationStore.remediation),
            let account = AccountID(remediation.accountID),
            caller.covers(account)
        else { throw RPCError(.notFound, "There is no remediation \(id.prefix(64)).") }
        return remediation
    }

    // MARK: Commands

    func approveRemediation(
        _ request: ApproveRemediationRequest, _ context: CallContext
    ) async throws -> ApproveRemediationResponse {
        ApproveRemediationResponse(remediation: try await last(try await approve(request, context)))
    }

    func rollbackRemediation(
        _ request: RollbackRemediationRequest, _ context: CallContext
    ) async throws -> RollbackRemediationResponse {
        RollbackRemediationResponse(remediation: try await last(try await rollback(request, context)))
    }

    func sendCommands(
        _ requests: RequestStream<SendCommandsRequest>, _ responses: ResponseWriter<SendCommandsResponse>,
        _ context: CallContext
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var underWay = 0
            for try await request in requests {
                if underWay >= Limits.commandsPerStream {
                    try await group.next()
                    underWay -= 1
                }
                underWay += 1
                group.addTask { try await obey(request, responses, context) }
            }
            try await group.waitForAll()
        }
    }

    /// Carries one command out; what is wrong with it ends the command alone, not the stream.
    private func obey(
        _ request: SendCommandsRequest, _ responses: ResponseWriter<SendCommandsResponse>, _ context: CallContext
    ) async throws {
        do {
            let progress =
                switch request.command {
                case .run(let command)?: try await run(command, context)
                case .approve(let command)?: try await approve(command, context)
                case .rollback(let command)?: try await rollback(command, context)
                case .watch(let command)?: try await watch(command, context)
                case nil: throw Validation.failure("command", "is missing")
                }
            for await (remediation, isDone) in progress.states() {
                try await responses.write(
                    SendCommandsResponse(
                        sequence: request.sequence, remediation: Messages.Remediation(remediation), done: isDone))
                if isDone { return }
            }
            try Task.checkCancellation()
            throw RPCError(.unavailable, "The service is stopping; the remediation goes on with its next start.")
        } catch let error as RPCError where error.code != .unavailable && error.code != .cancelled {
            // The stream goes on, so that nobody outside of it hears of this.
            if error.code == .permissionDenied {
                var entry = try access.caller(context).entry(context, error.message)
                entry.outcome = error.code.description
                await pipeline.audit.refused(entry)
            }
            let fields = error.fieldViolations.map { "\($0.field) \($0.description)" }.joined(separator: "; ")
            try await responses.write(
                SendCommandsResponse(
                    sequence: request.sequence, done: true, refusal: fields.isEmpty ? error.message : fields))
        }
    }

    private func run(_ command: RunCommand, _ context: CallContext) async throws -> RemediationProgress {
        let caller = try access.caller(context)
        let account = try Validation.account(command.accountID, field: "run.account_id")
        try caller.require(account)
        try requireKnown(account)
        let action = try RemediationRequests.action(command.action, field: "run.action")
        let target = try RemediationRequests.target(command.target, action, account: account)
        if !command.dryRun, let other = desk.underWay.unsettled(RemediationsUnderWay.Key(action, target)) {
            throw RPCError(.failedPrecondition, "Remediation \(other) of the same target is under way.")
        }
        let id = await desk.newID(action, target)
        let progress = RemediationProgress(hub: desk.hub, id: id, kind: .run)
        let deed = command.dryRun ? "rehearses" : "runs"
        try await pipeline.audit.record(
            caller.entry(context, "\(deed) \(action.rawValue) on \(target.text), remediation \(id)", account: account))
        await desk.run(action, target, id: id, by: access.name(context), isDryRun: command.dryRun)
        return progress
    }

    private func watch(_ command: WatchCommand, _ context: CallContext) async throws -> RemediationProgress {
        let id = command.remediationID
        let progress = RemediationProgress(hub: desk.hub, id: id, kind: .watch)
        progress.begin(with: try await find(id, try access.caller(context)))
        return progress
    }

    private func approve(
        _ request: ApproveRemediationRequest, _ context: CallContext
    ) async throws -> RemediationProgress {
        let id = request.remediationID
        let progress = RemediationProgress(hub: desk.hub, id: id, kind: .approval)
        let caller = try access.caller(context)
        let known = try await find(id, caller)
        guard known.isAwaitingApproval else {
            throw RPCError(.failedPrecondition, "Remediation \(id) does not wait for an approval.")
        }
        try await record(request.decline ? "declines" : "approves", known, caller, context)
        await desk.command(request.decline ? .decline : .approve, on: id, by: access.name(context))
        return progress
    }

    private func rollback(
        _ request: RollbackRemediationRequest, _ context: CallContext
    ) async throws -> RemediationProgress {
        let id = request.remediationID
        let caller = try access.caller(context)
        let known = try await find(id, caller)
        let progress = RemediationProgress(hub: desk.hub, id: id, kind: .rollback(after: known.historyCount))
        try await record("rolls back", known, caller, context)
        await desk.command(.rollback, on: id, by: access.name(context))
        return progress
    }

    /// Writes a person's word into the audit log, before it has its effect.
    private func record(
        _ deed: String, _ remediation: Respond.Remediation, _ caller: Caller, _ context: CallContext
    ) async throws {
        let summary =
            "\(deed) remediation \(remediation.id): \(remediation.action.rawValue) on \(remediation.target.text)"
        try await pipeline.audit.record(
            caller.entry(context, summary, account: AccountID(remediation.accountID)))
    }

    /// The state in which a command leaves a remediation.
    private func last(_ progress: RemediationProgress) async throws -> Messages.Remediation {
        for await (remediation, isDone) in progress.states() where isDone { return Messages.Remediation(remediation) }
        try Task.checkCancellation()
        throw RPCError(.unavailable, "The service is stopping; the remediation goes on with its next start.")
    }
}

extension AccessControl {
    /// Who calls, as histories name people: the common name of the certificate, or its subject.
    func name(_ context: CallContext) -> String {
        guard let certificate = context.peer.certificate else { return "local" }
        let common = certificate.subject.split(separator: ",").first { $0.hasPrefix("CN=") }?.dropFirst(3)
        return String(common ?? certificate.subject[...])
    }
}
