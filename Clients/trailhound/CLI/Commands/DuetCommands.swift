// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct DuetCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duet", abstract: "Answer \"did you expect this?\".",
        discussion: """
            A DUET is an alert that the account's owner confirms or denies before anyone triages it. An unexpected one \
            goes on to the security team.
            """,
        subcommands: [List.self, Answer.self])

    struct List: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "List the DUETs that wait for an answer.")

        @Option(
            name: .customLong("account"), help: .init("Only DUETs of this account.", valueName: "account-id"))
        var accounts: [String] = []

        @Flag(help: "List answered and closed DUETs too.")
        var all = false

        @Option(help: "The most DUETs to list.")
        var limit = 100

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit must be at least 1") }
        }

        func run(_ session: Session, _ output: Output) async throws {
            let request = ListAlertsRequest(accountIDs: accounts, audience: .owner)
            let alerts = try await session.alerts(request, limit: limit) { alert in
                all || alert.duetAnswer == .unspecified && (alert.status == .open || alert.status == .acknowledged)
            }
            output.list(
                alerts, whenEmpty: "No DUET waits for an answer.", json: AlertPresentation.json,
                table: AlertPresentation.table)
        }
    }

    struct Answer: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "Answer a DUET.")

        @Argument(help: .init("The alert's id, or its end as tables show it.", valueName: "alert-id"))
        var alertID: String

        @Argument(help: "Was it expected or unexpected?")
        var answer: AnswerChoice

        @Option(help: "What you know about it; it replaces the alert's note.")
        var note = ""

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let alertID = try await session.alertID(alertID)
            let request = AnswerDuetRequest(alertID: alertID, answer: answer.value, note: note)
            try AlertCommands.show(await session.call(AlertService.answerDuet, request).alert, output)
        }
    }
}
