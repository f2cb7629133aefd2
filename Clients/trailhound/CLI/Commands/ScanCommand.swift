// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Detect
import Glibc

struct ScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Run detections over files, without a service.",
        discussion: """
            Evaluates single records as the service does and prints one line for each match; correlations, first_seen, rare, \
            impossible_travel and unless need the service, and the last line says how many detections that leaves. Files \
            are what `submit` takes, in any form and compression; folders are followed. Rules that can't be used are \
            named on standard error with file, line and reason, and the others run.

              trailhound scan ~/cloudtrail --rules Rules
              trailhound scan events.json.gz --rules rule.yml -o jsonl | jq -r .event_id
            """)

    @Argument(help: .init("Files and folders.", valueName: "path"), completion: .file())
    var paths: [String]

    @Option(help: .init("The folder of rules, or one rule file.", valueName: "path"), completion: .file())
    var rules = RulesFolder.usual

    @OptionGroup var placeholders: PlaceholderOptions

    @OptionGroup var output: OutputOptions

    func run() async throws {
        for path in paths where access(path, R_OK) != 0 {
            throw Failure("can't read \(path): \(SystemError.text(errno))")
        }
        let folder = try RulesFolder(rules, placeholders: try placeholders.read())
        folder.report()
        let plan: DetectionPlan
        do { plan = try DetectionPlan(folder.catalog) { _ in true } } catch { throw Failure("\(error)") }
        let scanner = FileScanner(plan, now: SystemClock.now().milliseconds)
        var printer = Printer(Output(output.format))
        var summary = FileScanner.Summary()
        for path in paths {
            let part = scanner.scan(path: path) {
                printer.add($0)
            } onProblem: { problem in
                let place = problem.index.map { "\(problem.file), record \($0 + 1)" } ?? problem.file
                Diagnostics.note("\(place): \(problem.message)")
            }
            summary.files += part.files
            summary.events += part.events
            summary.matches += part.matches
            summary.problems += part.problems
            summary.leftOut += part.leftOut
        }
        printer.end()
        if output.format == .table {
            Diagnostics.note(
                "\(Numbers.counted(summary.matches, "match", "matches")) in "
                    + "\(Numbers.counted(summary.events, "event")) of \(Numbers.counted(summary.files, "file")), "
                    + extent(plan, of: folder.catalog))
        }
        if summary.leftOut > 0 { Diagnostics.note("left out by name: \(Numbers.counted(summary.leftOut, "file"))") }
        if summary.problems > 0 {
            throw Failure(
                Numbers.counted(summary.problems, "file or part of a file", "files or parts of files")
                    + " could not be scanned",
                code: Failure.Code.rejected)
        }
    }

    /// `by 150 of 177 detections; 27 that compare records with one another need the service`.
    private func extent(_ plan: DetectionPlan, of catalog: Catalog) -> String {
        let scanned = plan.rules.count { $0.raisesAlerts && !$0.detection.needsStream }
        let all = catalog.all.count
        let rest = all - scanned
        guard rest > 0 else { return "by \(Numbers.counted(all, "detection"))" }
        return "by \(Numbers.grouped(UInt64(scanned))) of \(Numbers.counted(all, "detection")); "
            + "\(Numbers.grouped(UInt64(rest))) that compare records with one another need the service"
    }

    /// Prints matches one by one in any form, so that nothing is held back.
    private struct Printer {
        private let output: Output
        private let layout: TableLayout
        private var count = 0

        init(_ output: Output) {
            self.output = output
            layout = MatchPresentation.layout(width: output.terminal.width)
        }

        mutating func add(_ match: FileScanner.Match) {
            switch output.format {
            case .table:
                if count == 0 { line(Table.heading(MatchPresentation.columns)) }
                line(MatchPresentation.row(match))
            case .json:
                output.write((count == 0 ? "[\n  " : ",\n  ").utf8)
                output.safe(Array(match.json.utf8))
            case .jsonl: output.record(Array(match.json.utf8))
            }
            count += 1
        }

        func end() {
            if output.format == .json { output.line(count == 0 ? "[]" : "\n]") }
            output.flush()
        }

        private func line(_ cells: [Cell]) {
            output.line(layout.line(cells, MatchPresentation.columns, colour: output.terminal.colour))
        }
    }
}
