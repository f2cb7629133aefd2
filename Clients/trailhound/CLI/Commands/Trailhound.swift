// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The program: nouns with verbs.
package struct Trailhound: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "trailhound",
        abstract: "Watch AWS accounts for post-exploitation activity.",
        discussion: """
            Talks to a Trailhound service (trailhoundd): onboards accounts, submits CloudTrail records, and shows the \
            alerts that detections raise on them. The commands scan, detections validate and detections test need no \
            service.

            The options of every command (-o, --server, --pki and so on) may also stand before it. Exit codes: 0 done, \
            1 failed, 3 done but something was refused, 64 wrong arguments, 130 interrupted, 143 ended by \
            SIGTERM. Colours appear on a terminal only, and never where NO_COLOR is set.
            """,
        version: Version.current,
        subcommands: [
            AccountCommands.self, SubmitCommand.self, CollectCommands.self, AlertCommands.self, DuetCommands.self,
            RemediationCommands.self, ExecuteCommand.self, DetectionCommands.self,
            ScanCommand.self, TimelineCommand.self, LineageCommand.self, StatusCommand.self, CertificateCommands.self,
            AuditCommands.self, DeadLetterCommands.self,
        ])

    package init() {}
}
