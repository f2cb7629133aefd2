// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Glibc
import JSON

/// Runs detections over files, without a service: the offline twin of the pipeline, with the same evaluator.
///
/// It takes records with less than the service asks for, as long as they are JSON: who scans old or cut-down events wants
/// what matches. What is spelled so that rules would miss it, and what lies in the future, it refuses as the service does.
package final class FileScanner {
    /// A detection held on an event of a file.
    package struct Match: Sendable {
        package let detection: Detection
        /// The file as it was found.
        package let file: String
        /// The event's number in its file, counted from 0.
        package let index: Int
        package let eventID: String
        /// As the record has it.
        package let eventTime: String
        package let eventSource: String
        package let eventName: String
        package let region: String
        /// Empty where the call succeeded.
        package let errorCode: String
        /// `recipientAccountId`, else `userIdentity.accountId`.
        package let accountID: String
        package let actor: Actor
        package let evidence: [Evidence]
    }

    /// What could not be scanned.
    package struct Problem: Sendable {
        package let file: String
        /// The event's number in its file; nil where the whole file is meant.
        package let index: Int?
        package let message: String
    }

    /// How much was scanned.
    package struct Summary: Sendable, Equatable {
        package var files = 0
        package var events = 0
        package var matches = 0
        package var problems = 0
        /// Files of folders whose names end in nothing that is scanned, and the trail's digests.
        package var leftOut = 0

        package init(files: Int = 0, events: Int = 0, matches: Int = 0, problems: Int = 0, leftOut: Int = 0) {
            (self.files, self.events, self.matches, self.problems) = (files, events, matches, problems)
            self.leftOut = leftOut
        }
    }

    private let engine: RecordEngine
    private let eventFile = EventFile()
    private let clock: Clock?

    /// The clock, and the latest time that is taken as CloudTrail writes it: nearly every record is compared with it as
    /// bytes.
    private struct Clock {
        let now: Milliseconds
        let latest: Milliseconds
        let latestText: [UInt8]

        init(_ now: Milliseconds) {
            self.now = now
            latest = now + CloudTrailLimits.futureMilliseconds
            latestText = Array(EventTime.format(latest / 1_000 * 1_000).utf8)
        }

        /// Whether a time is written as CloudTrail does and is not after the latest.
        func isPast(_ time: TextView?) -> Bool {
            guard let time, time.count == latestText.count, time[time.count - 1] == UInt8(ascii: "Z"),
                let start = time.baseAddress
            else { return false }
            return latestText.withUnsafeBytes { memcmp(start, $0.baseAddress ?? start, $0.count) <= 0 }
        }
    }

    /// - Parameter now: the clock, ahead of which an event lies by no more than `CloudTrailLimits.futureMilliseconds`; nil
    ///   to take events of any time.
    package init(_ plan: DetectionPlan, now: Milliseconds? = nil) {
        engine = RecordEngine(plan)
        clock = now.map(Clock.init)
    }

    /// Scans a file, or the log data below a folder in the order of names.
    package func scan(
        path: String, onMatch: (Match) -> Void, onProblem: (Problem) -> Void
    ) -> Summary {
        var summary = Summary()
        // Counted apart: `summary` is lent out while a file is scanned.
        var problems = 0
        func report(_ problem: Problem) {
            problems += 1
            onProblem(problem)
        }
        do throws(FileTree.Failure) {
            let (files, skipped) = try FileTree.files(
                below: path, limit: .max, leftOut: { _ in summary.leftOut += 1 }, where: LogFileNames.isLogData)
            for failure in skipped { report(Problem(file: failure.path, index: nil, message: failure.message)) }
            for file in files {
                if file.path != path, LogFileNames.isDigest(file.path) {
                    summary.leftOut += 1
                } else {
                    scan(file: file.path, &summary, onMatch, report)
                }
            }
        } catch { report(Problem(file: error.path, index: nil, message: error.message)) }
        summary.problems = problems
        return summary
    }

    private func scan(
        file: String, _ summary: inout Summary, _ onMatch: (Match) -> Void, _ onProblem: (Problem) -> Void
    ) {
        // Local: what is reached through `self` is checked at each access.
        var spelling = SpellingCheck()
        do throws(FileTree.Failure) {
            try eventFile.forEachRecord(path: file, engine.extractor) { item, index in
                switch item {
                case .record:
                    if let rejection = evaluate(file, index, &spelling, &summary, onMatch) {
                        onProblem(Problem(file: file, index: index, message: rejection.detail))
                    }
                case .refused(let rejection):
                    onProblem(Problem(file: file, index: index, message: rejection.detail))
                case .damaged(let rejection):
                    onProblem(Problem(file: file, index: nil, message: rejection.detail))
                }
            }
            summary.files += 1
        } catch { onProblem(Problem(file: file, index: nil, message: error.message)) }
    }

    /// Evaluates the record that the extractor holds. Returns why it can't be evaluated.
    private func evaluate(
        _ file: String, _ index: Int, _ spelling: inout SpellingCheck, _ summary: inout Summary,
        _ onMatch: (Match) -> Void
    ) -> Rejection? {
        if let refusal = refusal(&spelling) { return refusal }
        let rules = engine.matchingRules()
        // All of a record on which a rule holds is read, as in the service.
        if !rules.isEmpty { engine.extractor.fill() }
        if let refusal = Rejection.doubledMember(in: engine.extractor) { return refusal }
        summary.events += 1
        for rule in rules
        where engine.plan.rules[rule].raisesAlerts && !engine.plan.rules[rule].detection.needsStream {
            let match = match(rule, file, index)
            let time = Array(match.eventTime.utf8).withUnsafeBytes(EventTime.parse) ?? 0
            if engine.exception(rule, account: AccountID(match.accountID), time: time) != nil { continue }
            summary.matches += 1
            onMatch(match)
        }
        return nil
    }

    /// The refusal of the record that the extractor holds for how it is spelled or for its time.
    @inline(__always)
    private func refusal(_ spelling: inout SpellingCheck) -> Rejection? {
        let (extractor, fields) = (engine.extractor, engine.plan.envelope)
        if let refusal = Rejection.doubledMember(in: extractor) { return refusal }
        if let refusal = spelling.refusal(of: extractor, fields) { return refusal }
        guard let clock, !clock.isPast(extractor.string(fields.eventTime)), let time = fields.time(of: extractor),
            time > clock.latest
        else { return nil }
        return .inFuture(time, now: clock.now)
    }

    private func match(_ rule: Int, _ file: String, _ index: Int) -> Match {
        let facts = LooseEvent(engine.extractor, engine.plan.envelope)
        return Match(
            detection: engine.plan.rules[rule].detection, file: file, index: index, eventID: facts.eventID,
            eventTime: facts.eventTime, eventSource: facts.eventSource, eventName: facts.eventName,
            region: facts.region, errorCode: facts.errorCode, accountID: facts.accountID,
            actor: Actor(engine.extractor, engine.plan.envelope), evidence: engine.evidence(rule))
    }
}

extension FileScanner.Match {
    /// The match as one line of JSON.
    package var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        let members: [(String, String)] = [
            ("rule_id", detection.id), ("rule_title", detection.title), ("severity", detection.severity.name),
            ("event_id", eventID), ("event_time", eventTime), ("event_source", eventSource),
            ("event_name", eventName), ("region", region), ("error_code", errorCode), ("account", accountID),
            ("actor", actor.principal), ("source_ip", actor.sourceIP), ("file", file),
        ]
        for (key, value) in members {
            writer.key(key)
            writer.string(value)
        }
        writer.key("evidence")
        writer.beginObject()
        for (name, facts) in evidence.grouped {
            writer.key(name)
            writer.string(facts.joined(separator: ", "))
        }
        writer.endObject()
        writer.endObject()
        return writer.text
    }
}

extension [Evidence] {
    /// The values of each name, in the order of the first ones.
    fileprivate var grouped: [(String, [String])] {
        var result: [(String, [String])] = []
        for fact in self {
            if let index = result.firstIndex(where: { $0.0 == fact.name }) {
                result[index].1.append(fact.value)
            } else {
                result.append((fact.name, [fact.value]))
            }
        }
        return result
    }
}
