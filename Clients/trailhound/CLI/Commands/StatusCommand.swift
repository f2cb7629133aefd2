// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct StatusCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what the service is doing.",
        discussion: """
            Prints the service's version, how long it has been up, what it has stored, and what it has accepted and \
            refused since it started. Fails where the service can't be reached, so it serves as a check too.
            """)

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session, _ output: Output) async throws {
        let status = try await session.call(InvestigationService.getStatus, GetStatusRequest())
        output.show(
            json: StatusPresentation.json(status, endpoint: session.endpoint),
            fields: StatusPresentation.fields(status, endpoint: session.endpoint, now: SystemClock.now()))
    }
}
