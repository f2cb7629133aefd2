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
        var answered = false

        @OptionGroup var list: ListOptions

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = ListAlertsRequest(accountIDs: accounts, audience: .owner)
            let found = try await session.alerts(request, limit: .max) { alert in
                answered || alert.duetAnswer == .unspecified && (alert.status == .open || alert.status == .acknowledged)
            }.newestFirst
            let shown = Array(found.prefix(list.most))
            output.list(
                shown, whenEmpty: "No DUET waits for an answer.", json: AlertPresentation.json,
                table: AlertPresentation.duetTable)
            output.note(
                ListNote("DUET", order: "newest first by LAST SEEN"), shown: shown.count, total: UInt64(found.count),
                hasMore: shown.count < found.count)
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
