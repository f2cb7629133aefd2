// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Journal
import Messages
import Onboard
import RPC

/// AccountService: the accounts that the service watches.
struct AccountServer: AccountServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl
    let inspector: AccountInspector
    let desk: RemediationDesk

    func onboardAccount(
        _ request: OnboardAccountRequest, _ context: CallContext
    ) async throws -> OnboardAccountResponse {
        let caller = try access.caller(context)
        let id = try Validation.account(request.accountID)
        try caller.require(id)
        let name = try Validation.text(request.name, field: "name", bytes: Limits.accountNameBytes)
        let owner = try Validation.text(request.owner, field: "owner", bytes: Limits.accountNameBytes)
        if let connection = request.connection { try Validation.connection(connection, of: id) }
        guard pipeline.accounts.count < Limits.accounts else {
            throw RPCError(.resourceExhausted, "\(Limits.accounts) accounts are onboarded, which is the limit.")
        }
        let entry = caller.entry(context, "onboarded; name=\"\(name)\" owner=\"\(owner)\"", account: id)
        let accounts = pipeline.accounts
        let settle: @Sendable (AccountRow) -> Void = { row in
            accounts.insert(id)
            accounts.setConsoleRole(row.settings.consoleRole, of: id)
        }
        try await pipeline.perform(audit: entry, then: settle) { transaction, _ in
            var row = AccountRow(
                accountID: id.description, name: name, owner: owner, state: StoredAccountState.onboarded.rawValue,
                onboardedAt: Clock.milliseconds())
            if let known = try transaction.account(id.description) {
                guard known.state == StoredAccountState.offboarded.rawValue else {
                    throw RPCError(.alreadyExists, "Account \(id) is onboarded already.")
                }
                try Self.requireReadable(known)
                if name.isEmpty { row.name = known.name }
                if owner.isEmpty { row.owner = known.owner }
                row.settings = known.settings
            }
            var settings = row.settings
            if settings.externalID.isEmpty { settings.externalID = ExternalID.make() }
            if let connection = request.connection { settings.take(connection) }
            (settings.degradedSince, settings.degradedReason) = (nil, nil)
            row.settings = settings
            try transaction.putAccount(row)
            return row
        }
        let account = try await account(id, caller)
        var filter = DeadLetterQuery()
        filter.accountID = id.description
        let own = filter
        let letters = try await pipeline.lookups.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.deadLetterTotals(own)
        }
        return OnboardAccountResponse(account: account, deadLetterRecords: UInt64(clamping: letters.records))
    }

    func listAccounts(_ request: ListAccountsRequest, _ context: CallContext) async throws -> ListAccountsResponse {
        let caller = try access.caller(context)
        let rows = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.allAccounts()
        }
        let accounts = rows.filter { row in
            AccountID(row.accountID).map(caller.covers) ?? false
                && (request.includeOffboarded || row.state != StoredAccountState.offboarded.rawValue)
        }
        return ListAccountsResponse(accounts: accounts.map { Messages.Account($0, now: Clock.milliseconds()) })
    }

    func getAccount(_ request: GetAccountRequest, _ context: CallContext) async throws -> GetAccountResponse {
        let id = try Validation.account(request.accountID)
        let caller = try access.caller(context)
        try caller.require(id)
        return GetAccountResponse(account: try await account(id, caller))
    }

    func updateAccount(_ request: UpdateAccountRequest, _ context: CallContext) async throws -> UpdateAccountResponse {
        let id = try Validation.account(request.accountID)
        let caller = try access.caller(context)
        try caller.require(id)
        let name = try Validation.text(request.name, field: "name", bytes: Limits.accountNameBytes)
        let owner = try Validation.text(request.owner, field: "owner", bytes: Limits.accountNameBytes)
        if let connection = request.connection { try Validation.connection(connection, of: id) }
        let accounts = pipeline.accounts
        let settle: @Sendable (AccountRow) -> Void = { accounts.setConsoleRole($0.settings.consoleRole, of: id) }
        let change: @Sendable (borrowing Transaction) throws -> (AuditEntry, AccountRow) = { transaction in
            guard var row = try transaction.account(id.description) else { throw Self.unknown(id) }
            try Self.requireReadable(row)
            let before = row
            if !name.isEmpty { row.name = name }
            if !owner.isEmpty { row.owner = owner }
            var settings = row.settings
            // Accounts that an older version onboarded have none.
            if settings.externalID.isEmpty { settings.externalID = ExternalID.make() }
            if let connection = request.connection { settings.take(connection) }
            row.settings = settings
            try transaction.putAccount(row)
            var summary = "name: \"\(before.name)\" to \"\(row.name)\", owner: \"\(before.owner)\" to \"\(row.owner)\""
            if before.settings != settings { summary += ", connection: \(settings.summary)" }
            return (caller.entry(context, summary, account: id), row)
        }
        try await pipeline.perform(auditing: { transaction, _ in try change(transaction) }, then: settle)
        return UpdateAccountResponse(account: try await account(id, caller))
    }

    func offboardAccount(
        _ request: OffboardAccountRequest, _ context: CallContext
    ) async throws -> OffboardAccountResponse {
        let id = try Validation.account(request.accountID)
        let caller = try access.caller(context)
        try caller.require(id)
        let accounts = pipeline.accounts
        let entry = caller.entry(context, "offboarded", account: id)
        try await pipeline.perform(audit: entry, then: { _ in accounts.remove(id) }) { transaction, _ in
            guard var row = try transaction.account(id.description) else { throw Self.unknown(id) }
            row.state = StoredAccountState.offboarded.rawValue
            row.offboardedAt = Clock.milliseconds()
            try transaction.putAccount(row)
        }
        return OffboardAccountResponse(account: try await account(id, caller))
    }

    func verifyAccount(_ request: VerifyAccountRequest, _ context: CallContext) async throws -> VerifyAccountResponse {
        let id = try Validation.account(request.accountID)
        let caller = try access.caller(context)
        try caller.require(id)
        let row = try await pipeline.lookups.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.account(id.description)
        }
        guard let row, row.state == StoredAccountState.onboarded.rawValue else { throw Self.unknown(id) }
        let checks = try await inspector.verify(
            row, remediatedBy: desk.book.access(to: id.description), executors: await desk.pool.principals(of: id),
            isEnabled: desk.book.liveAccounts.contains(id.description))
        return VerifyAccountResponse(
            checks: checks.map(Messages.AccountCheck.init), account: try await account(id, caller))
    }

    private func account(_ id: AccountID, _ caller: Caller) async throws -> Messages.Account {
        let row = try await pipeline.lookups.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.account(id.description)
        }
        guard let row else { throw Self.unknown(id) }
        return Messages.Account(row, now: Clock.milliseconds())
    }

    /// Settings that can't be read are not replaced by empty ones.
    private static func requireReadable(_ row: AccountRow) throws {
        guard row.hasDamagedSettings else { return }
        throw RPCError(
            .dataLoss, "The settings of account \(row.accountID) are damaged. `trailhoundd check` tells what is lost.")
    }

    private static func unknown(_ id: AccountID) -> RPCError {
        RPCError(.notFound, "Account \(id) was never onboarded.")
    }
}
