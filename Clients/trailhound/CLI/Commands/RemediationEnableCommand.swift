// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct RemediationEnableCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Say what an action may do in an account.",
        discussion: """
            What is not said stays as it is. The way into the account is proved first: the role is assumed and its \
            permissions simulated, or an executor is found; what can't work is refused. On a DUET a person is asked, until \
            the owner has answered that it was unexpected, unless --duets is given. Entries of the lists are key/AKIA…, user/NAME, role/NAME, path/PATH/, \
            tag/NAME=VALUE and trail/NAME, where * stands for any text; a name with a path before it is written as in \
            its ARN. The never-list beats everything.
            """)

    @Argument(help: .init("The account's id.", valueName: "account-id"))
    var accountID: String

    @Argument(help: "What may be done.")
    var action: ActionChoice

    @Option(help: "How far it goes by itself: dry-run changes nothing, approve asks a person, auto acts.")
    var mode: ModeChoice

    @Option(help: "The least severity of an alert that triggers it.")
    var minSeverity: SeverityChoice?

    @Option(
        name: .customLong("detection"),
        help: .init(
            "A detection that may trigger it. Give it several times for several; 'all' lets every detection.",
            valueName: "detection-id"))
    var detections: [String] = []

    @Option(help: .init("Never touch this. Give it several times for several.", valueName: "entry"))
    var never: [String] = []

    @Option(help: .init("Take an entry off the never-list.", valueName: "entry"))
    var notNever: [String] = []

    @Option(
        help: .init(
            "Act on this by itself, whatever mode, severity and detections say. Give it several times for several.",
            valueName: "entry"))
    var always: [String] = []

    @Option(help: .init("Take an entry off the always-list.", valueName: "entry"))
    var notAlways: [String] = []

    @Option(help: "How many times it acts by itself within an hour before it asks.")
    var hourlyCap: UInt32?

    @Option(
        name: .customLong("max-age"),
        help: .init("How many minutes old an alert's newest record may be; 120 unless set.", valueName: "minutes"))
    var maxAge: UInt32?

    @Flag(inversion: .prefixedNo, help: "Act by itself on DUETs too, before the account's owner has answered.")
    var duets: Bool?

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if mode == .off { throw ValidationError("--mode off is what remediation disable does") }
        if maxAge == 0 { throw ValidationError("--max-age must be at least 1") }
        if hourlyCap == 0 { throw ValidationError("--hourly-cap must be at least 1; use --mode approve to be asked") }
    }

    func run(_ session: Session, _ output: Output) async throws {
        let account = try await session.remediation(of: accountID)
        guard let before = account.policies.first(where: { $0.action == action.value }) else {
            throw Failure("the service does not know the action \(action.rawValue)")
        }
        let after = try await changed(before, session)
        let changes = PolicyPresentation.changes(before, after)
        if output.format == .table {
            Diagnostics.note("\(action.rawValue) in account \(accountID):")
            for change in changes.isEmpty ? ["nothing changes"] : changes { Diagnostics.note("  " + change) }
        }
        if let question = RemediationQuestion.text(before, after, accountID) {
            try Confirmation.require(question, isGiven: yes, output)
        }
        let request = SetPolicyRequest(accountID: accountID, policy: after)
        let answer = try await session.call(
            RemediationService.setPolicy, request, timeout: Limits.verificationTimeout)
        if output.format == .table { for proof in answer.proof { Diagnostics.note("proved: " + proof) } }
        output.list(
            [answer.account ?? account], whenEmpty: "", json: PolicyPresentation.json, table: PolicyPresentation.table)
    }

    private func changed(_ before: RemediationPolicy, _ session: Session) async throws -> RemediationPolicy {
        var after = before
        after.mode = mode.value
        if let minSeverity { after.minSeverity = minSeverity.value }
        if detections == ["all"] {
            after.detectionIDs = []
        } else if !detections.isEmpty {
            after.detectionIDs = []
            for detection in detections { after.detectionIDs.append(try await session.detectionID(detection)) }
        }
        after.never = Self.list(before.never, adding: never, removing: notNever)
        after.always = Self.list(before.always, adding: always, removing: notAlways)
        if let hourlyCap { after.hourlyCap = hourlyCap }
        if let maxAge { after.maxAgeMinutes = maxAge }
        if let duets { after.actsOnDuets = duets }
        return after
    }

    private static func list(_ entries: [String], adding new: [String], removing old: [String]) -> [String] {
        var list = entries.filter { !old.contains($0) }
        for entry in new where !list.contains(entry) { list.append(entry) }
        return list
    }
}

