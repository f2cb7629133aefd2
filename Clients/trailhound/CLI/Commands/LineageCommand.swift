// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct LineageCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage", abstract: "Show who stands behind a key, a session or an event.",
        discussion: """
            Follows the calls that made sessions (AssumeRole and its kin, GetSessionToken, GetFederationToken, \
            SwitchRole) back to whoever made the first, through every role in between, as far as they are stored.

              trailhound lineage ASIAIOSFODNN7EXAMPLE
              trailhound lineage arn:aws:sts::111122223333:assumed-role/deploy/build-17
              trailhound lineage 3f0d1a52-7c0e-4bb4-9d2f-0f5f6f0e1c22
            """)

    @Argument(help: "An access key id, a session's ARN or id (AROAEXAMPLE:name), or an eventID.")
    var value: String

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session, _ output: Output) async throws {
        let answer = try await session.call(InvestigationService.getLineage, GetLineageRequest(value: value))
        switch output.format {
        case .table:
            if !answer.steps.isEmpty { output.table(LineagePresentation.table(answer)) }
            let summary = Escaping.visible(LineagePresentation.summary(answer))
            for line in DisplayWidth.wrappedWithIndentation(summary, to: output.terminal.width) { output.line(line) }
        case .json, .jsonl: output.json(LineagePresentation.json(answer))
        }
    }
}
