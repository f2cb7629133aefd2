// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct RemediationCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remediation", abstract: "Act on what detections find, and take it back.",
        discussion: """
            Every action is off until it is enabled for an account. A remediation looks at what is there, changes one \
            thing, verifies it, and watches for half an hour whether somebody undoes it.

              trailhound remediation enable 111122223333 deactivate-access-key --mode approve --never user/break-glass
              trailhound remediation run 111122223333 deactivate-access-key AKIAIOSFODNN7EXAMPLE --dry-run
              trailhound remediation history
            """,
        subcommands: [
            RemediationEnableCommand.self, Disable.self, RemediationAccessCommand.self, RemediationStatusCommand.self,
            RemediationRunCommand.self, Approve.self, Decline.self, Rollback.self, Watch.self, History.self, Show.self,
            Freeze.self, Unfreeze.self,
        ])

    struct Disable: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Switch an action off for an account, or all of them.",
            discussion: "Lists and severities stay for the next time. What is under way goes on; freeze stops it too.")

        @Argument(help: .init("The account's id.", valueName: "account-id"))
        var accountID: String

        @Argument(help: "The action; without it, every action.")
        var action: ActionChoice?

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            var account = try await session.remediation(of: accountID)
            for policy in account.policies where action == nil || policy.action == action?.value {
                // The always-list acts whatever the mode is: what it holds has to go too.
                guard policy.mode != .off || !policy.always.isEmpty else { continue }
                var changed = policy
                changed.mode = .off
                changed.always = []
                let request = SetPolicyRequest(accountID: accountID, policy: changed)
                account = try await session.call(RemediationService.setPolicy, request).account ?? account
                if output.format == .table {
                    Diagnostics.note(
                        "\(policy.action.word): " + PolicyPresentation.changes(policy, changed).joined(separator: "; "))
                }
            }
            output.list([account], whenEmpty: "", json: PolicyPresentation.json, table: PolicyPresentation.table)
        }
    }

    /// The argument that names a remediation.
    struct Named: ParsableArguments {
        @Argument(help: .init("The remediation's id, or its end as tables show it.", valueName: "remediation-id"))
        var remediationID: String

        @OptionGroup var global: GlobalOptions
    }

    struct Approve: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "Let a remediation go on that waits for a person.")

        @OptionGroup var named: Named

        @Flag(help: "Don't ask.")
        var yes = false

        var global: GlobalOptions { named.global }

        func run(_ session: Session, _ output: Output) async throws {
            let remediation = try await session.remediation(named.remediationID)
            let target = RemediationPresentation.target(remediation.target)
            try Confirmation.require(
                "\(remediation.action.word) of \(target) in account \(remediation.accountID): let it go on",
                isGiven: yes, output)
            let request = ApproveRemediationRequest(remediationID: remediation.remediationID)
            try await session.obey(.approve(request), output)
        }
    }

    struct Decline: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "Decline a remediation that waits for a person.")

        @OptionGroup var named: Named

        var global: GlobalOptions { named.global }

        func run(_ session: Session, _ output: Output) async throws {
            let id = try await session.remediation(named.remediationID).remediationID
            let request = ApproveRemediationRequest(remediationID: id, decline: true)
            let answer = try await session.call(RemediationService.approveRemediation, request)
            guard let remediation = answer.remediation else {
                throw Failure("the service answered without a remediation")
            }
            output.show(
                json: RemediationPresentation.json(remediation), fields: RemediationPresentation.fields(remediation))
        }
    }

    struct Rollback: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a remediation back.",
            discussion: """
                What was not so before is not made so, and what somebody has changed since is left alone: a key is \
                activated only if it was active before and is still the same key.
                """)

        @OptionGroup var named: Named

        @Flag(help: "Don't ask.")
        var yes = false

        var global: GlobalOptions { named.global }

        func run(_ session: Session, _ output: Output) async throws {
            let remediation = try await session.remediation(named.remediationID)
            let target = RemediationPresentation.target(remediation.target)
            try Confirmation.require(
                "\(remediation.action.word) of \(target) in account \(remediation.accountID): take it back",
                isGiven: yes, output)
            let request = RollbackRemediationRequest(remediationID: remediation.remediationID)
            let last = try await session.follow(.rollback(request), output)
            let newest = last.history.last
            guard last.outcome == "rolled_back", newest?.kind == "finished" else {
                throw Failure("it was not rolled back: \(newest?.detail ?? last.reason)")
            }
        }
    }

    struct Watch: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow a remediation to its end, the watch for its undo included.")

        @OptionGroup var named: Named

        var global: GlobalOptions { named.global }

        func run(_ session: Session, _ output: Output) async throws {
            let id = try await session.remediation(named.remediationID).remediationID
            try await session.obey(.watch(WatchCommand(remediationID: id)), output)
        }
    }

    struct History: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "List remediations, newest first.")

        @Option(
            name: .customLong("account"),
            help: .init("Only those of this account. Give it several times for several.", valueName: "account-id"))
        var accounts: [String] = []

        @Option(help: "Only those of this action.")
        var action: ActionChoice?

        @Flag(help: "Only those that are under way or wait for a person.")
        var unfinished = false

        @Option(help: "The most remediations to list.")
        var limit = 100

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit must be at least 1") }
        }

        func run(_ session: Session, _ output: Output) async throws {
            let request = ListRemediationsRequest(
                accountIDs: accounts, action: action?.value ?? .unspecified, unfinished: unfinished)
            let (found, hasMore) = try await session.remediations(request, limit: limit)
            output.list(
                found, whenEmpty: "No remediation.", json: RemediationPresentation.json,
                table: RemediationPresentation.table)
            output.note(
                ListNote("remediation", order: "newest first", hint: "--limit N shows more"), shown: found.count,
                total: nil, hasMore: hasMore)
        }
    }

    struct Show: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one remediation: who, why, what was there before and after, and each step.")

        @OptionGroup var named: Named

        var global: GlobalOptions { named.global }

        func run(_ session: Session, _ output: Output) async throws {
            let remediation = try await session.remediation(named.remediationID)
            output.show(
                json: RemediationPresentation.json(remediation), fields: RemediationPresentation.fields(remediation))
        }
    }

    struct Freeze: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop every remediation of every account, at once.",
            discussion: "Nothing is changed in any account until unfreeze, but for rollbacks. Watching goes on.")

        @Option(help: "Why, for those who find it frozen.")
        var reason = ""

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            try await session.setFreeze(SetFreezeRequest(frozen: true, reason: reason), output)
        }
    }

    struct Unfreeze: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let remediations act again.",
            discussion: "What the freeze refused stays refused: run it by hand where it is still wanted.")

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            try Confirmation.require("let remediations of every account act again", isGiven: yes)
            try await session.setFreeze(SetFreezeRequest(frozen: false), output)
        }
    }
}
