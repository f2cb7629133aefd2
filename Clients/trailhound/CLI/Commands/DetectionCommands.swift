// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct DetectionCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detections", abstract: "Look at, switch, check and test detections.",
        discussion: """
            A detection is a Sigma rule of the service's rules folder. The commands validate and test work on files and \
            need no service.
            """,
        subcommands: [
            List.self, Show.self, Enable.self, Disable.self, DetectionTuneCommand.self, DetectionTrialCommand.self,
            DetectionExceptCommand.self, Reload.self, DetectionExplainCommand.self, DetectionValidateCommand.self,
            DetectionTestCommand.self,
        ])

    struct List: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the detections that the service has loaded.",
            discussion: "Names the rule files that could not be loaded on standard error.")

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let response = try await session.call(DetectionService.listDetections, ListDetectionsRequest())
            for problem in response.problems { Diagnostics.note(DetectionPresentation.line(problem)) }
            output.list(
                response.detections, whenEmpty: "The service has loaded no detection.",
                json: DetectionPresentation.json, table: DetectionPresentation.table)
            let enabled = response.detections.count(where: \.enabled)
            output.note(
                ListNote("detection", order: "\(enabled) of them enabled, by file, correlations last"),
                shown: response.detections.count, total: nil, hasMore: false)
        }
    }

    struct Show: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "Show one detection.")

        @Argument(help: .init("The detection's id, or its beginning as tables show it.", valueName: "detection-id"))
        var detectionID: String

        @Flag(help: "Print the rule's own text instead.")
        var yaml = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = GetDetectionRequest(detectionID: try await session.detectionID(detectionID))
            guard let detection = try await session.call(DetectionService.getDetection, request).detection else {
                throw Failure("the service answered without a detection")
            }
            guard yaml, output.format == .table else {
                output.show(
                    json: DetectionPresentation.json(detection), fields: DetectionPresentation.fields(detection))
                return
            }
            let text = detection.yaml.hasSuffix("\n") ? String(detection.yaml.dropLast()) : detection.yaml
            output.record(Array(text.utf8))
        }
    }

    struct Enable: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Switch detections on, for every account or for one.",
            discussion: "Opts in to detections that are off by default. It lasts over a restart.")

        @OptionGroup var change: Change
        var global: GlobalOptions { change.global }

        func run(_ session: Session, _ output: Output) async throws {
            try await change.apply(isEnabled: true, session, output)
        }
    }

    struct Disable: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Switch detections off, for every account or for one.", discussion: "It lasts over a restart.")

        @OptionGroup var change: Change
        var global: GlobalOptions { change.global }

        func run(_ session: Session, _ output: Output) async throws {
            try await change.apply(isEnabled: false, session, output)
        }
    }

    /// The arguments of a switch.
    struct Change: ParsableArguments {
        @Argument(
            help: .init("The detections' ids, or their beginnings as tables show them.", valueName: "detection-id"))
        var detectionIDs: [String]

        @Option(help: .init("Only in this account.", valueName: "account-id"))
        var account: String?

        @OptionGroup var global: GlobalOptions

        func apply(isEnabled: Bool, _ session: Session, _ output: Output) async throws {
            var changed: [Detection] = []
            for detectionID in detectionIDs {
                let request = TuneDetectionRequest(
                    detectionID: try await session.detectionID(detectionID), accountID: account ?? "",
                    enabled: isEnabled ? .on : .off)
                let response = try await session.call(DetectionService.tuneDetection, request)
                if let detection = response.detection { changed.append(detection) }
            }
            output.list(
                changed, whenEmpty: "No detection.", json: DetectionPresentation.json,
                table: DetectionPresentation.table)
        }
    }

    struct Reload: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have the service read its rules folder again.",
            discussion: """
                Reads the placeholders again too. Rules that can't run are left out, each with its file, line and reason, \
                and the others run. Exits with 3 where a rule was left out for an error in it. A folder without a usable \
                rule is refused, and what was loaded stays, unless --allow-empty is given.
                """)

        @Flag(help: "Take a folder without a usable rule too: nothing is detected then.")
        var allowEmpty = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let response = try await session.call(
                DetectionService.reloadRules, ReloadRulesRequest(allowEmpty: allowEmpty))
            if output.format == .table {
                for problem in response.problems { Diagnostics.note(DetectionPresentation.line(problem)) }
                output.line(DetectionPresentation.summary(response))
            } else {
                output.json(
                    .object([
                        .init("loaded", .unsigned(UInt64(response.loaded))),
                        .init("left_out", .unsigned(UInt64(response.leftOut))),
                        .init("foreign", .unsigned(UInt64(response.foreign))),
                        .init("problems", .array(response.problems.map(DetectionPresentation.json))),
                    ]))
            }
            output.flush()
            let errors = response.problems.count { $0.isError }
            if errors > 0 {
                throw Failure("\(Numbers.counted(errors, "error")) in the rules", code: Failure.Code.rejected)
            }
        }
    }
}
