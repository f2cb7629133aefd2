// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Detect

struct DetectionValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check rule files without loading them.",
        discussion: """
            Prints everything that is wrong, as FILE:LINE: error: REASON, and exits with 1 where a rule could not be \
            used. Warns of conditions that can't hold, of fields that CloudTrail does not have, of events that their \
            source does not have, and of missing tests. Needs no service.
            """)

    @Argument(
        help: .init("Folders of rules, or rule files; else what --rules names.", valueName: "path"), completion: .file()
    )
    var paths: [String] = []

    @Option(help: .init("The folder of rules.", valueName: "dir"), completion: .directory)
    var rules = RulesFolder.usual

    @OptionGroup var placeholders: PlaceholderOptions

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let placeholders = try placeholders.read()
        var valid = 0
        var leftOut = 0
        var problems: [Catalog.Problem] = []
        var needy: [Detection] = []
        for path in paths.isEmpty ? [rules] : paths {
            let folder = try RulesFolder(path, placeholders: placeholders)
            valid += folder.catalog.all.count
            leftOut += folder.catalog.leftOut
            let remarks = folder.remarks()
            needy += folder.catalog.all.filter { $0.needs != nil }
            problems += (folder.catalog.problems + remarks).sorted { ($0.file, $0.line) < ($1.file, $1.line) }
                .map(folder.located)
        }
        let errors = problems.count(where: \.isError)
        let output = Output(output.format)
        if output.format == .table {
            for problem in problems { output.line(Escaping.visible(problem.description)) }
            if leftOut == 0 { output.line("\(Numbers.counted(valid, "detection")) valid") }
            for detection in needy {
                guard let needs = detection.needs?.rawValue else { continue }
                output.line(Escaping.visible("'\(detection.title)' is inactive where the service lacks \(needs)"))
            }
        } else {
            output.json(
                .object([
                    .init("valid", .unsigned(UInt64(valid))),
                    .init("left_out", .unsigned(UInt64(leftOut))),
                    .init("problems", .array(problems.map(RulesFolder.json))),
                    .init(
                        "needs",
                        .array(
                            needy.map { detection in
                                .object([
                                    .init("detection_id", .string(detection.id)),
                                    .init("title", .string(detection.title)),
                                    .init("needs", .string(detection.needs?.rawValue ?? "")),
                                ])
                            })),
                ]))
        }
        output.flush()
        guard leftOut == 0 else {
            let reason = errors > 0 ? "\(Numbers.counted(errors, "error")) in the rules, " : ""
            throw Failure(
                "\(reason)\(Numbers.counted(leftOut, "rule")) left out, \(Numbers.counted(valid, "detection")) valid")
        }
    }
}
