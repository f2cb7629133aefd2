// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct AlertCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts", abstract: "Follow, list and settle alerts.",
        discussion: """
            An alert gathers the matches of one detection for one account and actor within an hour. It gets a new \
            revision whenever something joins it or a person changes it.
            """,
        subcommands: [AlertTailCommand.self, List.self, Show.self, Acknowledge.self, Close.self])

    /// Prints an alert that a call returned.
    static func show(_ alert: Alert?, _ output: Output) throws(Failure) {
        guard let alert else { throw Failure("the service answered without an alert") }
        output.show(json: AlertPresentation.json(alert), fields: AlertPresentation.fields(alert))
    }

    struct List: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "List alerts as they stand now, those that were last seen latest first.",
            discussion: """
                  trailhound alerts list --status open --status acknowledged --severity high
                """)

        @OptionGroup var filter: AlertFilter

        @Option(
            name: .customLong("status"),
            help: "Only alerts of this status. Give it several times for alerts of any of them.")
        var statuses: [StatusChoice] = []

        @OptionGroup var list: ListOptions

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = try await filter.resolved(session).list(statuses: statuses.map(\.value))
            let found = try await session.lastSeenAlerts(request, list)
            output.list(
                found.alerts, whenEmpty: "No alert.", json: AlertPresentation.json, table: AlertPresentation.table)
            output.note(
                ListNote("alert", order: "newest first by LAST SEEN"), shown: found.alerts.count, total: found.total,
                hasMore: found.alerts.count < found.total)
        }
    }

    struct Show: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one alert with its evidence and what to do about it.")

        @Argument(help: .init("The alert's id, or its end as tables show it.", valueName: "alert-id"))
        var alertID: String

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = GetAlertRequest(alertID: try await session.alertID(alertID))
            try AlertCommands.show(await session.call(AlertService.getAlert, request).alert, output)
        }
    }

    struct Acknowledge: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that somebody looks into alerts.",
            discussion: "Matches still join an acknowledged alert.")

        @OptionGroup var change: Change

        func run(_ session: Session, _ output: Output) async throws {
            try await change.apply(.acknowledged, session, output)
        }

        var global: GlobalOptions { change.global }
    }

    struct Close: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close alerts.", discussion: "What matches later opens a new alert.")

        @OptionGroup var change: Change

        func run(_ session: Session, _ output: Output) async throws {
            try await change.apply(.closed, session, output)
        }

        var global: GlobalOptions { change.global }
    }

    /// The arguments of a change of status.
    struct Change: ParsableArguments {
        @Argument(help: .init("The alerts' ids, or their ends as tables show them.", valueName: "alert-id"))
        var alertIDs: [String]

        @Option(help: "Why; it replaces the alert's note.")
        var note = ""

        @OptionGroup var global: GlobalOptions

        func apply(_ status: AlertStatus, _ session: Session, _ output: Output) async throws {
            var changed: [Alert] = []
            for alertID in alertIDs {
                let alertID = try await session.alertID(alertID)
                let request = UpdateAlertRequest(alertID: alertID, status: status, note: note)
                if let alert = try await session.call(AlertService.updateAlert, request).alert { changed.append(alert) }
            }
            output.list(
                changed, whenEmpty: "No alert.", json: AlertPresentation.json, table: AlertPresentation.table)
        }
    }
}