/// What a person is asked before a policy changes.
package enum RemediationQuestion {
    /// What a person should confirm: that it acts without being asked, or may touch more than before.
    package static func text(
        _ before: RemediationPolicy, _ after: RemediationPolicy, _ account: String
    ) -> String? {
        let deed = "\(after.action.word) in account \(account)"
        if after.mode == .auto, before.mode != .auto { return "let \(deed) act without asking anybody" }
        let always = after.always.filter { !before.always.contains($0) }
        if !always.isEmpty { return "let \(deed) act on \(always.joined(separator: ", ")) without asking anybody" }
        if after.mode == .auto, after.actsOnDuets, !before.actsOnDuets {
            return "let \(deed) act on DUETs before the owner has answered"
        }
        let exposed = before.never.filter { !after.never.contains($0) }
        if after.mode == .auto, !exposed.isEmpty { return "let \(deed) touch \(exposed.joined(separator: ", "))" }
        return nil
    }
}

struct RemediationAccessCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "access", abstract: "Say how the service reaches an account to act in it.",
        discussion: """
            By a role of the account, which it assumes with the account's external id; by an executor that runs inside \
            the account (trailhound execute); or, with neither option, by the service's own credentials where they are \
            of that account.
            """)

    @Argument(help: .init("The account's id.", valueName: "account-id"))
    var accountID: String

    @Option(help: .init("The role to assume: arn:aws:iam::ACCOUNT:role/NAME.", valueName: "arn"))
    var role: String?

    @Flag(help: "By an executor inside the account.")
    var executor = false

    @Option(help: "The region to call STS in.")
    var region = ""

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if role != nil, executor { throw ValidationError("--role and --executor exclude each other") }
    }

    func run(_ session: Session, _ output: Output) async throws {
        let before = try await session.remediation(of: accountID)
        let access = RemediationAccess(way: executor ? .executor : .role, roleArn: role ?? "", region: region)
        let request = SetPolicyRequest(accountID: accountID, access: access)
        let answer = try await session.call(
            RemediationService.setPolicy, request, timeout: Limits.verificationTimeout)
        guard let after = answer.account else {
            throw Failure("the service answered without an account")
        }
        if output.format == .table {
            Diagnostics.note("by way of: \(PolicyPresentation.way(before)) → \(PolicyPresentation.way(after))")
        }
        output.list([after], whenEmpty: "", json: PolicyPresentation.json, table: PolicyPresentation.table)
    }
}

struct RemediationStatusCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what every action may do, and whether everything is frozen.")

    @Argument(help: .init("The account's id; without it, every account.", valueName: "account-id"))
    var accountID: String?

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session, _ output: Output) async throws {
        let freeze = try await session.call(RemediationService.getFreeze, GetFreezeRequest()).freeze ?? Freeze()
        var ids = accountID.map { [$0] } ?? []
        if accountID == nil {
            ids = try await session.call(AccountService.listAccounts, ListAccountsRequest()).accounts.map(\.accountID)
        }
        var accounts: [AccountRemediation] = []
        for id in ids { accounts.append(try await session.remediation(of: id)) }
        if output.format == .table, freeze.frozen {
            let reason = freeze.reason.isEmpty ? "" : " (\(freeze.reason))"
            Diagnostics.note(
                "FROZEN since \(Clock.short(freeze.changedAt)) UTC by \(freeze.changedBy)\(reason): nothing acts")
        }
        if output.format == .json {
            output.json(
                .object([
                    .init("frozen", .bool(freeze.frozen)), .init("frozen_by", .string(freeze.changedBy)),
                    .init("frozen_reason", .string(freeze.reason)),
                    .init("accounts", .array(accounts.map(PolicyPresentation.json))),
                ]))
        } else {
            output.list(
                accounts, whenEmpty: "No account is onboarded.", json: PolicyPresentation.json,
                table: PolicyPresentation.table)
        }
    }
}
