// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Detect
import Glibc
import Messages

struct DetectionExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show why a detection fires on an event, or why it does not.",
        discussion: """
            Prints the condition as a tree, with each part's verdict and the values that the event has. The event is a \
            file with one record or several, plain or gzip; what is no file is the eventID of a record that the service \
            has stored. Exits with 1 where the detection does not fire.

              trailhound detections explain 5bb4d1d7 event.json
              trailhound detections explain Rules/iam/admin_policy_attached.yml 0f6b2e40-52cf-4f0a-9d1c-7d0c2f8a4f11
            """)

    @Argument(help: .init("The detection's id or its beginning, or a rule file.", valueName: "rule"))
    var rule: String

    @Argument(help: .init("A file of events, or the eventID of a stored one.", valueName: "event"))
    var event: String

    @Option(help: .init("Of a file with several records, the one with this eventID.", valueName: "id"))
    var eventID: String?

    @Option(help: .init("The folder of rules.", valueName: "dir"), completion: .directory)
    var rules = RulesFolder.usual

    @OptionGroup var placeholders: PlaceholderOptions

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let isFile = access(rule, R_OK) == 0
        let folder = try RulesFolder(isFile ? rule : rules, placeholders: try placeholders.read())
        let detections = isFile ? folder.catalog.all : folder.catalog.all.filter { $0.id.hasPrefix(rule.lowercased()) }
        guard !detections.isEmpty else {
            folder.report()
            throw Failure(
                isFile ? "no usable rule in \(rule)" : "no detection in \(folder.path) has an id like \(rule)")
        }
        if !isFile, detections.count > 1 {
            throw Failure("\(detections.count) detections have an id that begins with \(rule)")
        }
        let output = Output(global.output.format)
        var explanations: [DetectionExplanation] = []
        for record in try await records() {
            for detection in detections {
                do {
                    explanations.append(
                        try record.withUnsafeBytes { try folder.catalog.explanation(of: detection, on: $0) })
                } catch { throw Failure("the event can't be read: \(error)") }
            }
        }
        switch output.format {
        case .table:
            for explanation in explanations {
                for line in ExplanationPresentation.lines(explanation, colour: output.terminal.colour) {
                    output.line(line)
                }
            }
        case .json where explanations.count == 1: output.json(ExplanationPresentation.json(explanations[0]))
        case .json: output.json(.array(explanations.map(ExplanationPresentation.json)))
        case .jsonl: for explanation in explanations { output.json(ExplanationPresentation.json(explanation)) }
        }
        output.flush()
        if !explanations.contains(where: \.holds) { throw Failure("", code: 1) }
    }

    private func records() async throws -> [[UInt8]] {
        if access(event, R_OK) == 0 {
            let records: [[UInt8]]
            do { records = try EventFileReader.records(path: event, eventID: eventID) } catch {
                throw Failure("can't read the events of \(event): \(error)")
            }
            guard !records.isEmpty else { throw Failure("\(event) holds no such record") }
            return records
        }
        let session = try Session(global.connection.settings())
        do {
            let request = GetTimelineRequest(value: event, pageSize: 1)
            let page = try await session.call(InvestigationService.getTimeline, request)
            await session.close()
            guard let record = page.entries.first?.record.array else {
                throw Failure("\(event) is neither a file nor the eventID of a stored record")
            }
            return [record]
        } catch {
            await session.close()
            throw error
        }
    }
}
