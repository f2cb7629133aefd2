// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages

/// A subscription to alerts that survives its connection.
package struct AlertTail: Sendable {
    private var request: SubscribeAlertsRequest
    private var reconnection: Reconnection
    private let file: CursorFile?
    private let since: Timestamp?
    private var hasHeading = false
    private var isLost = false

    /// A subscription from the request's cursor on, to alerts that were last seen at or after `since`.
    package init(
        request: SubscribeAlertsRequest, reconnection: Reconnection, file: CursorFile?, since: Timestamp? = nil
    ) {
        self.request = request
        self.file = file
        self.since = since
        self.reconnection = reconnection
    }

    /// Prints alerts until the log is exhausted, where that was asked for, or for ever.
    package mutating func run(_ session: Session, _ output: Output) async throws {
        while true {
            let failure: any Error
            do {
                try await subscribe(session, output)
                if request.untilCaughtUp { return }
                // The service is shutting down in order: it is a lost connection all the same.
                failure = ServiceError.streamEnded
            } catch {
                failure = error
            }
            try Task.checkCancellation()
            let decision = reconnection.failed(
                isTransient: ServiceError.isTransient(failure), at: SystemClock.seconds(), random: .random(in: 0...1))
            guard case .retry(let pause) = decision else { throw session.failure(failure) }
            if !isLost {
                Diagnostics.note("trailhound: lost the connection to \(session.endpoint), reconnecting")
                isLost = true
            }
            try await Task.sleep(for: pause)
        }
    }

    /// One stream, from the cursor on.
    private mutating func subscribe(_ session: Session, _ output: Output) async throws {
        // A stream may say nothing for hours, so that it alone would not tell that the service is there.
        try await session.probe()
        reconnection.reached()
        if isLost { Diagnostics.note("trailhound: connected again") }
        isLost = false
        try await session.subscribe(request) { response in
            reconnection.succeeded()
            if let alert = response.alert, isWanted(alert) { print(alert, cursor: response.cursor, output) }
            request.cursor = response.cursor
            try file?.write(response.cursor)
        }
    }

    private func isWanted(_ alert: Alert) -> Bool {
        guard let since else { return true }
        return (alert.lastSeen?.milliseconds ?? 0) >= since.milliseconds
    }

    private mutating func print(_ alert: Alert, cursor: String, _ output: Output) {
        if output.format == .table {
            // The window may have been resized since the last alert.
            let terminal = output.terminal
            let width = terminal.isInteractive ? Terminal.columns(1) ?? terminal.width : nil
            let layout = AlertPresentation.layout(width: width)
            func line(_ cells: [Cell]) {
                for text in layout.lines(cells, AlertPresentation.columns, colour: terminal.colour) {
                    output.line(text)
                }
            }
            if !hasHeading { line(Table.heading(AlertPresentation.columns)) }
            hasHeading = true
            line(AlertPresentation.row(alert))
        } else {
            output.json(AlertPresentation.json(alert, cursor: cursor))
        }
        output.flush()
    }
}
