// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Detect

struct DetectionTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the events that stand beside rules.",
        discussion: """
            Beside NAME.yml stands NAME.tests.json with events that must match and events that must not. Prints what \
            does not hold and exits with 1 then. Needs no service.
            """)

    @Argument(help: .init("The folder of rules; else what --rules names.", valueName: "dir"), completion: .directory)
    var path: String?

    @Option(help: .init("The folder of rules.", valueName: "dir"), completion: .directory)
    var rules = RulesFolder.usual

    @Flag(name: .shortAndLong, help: "Print every event, not only those that fail.")
    var verbose = false

    @OptionGroup var placeholders: PlaceholderOptions

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let folder = try RulesFolder(path ?? rules, placeholders: try placeholders.read())
        let reports: [DetectionTester.Report]
        do { reports = try DetectionTester(folder.catalog, folder: folder.path).run() } catch {
            throw Failure("\(error)")
        }
        folder.report()
        let failed = Set(
            reports.filter { !$0.passed }.map(\.file)
                + folder.catalog.problems.filter(\.leavesOut).map(\.file))
        let files = failed.union(reports.map(\.file)).count
        let events = reports.reduce(0) { $0 + $1.cases.count }
        let output = Output(output.format)
        switch output.format {
        case .table:
            for report in reports { print(report, folder, output) }
            if failed.isEmpty {
                output.line(
                    "\(Numbers.counted(folder.catalog.all.count, "detection")) in "
                        + "\(Numbers.counted(reports.count, "rule file")), "
                        + "\(Numbers.counted(events, "event")): all as expected"
                )
            }
        case .json: output.json(.array(reports.map(Self.json)))
        case .jsonl: for report in reports { output.json(Self.json(report)) }
        }
        output.flush()
        if !failed.isEmpty { throw Failure("\(failed.count) of \(Numbers.counted(files, "rule file")) failed") }
    }

    private func print(_ report: DetectionTester.Report, _ folder: RulesFolder, _ output: Output) {
        let file = Escaping.visible(folder.located(report.file))
        if let problem = report.problem { output.line("\(file): error: \(Escaping.visible(problem))") }
        for test in report.cases where verbose || !test.passed {
            let outcome = test.refusal.map { "refused: \($0)" } ?? (test.didMatch ? "matches" : "does not match")
            let mark = test.passed ? "ok" : "error"
            output.line("\(file): \(mark): '\(Escaping.visible(test.name))' \(Escaping.visible(outcome))")
        }
    }

    private static func json(_ report: DetectionTester.Report) -> JSONNode {
        .object([
            .init("file", .string(report.file)),
            .init("title", .string(report.title)),
            .init("passed", .bool(report.passed)),
            .init("problem", report.problem.map { .string($0) } ?? .null),
            .init(
                "events",
                .array(
                    report.cases.map { test in
                        .object([
                            .init("name", .string(test.name)),
                            .init("should_match", .bool(test.shouldMatch)),
                            .init("did_match", .bool(test.didMatch)),
                            .init("refusal", test.refusal.map { .string($0) } ?? .null),
                        ])
                    })),
        ])
    }
}
