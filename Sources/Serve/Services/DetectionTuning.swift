// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Detect
import Journal
import Messages
import RPC

/// DetectionService's tuning: each change is checked by compiling it, kept in the journal, then swapped in.
extension DetectionServer {
    func tuneDetection(_ request: TuneDetectionRequest, _ context: CallContext) async throws -> TuneDetectionResponse {
        let detection = try find(request.detectionID)
        let account = try request.accountID.isEmpty ? nil : Validation.account(request.accountID)
        let enabled = try change(request.enabled, "enabled")
        let trial = try change(request.trial, "trial")
        guard (0...5).contains(request.severity.rawValue) else {
            throw Validation.failure("severity", "is \(request.severity.rawValue), which is no severity")
        }
        guard request.severity == .unspecified || !request.inheritSeverity else {
            throw Validation.failure("inherit_severity", "stands beside a severity")
        }
        let caller = try access.caller(context)
        try Self.require(account.map { [$0] } ?? [], caller)
        let severity = UInt8(exactly: request.severity.rawValue).flatMap(Detect.Severity.init(rawValue:))
        let changes = [
            Self.words("enabled", enabled), Self.words("trial", trial),
            severity.map { "severity \($0.name)" } ?? (request.inheritSeverity ? "severity inherited" : nil),
        ].compactMap { $0 }
        let place = account.map { "in \($0)" } ?? "everywhere"
        let summary = "detection \(detection.id) \(place): \(changes.joined(separator: ", "))"
        try await tune(detection, in: account, caller.entry(context, summary, account: account)) { setting in
            if let enabled { setting.enabled = enabled }
            if let trial { setting.onTrial = trial }
            if let severity { setting.severity = severity }
            if request.inheritSeverity { setting.severity = nil }
        }
        return TuneDetectionResponse(detection: message(detection, caller))
    }

    /// What a switch asks for: nil to leave it, nil within to inherit.
    private func change(_ value: Switch, _ field: String) throws -> Bool?? {
        switch value {
        case .unspecified: return .none
        case .on: return .some(true)
        case .off: return .some(false)
        case .inherit: return .some(nil)
        default: throw Validation.failure(field, "is \(value.rawValue), which is no switch")
        }
    }

    private static func words(_ name: String, _ change: Bool??) -> String? {
        change.map { "\(name) \($0.map { $0 ? "on" : "off" } ?? "inherited")" }
    }

    /// What holds everywhere needs a certificate of all accounts.
    private static func require(_ accounts: [AccountID], _ caller: Caller) throws {
        for account in accounts { try caller.require(account) }
        guard !accounts.isEmpty || caller.accounts == nil else {
            throw RPCError(.permissionDenied, "It concerns every account, and the certificate covers some only.")
        }
    }

    /// Changes what is set of a detection, and tells it in the audit log.
    func tune(
        _ detection: Detect.Detection, in account: AccountID?, _ entry: AuditEntry,
        _ body: @escaping @Sendable (inout Tuning.Setting) -> Void
    ) async throws {
        let change: @Sendable (inout Tuning) -> Void = { tuning in
            var setting = tuning.setting(detection.id, in: account)
            body(&setting)
            tuning.set(setting, of: detection.id, in: account)
        }
        try await commit(entry, change) { before, after, transaction in
            let setting = after.setting(detection.id, in: account)
            if setting.onTrial == true, before.setting(detection.id, in: account).onTrial != true {
                try MatchTally.reset(.trial(detection.id), transaction)
            }
            try TuningStore.put(setting, of: detection.id, in: account, transaction)
        }
    }

    /// Runs a change of the journal and then of the live tuning, in one order with all others. It is compiled beforehand,
    /// so that records wait for its installation only; it is installed once it is durable.
    ///
    /// - Parameters:
    ///   - check: throws where the change may not be made, as things stand when its turn has come.
    ///   - body: writes the change into the journal; it is given the tuning as it is and as it will be.
    private func commit(
        _ entry: AuditEntry, _ change: @escaping @Sendable (inout Tuning) -> Void,
        if check: @escaping @Sendable (Tuning) throws -> Void = { _ in },
        _ body: @escaping @Sendable (Tuning, Tuning, borrowing Transaction) throws -> Void
    ) async throws {
        let (catalog, log) = (pipeline.catalog, pipeline.log)
        for attempt in 1...Limits.catalogAttempts {
            let prepared = try await pipeline.changes.run(entry.actor.party) { _ in try catalog.prepare(change) }
            let install: @Sendable (()) -> Void = { _ in
                // Nobody could change the detections since the claim.
                do { try catalog.install(prepared) } catch { log.critical("a durable tuning was not installed") }
            }
            do {
                return try await pipeline.perform(audit: entry, then: install) { transaction, _ in
                    try catalog.claim(prepared)
                    let before = catalog.tuning
                    try check(before)
                    try body(before, prepared.tuning, transaction)
                }
            } catch {
                catalog.release(prepared)
                guard error is LiveCatalog.Conflict else { throw error }
                if attempt == Limits.catalogAttempts {
                    throw RPCError(.aborted, "The detections kept changing meanwhile; try again.")
                }
            }
        }
    }

