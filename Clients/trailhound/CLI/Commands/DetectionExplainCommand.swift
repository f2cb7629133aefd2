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
            Prints the condition as a tree, with each part's verdict and the values that the event has, and what the \
            rule asks of what was seen before or after. The event is a file with one record or several, plain or gzip; \
            the others of a file are what was seen. What is no file is the eventID of a record that the service has \
            stored; then the service's alerts tell what it found, or the service what it waits for. A detection is the \
            service's, with the exceptions and placeholders that it has; with --rules, or a rule file, it is read here and \
            the service is not asked about it. Exits with 1 where the detection does not fire.

              trailhound detections explain 5bb4d1d7 event.json
              trailhound detections explain Rules/iam/admin_policy_attached.yml 0f6b2e40-52cf-4f0a-9d1c-7d0c2f8a4f11
            """)

    @Argument(help: .init("The detection's id or its beginning, or a rule file.", valueName: "rule"))
    var rule: String

    @Argument(help: .init("A file of events, or the eventID of a stored one.", valueName: "event"))
    var event: String

    @Option(help: .init("Of a file with several records, the one with this eventID.", valueName: "id"))
    var eventID: String?

    @Option(
        help: .init("A folder of rules to explain from, in place of the service's.", valueName: "dir"),
        completion: .directory)
    var rules: String?

    @OptionGroup var placeholders: PlaceholderOptions

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let isFile = access(rule, R_OK) == 0
        guard isFile || rules != nil else { return try await explainByService() }
        let folder = try RulesFolder(isFile ? rule : rules ?? rule, placeholders: try placeholders.read())
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
        let subject = try await subject(detections)
        var explanations: [DetectionExplanation] = []
        for record in subject.records {
            for detection in detections {
                do {
                    let explanation = try record.withUnsafeBytes {
                        try folder.catalog.explanation(of: detection, on: $0, history: subject.history)
                    }
                    explanations.append(subject.answered(explanation))
                } catch { throw Failure("the event can't be read: \(error)") }
            }
        }
        try show(explanations, output)
    }

    private func show(_ explanations: [DetectionExplanation], _ output: Output) throws {
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

    /// Has the service explain one of its own detections.
    private func explainByService() async throws {
        let output = Output(global.output.format)
        let session = try Session(global.connection.settings())
        do {
            let id = try await session.detectionID(rule)
            guard
                let detection = try await session.call(
                    DetectionService.getDetection, GetDetectionRequest(detectionID: id)
                ).detection
            else { throw Failure("the service answered without a detection") }
            let subject = try await subject([id], isStreamed: true, session)
            let request = ExplainDetectionRequest(
                detectionID: detection.detectionID, events: subject.records.map { Bytes($0) },
                history: subject.history?.records.map { Bytes($0) } ?? [])
            let response = try await session.call(DetectionService.explainDetection, request)
            await session.close()
            try show(response.explanations.map { subject.answered(DetectionExplanation($0)) }, output)
        } catch {
            await session.close()
            throw error
        }
    }

    /// What is explained, and what is known beside it.
    private struct Subject {
        let records: [[UInt8]]
        var history: ExplainedHistory?
        /// The service's alerts of the detections, where the event is a stored one.
        var alerts: [Messages.Alert]?
        /// What the service waits for before it makes an alert of it or none.
        var waiting: [WaitingMatch] = []
        var eventID = ""

        /// The explanation with what the service found.
        func answered(_ explanation: DetectionExplanation) -> DetectionExplanation {
            if explanation.holds, let wait = waiting.first(where: { $0.detectionID == explanation.detection.id }) {
                var explanation = explanation
                explanation.wait = ExplanationPresentation.text(wait)
                return explanation
            }
            guard explanation.isOpen, let alerts else { return explanation }
            let own = alerts.filter { $0.detectionID == explanation.detection.id }
            if let alert = own.first(where: { $0.eventIDs.contains(eventID) }) {
                return explanation.answered(true, reason: "the service made alert \(alert.alertID) of it")
            }
            // An alert names its first matches only.
            if own.contains(where: { $0.matchCount > UInt64($0.eventIDs.count) }) { return explanation }
            return explanation.answered(false, reason: "the service has made no alert of it")
        }
    }

    private func subject(_ detections: [Detect.Detection]) async throws -> Subject {
        if let subject = try fileSubject() { return subject }
        let session = try Session(global.connection.settings())
        do {
            let subject = try await subject(
                detections.map(\.id), isStreamed: detections.contains(where: \.needsStream), session)
            await session.close()
            return subject
        } catch {
            await session.close()
            throw error
        }
    }

    /// The events of a file; nil where no such file is there.
    private func fileSubject() throws -> Subject? {
        if access(event, R_OK) == 0 {
            do {
                let records = try EventFileReader.records(path: event, eventID: eventID)
                guard !records.isEmpty else { throw Failure("\(event) holds no such record") }
                let all = try EventFileReader.records(path: event, limit: DetectLimits.explainedHistory)
                return Subject(records: records, history: all.count > 1 ? ExplainedHistory(records: all) : nil)
            } catch let failure as Failure {
                throw failure
            } catch { throw Failure("can't read the events of \(event): \(error)") }
        }
        return nil
    }

    /// The events of a file, or the stored one with what the service found of it.
    private func subject(_ detectionIDs: [String], isStreamed: Bool, _ session: Session) async throws -> Subject {
        if let subject = try fileSubject() { return subject }
        let request = GetTimelineRequest(value: event, pageSize: 1)
        let page = try await session.call(InvestigationService.getTimeline, request)
        guard let entry = page.entries.first else {
            throw Failure("\(event) is neither a file nor the eventID of a stored record")
        }
        var subject = Subject(records: [entry.record.array], eventID: entry.eventID)
        if isStreamed {
            let filter = ListAlertsRequest(
                accountIDs: [entry.accountID], detectionIDs: detectionIDs, pageSize: 1_000,
                waitingEventID: entry.eventID)
            let alerts = try await session.call(AlertService.listAlerts, filter)
            subject.waiting = alerts.waiting
            // With more of them than a page the event may be in one that is not here.
            if alerts.nextPageToken.isEmpty { subject.alerts = alerts.alerts }
        }
        return subject
    }
}
