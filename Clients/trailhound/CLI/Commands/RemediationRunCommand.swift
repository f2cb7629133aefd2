// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages
import RPC

struct RemediationRunCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a remediation by hand.",
        discussion: """
            Follows it until the change is verified. The action has to be enabled for the account in some mode, the \
            never-list holds, and an account whose mode is dry-run sees a dry run. Exits with 1 where nothing was done, \
            because the target is not there or the policy refuses it.

              trailhound remediation run 111122223333 deactivate-access-key AKIAIOSFODNN7EXAMPLE --dry-run
              trailhound remediation run 111122223333 revoke-role-sessions Deploy
            """)

    @Argument(help: .init("The account's id.", valueName: "account-id"))
    var accountID: String

    @Argument(help: "What to do.")
    var action: ActionChoice

    @Argument(help: "To whom: an access key's id, the name of a user or role, or a trail's ARN.")
    var target: String

    @Flag(help: "Say what would be done, and change nothing.")
    var dryRun = false

    @Option(help: "The trail's home region.")
    var region: String?

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session, _ output: Output) async throws {
        if !dryRun {
            try Confirmation.require("\(action.deed(target)) in account \(accountID)", isGiven: yes, output)
        }
        let command = RunCommand(
            accountID: accountID, action: action.value, target: action.target(target, region: region), dryRun: dryRun)
        try await session.obey(.run(command), output)
    }
}

extension Session {
    /// Gives a command, and fails where the remediation does.
    func obey(_ command: SendCommandsRequest.Command, _ output: Output) async throws {
        let last = try await follow(command, output)
        switch last.outcome {
        case "failed", "undone": throw Failure("\(last.outcome): \(last.reason)")
        case "gone":
            // The outcome has no reason of its own; the step that ended it says what is not there.
            let detail = last.history.last?.detail ?? ""
            throw Failure("nothing was done: the target is not there" + (detail.isEmpty ? "" : " (\(detail))"))
        case let outcome where outcome.hasPrefix("refused"): throw Failure("it was refused: \(last.reason)")
        default: break
        }
    }

    /// Gives a command and prints what comes of it: each step to a person as it happens, then what stands; each state to
    /// jsonl; the last one to json.
    ///
    /// - Returns: the last state.
    func follow(_ command: SendCommandsRequest.Command, _ output: Output) async throws -> Remediation {
        let client = try makeClient()
        var last: Remediation?
        var shown = 0
        do {
            let stream = try await client.bidirectional(RemediationService.sendCommands)
            try await stream.requests.write(SendCommandsRequest(sequence: 1, command: command))
            try await stream.requests.finish()
            while let response = try await stream.responses.next() {
                guard response.refusal.isEmpty else { throw Failure(response.refusal) }
                guard let remediation = response.remediation else { continue }
                if output.format == .table {
                    // A command on a remediation that has a past shows only what is new.
                    if last == nil, !Self.startsAnew(command) { shown = max(0, remediation.history.count - 1) }
                    for step in remediation.history.dropFirst(shown) {
                        output.line(Escaping.visible(RemediationPresentation.line(step)))
                    }
                    shown = remediation.history.count
                } else if output.format == .jsonl {
                    output.json(RemediationPresentation.json(remediation))
                }
                output.flush()
                last = remediation
                if response.done { break }
            }
        } catch {
            await client.close(now: true)
            throw failure(error)
        }
        await client.close(now: true)
        guard let last else { throw Failure("the service ended the stream without an answer") }
        if output.format == .table {
            output.line("")
            output.show(json: .null, fields: RemediationPresentation.fields(last))
        } else if output.format == .json {
            output.json(RemediationPresentation.json(last))
        }
        return last
    }

    private static func startsAnew(_ command: SendCommandsRequest.Command) -> Bool {
        switch command {
        case .run, .watch: true
        case .approve, .rollback: false
        }
    }

    /// What an account lets remediations do.
    func remediation(of accountID: String) async throws -> AccountRemediation {
        let request = GetPolicyRequest(accountID: accountID)
        guard let account = try await call(RemediationService.getPolicy, request).account else {
            throw Failure("the service answered without an account")
        }
        return account
    }

    /// One remediation, by its id or the end of it.
    func remediation(_ text: String) async throws -> Remediation {
        var id = text
        if ShortID.isPart(text) {
            let known = try await remediations(ListRemediationsRequest(), limit: Limits.resolvedAlerts)
            id = try ShortID.resolve(text, among: known.found.map(\.remediationID), kind: "remediation")
        }
        let request = GetRemediationRequest(remediationID: id)
        guard let remediation = try await call(RemediationService.getRemediation, request).remediation else {
            throw Failure("the service answered without a remediation")
        }
        return remediation
    }

    /// The newest remediations, page by page up to `limit`.
    func remediations(
        _ request: ListRemediationsRequest, limit: Int
    ) async throws -> (found: [Remediation], hasMore: Bool) {
        var request = request
        var found: [Remediation] = []
        repeat {
            request.pageSize = UInt32(clamping: min(Int(Limits.pageSize), limit - found.count))
            let page = try await call(RemediationService.listRemediations, request)
            found += page.remediations
            request.pageToken = page.nextPageToken
        } while !request.pageToken.isEmpty && found.count < limit
        return (found, !request.pageToken.isEmpty)
    }

    /// Sets the freeze, and shows it.
    func setFreeze(_ request: SetFreezeRequest, _ output: Output) async throws {
        let freeze =
            try await call(
                RemediationService.setFreeze, request, timeout: Limits.verificationTimeout
            ).freeze ?? Freeze()
        var fields = FieldList()
        fields.add("Remediations", freeze.frozen ? "frozen" : "may act", style: .bold)
        fields.add("Since", freeze.changedAt?.rfc3339 ?? "")
        fields.add("By", freeze.changedBy)
        fields.add("Reason", freeze.reason)
        output.show(
            json: .object([
                .init("frozen", .bool(freeze.frozen)), .init("changed_at", .time(freeze.changedAt)),
                .init("changed_by", .string(freeze.changedBy)), .init("reason", .string(freeze.reason)),
            ]), fields: fields)
    }
}