    func createDetectionException(
        _ request: CreateDetectionExceptionRequest, _ context: CallContext
    ) async throws -> CreateDetectionExceptionResponse {
        let catalog = pipeline.catalog
        let exception: Detect.DetectionException
        do throws(Detect.DetectionException.Failure) {
            exception = try Detect.DetectionException(
                parsing: request.yaml, placeholders: catalog.placeholders)
        } catch { throw Validation.failure("yaml", error.description) }
        let caller = try access.caller(context)
        try Self.require(exception.accounts, caller)
        let rules = catalog.catalog.rules
        let own = zip(rules, catalog.catalog.detections).filter { exception.filter.applies(to: $0.0) }.map(\.1)
        guard exception.filter.target == .any || !own.isEmpty else {
            throw Validation.failure("yaml", Self.nothingNamed(by: exception, catalog.catalog))
        }
        guard catalog.tuning.exceptions.count < DetectLimits.exceptions else {
            throw RPCError(.resourceExhausted, "There are \(DetectLimits.exceptions) exceptions already.")
        }
        guard !catalog.catalog.exceptions.contains(where: { $0.id == exception.id }) else {
            throw RPCError(.alreadyExists, "An exception of a rule file has the id \(exception.id).")
        }
        var response = CreateDetectionExceptionResponse(
            exception: Messages.DetectionException(exception), detectionIDs: own.map(\.id))
        if request.preview {
            let past = ExceptionPreviewQuery(
                exception: exception, detectionIDs: own.map(\.id), scope: caller.accounts)
            response.past = try await pipeline.queries.run(caller, pipeline.journal.reader) {
                try past.run($0, $1)
            }
            return response
        }
        let summary = "exception \(exception.id) of \(exception.owner): \(exception.reason)"
        // In the place of one of the same id: who may not take that one back may not replace it.
        let mayReplace: @Sendable (Tuning) throws -> Void = { tuning in
            guard let known = tuning.exceptions.first(where: { $0.id == exception.id }) else { return }
            try Self.require(known.accounts, caller)
        }
        try await commit(caller.entry(context, summary), { $0.add(exception) }, if: mayReplace) { _, _, transaction in
            try TuningStore.put(exception, transaction)
            try MatchTally.reset(.exception(exception.id), transaction)
        }
        return response
    }

    /// Tells which rules to name where an exception names a correlation, which counts what others find.
    private static func nothingNamed(by exception: Detect.DetectionException, _ catalog: Catalog) -> String {
        guard case .rules(let names) = exception.filter.target else { return "names no rule that is loaded" }
        let named = names.lazy.compactMap { name in catalog.counted(byCorrelation: name) }.first
        guard let named else { return "names no rule that is loaded and of its log source" }
        let rules = named.rules.prefix(Limits.problemsPerError).map { "\($0.id) '\($0.title)'" }
        return "names the correlation '\(named.correlation.title)', and an exception is for rules; it counts "
            + rules.joined(separator: ", ")
    }

    func listDetectionExceptions(
        _ request: ListDetectionExceptionsRequest, _ context: CallContext
    ) async throws -> ListDetectionExceptionsResponse {
        let catalog = pipeline.catalog
        let caller = try access.caller(context)
        let exceptions = (catalog.catalog.exceptions + catalog.tuning.exceptions).filter { exception in
            exception.accounts.isEmpty || exception.accounts.contains(where: caller.covers)
        }
        let scope = caller.accounts
        let tallies = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, budget in
            try exceptions.map { exception in
                try budget.check()
                return try MatchTally.read(.exception(exception.id), within: scope, reader)
            }
        }
        return ListDetectionExceptionsResponse(
            exceptions: zip(exceptions, tallies).map { exception, tally in
                var message = Messages.DetectionException(exception)
                message.excepted = tally.map(Messages.MatchReport.init)
                return message
            })
    }

    func deleteDetectionException(
        _ request: DeleteDetectionExceptionRequest, _ context: CallContext
    ) async throws -> DeleteDetectionExceptionResponse {
        let catalog = pipeline.catalog
        let id = request.exceptionID.lowercased()
        guard let exception = catalog.tuning.exceptions.first(where: { $0.id == id }) else {
            let isOfFile = catalog.catalog.exceptions.contains { $0.id == id }
            throw RPCError(
                .notFound,
                isOfFile ? "The exception stands in a rule file." : "There is no exception \(id.prefix(64)).")
        }
        let caller = try access.caller(context)
        try Self.require(exception.accounts, caller)
        let summary = "exception \(exception.id) of \(exception.owner) taken back"
        try await commit(caller.entry(context, summary), { $0.remove(exception: id) }) { _, _, transaction in
            try TuningStore.remove(exception: id, transaction)
            try MatchTally.reset(.exception(id), transaction)
        }
        return DeleteDetectionExceptionResponse()
    }
}
