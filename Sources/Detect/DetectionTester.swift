// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma
import Synchronization

/// Runs the events that stand beside the rules: `name.tests.json` beside `name.yml`, with the members `match` and
/// `no_match`, each a list of `{"name": …, "event": {…}}`. Of a file with correlations, or with a rule that looks at what
/// was seen before, the members are `match_sequence` and `no_match_sequence`, each a list of
/// `{"name": …, "events": [{…}, …]}`, in the order in which the events arrive.
package struct DetectionTester {
    /// One event and what came of it.
    package struct Case: Sendable, Equatable {
        package let name: String
        package let shouldMatch: Bool
        /// Nil where the event could be evaluated; else why not.
        package let refusal: String?
        package let didMatch: Bool

        package var passed: Bool { refusal == nil && didMatch == shouldMatch }
    }

    /// One rule file with its events.
    package struct Report: Sendable, Equatable {
        /// The rule file's path below the rules folder.
        package let file: String
        package let title: String
        package let cases: [Case]
        /// What is wrong with the file of events itself, or that there is none.
        package let problem: String?

        package var passed: Bool { problem == nil && cases.allSatisfy(\.passed) }
    }

    private let folder: String
    private let catalog: Catalog
    private let engine: RecordEngine
    private let evaluator = BatchEvaluator()
    private let places = TestPlaces()

    /// - Parameter folder: the rules folder that the catalog was loaded from.
    package init(_ catalog: Catalog, folder: String) throws {
        self.folder = folder
        self.catalog = catalog
        engine = RecordEngine(try DetectionPlan(catalog, geography: places.geography) { _ in true })
    }

    /// Tests every rule file of the catalog, in order. Rules that are off by default are tested too.
    package func run() -> [Report] {
        var reports: [Report] = []
        var files: Set<String> = []
        for detection in catalog.all where files.insert(detection.file).inserted {
            reports.append(report(catalog.correlated.first { $0.file == detection.file } ?? detection))
        }
        return reports
    }

    private func report(_ detection: Detection) -> Report {
        do throws(TestFileError) {
            let cases = try testCases(of: detection.file)
            guard cases.contains(where: \.shouldMatch), cases.contains(where: { !$0.shouldMatch }) else {
                throw TestFileError("it needs an event that has to match and one that must not")
            }
            return Report(file: detection.file, title: detection.title, cases: cases, problem: nil)
        } catch {
            return Report(file: detection.file, title: detection.title, cases: [], problem: error.message)
        }
    }

    private func testCases(of file: String) throws(TestFileError) -> [Case] {
        guard let suffix = Catalog.ruleSuffixes.first(where: { file.hasSuffix($0) }) else { return [] }
        let path = folder + "/" + file.dropLast(suffix.count) + ".tests.json"
        let tests: JSONValue
        do {
            tests = try JSONValue(parsing: try FileTree.read(path, limit: DetectLimits.ruleTestBytes))
        } catch let failure as FileTree.Failure {
            throw TestFileError(failure.message)
        } catch { throw TestFileError("\(error)") }
        var cases: [Case] = []
        if remembers(file) {
            guard places.set(tests["places"]) else {
                throw TestFileError("'places' maps addresses to {\"latitude\": number, \"longitude\": number}")
            }
            for (key, shouldMatch) in [("match_sequence", true), ("no_match_sequence", false)] {
                guard let sequences = tests[key]?.array else { throw TestFileError("'\(key)' has to be a list") }
                for sequence in sequences { cases.append(try sequenceCase(sequence, shouldMatch, file)) }
            }
            return cases
        }
        for (key, shouldMatch) in [("match", true), ("no_match", false)] {
            guard let events = tests[key]?.array else { throw TestFileError("'\(key)' has to be a list") }
            for event in events { cases.append(try testCase(event, shouldMatch, file)) }
        }
        return cases
    }

    private func testCase(_ entry: JSONValue, _ shouldMatch: Bool, _ file: String) throws(TestFileError) -> Case {
        guard let name = entry["name"]?.string, let event = entry["event"], event.object != nil else {
            throw TestFileError("each event is {\"name\": text, \"event\": object}")
        }
        var writer = JSONWriter()
        writer.value(event)
        let (refusal, matched) = writer.bytes.withUnsafeBytes { evaluate($0) }
        return Case(
            name: name, shouldMatch: shouldMatch, refusal: refusal,
            didMatch: matched.contains { $0.file == file })
    }

    /// Whether one event alone does not decide.
    private func remembers(_ file: String) -> Bool {
        catalog.correlated.contains { $0.file == file }
            || catalog.detections.contains { $0.file == file && $0.needsStream }
    }

    private func sequenceCase(
        _ entry: JSONValue, _ shouldMatch: Bool, _ file: String
    ) throws(TestFileError) -> Case {
        guard let name = entry["name"]?.string, let events = entry["events"]?.array, !events.isEmpty,
            events.allSatisfy({ $0.object != nil })
        else { throw TestFileError("each sequence is {\"name\": text, \"events\": [object, …]}") }
        var stage = DetectionStage(reportsMatches: true)
        var matches: [StreamMatch] = []
        for event in events {
            var writer = JSONWriter()
            writer.value(event)
            let batch = writer.bytes.withUnsafeBytes(sequenceBatch)
            if let refused = batch.rejections.first {
                return Case(
                    name: name, shouldMatch: shouldMatch, refusal: refused.rejection.detail, didMatch: false)
            }
            // By a clock that stands still at the beginning of time nothing is over before the end.
            matches += stage.apply(batch, now: 0).matches
        }
        // After the last event nothing clears what is held.
        matches += stage.release(engine.plan, now: 0, all: true).matches
        // A rule that needs no other events stands in such a file for what refers to it.
        let didMatch = matches.contains { $0.match.detection.file == file && $0.match.detection.needsStream }
        return Case(name: name, shouldMatch: shouldMatch, refusal: nil, didMatch: didMatch)
    }

    /// Evaluates one event of a sequence as the service does.
    private func sequenceBatch(_ record: UnsafeRawBufferPointer) -> EvaluatedBatch {
        do {
            return try evaluator.evaluate(.records([record]), plan: engine.plan, accounts: .all) { _, _, _ in }
        } catch { return EvaluatedBatch(refused: Rejection(.notJSON, "\(error)")) }
    }

    /// The refusal of the record that the extractor holds for how it is spelled.
    private var refusal: Rejection? {
        var spelling = SpellingCheck()
        return spelling.refusal(of: engine.extractor, engine.plan.envelope) ?? .doubledMember(in: engine.extractor)
    }

    /// Events are held to what the service takes.
    private func evaluate(_ record: UnsafeRawBufferPointer) -> (refusal: String?, matched: [Detection]) {
        do throws(JSONError) { try engine.extractor.extract(record) } catch {
            return (error.rejectionOfRecord.detail, [])
        }
        do throws(Rejection) { _ = try Envelope.read(engine.extractor, engine.plan.envelope) } catch {
            return (error.detail, [])
        }
        if let refusal { return (refusal.detail, []) }
        return (nil, engine.matchingRules().map { engine.plan.rules[$0].detection })
    }
}

/// The places of addresses that a file of test events gives; every database is taken for there.
private final class TestPlaces: Sendable {
    private let places = Mutex<[String: Geography.Place]>([:])

    var geography: Geography {
        Geography(places: { address in self.places.withLock { $0[address] } }, networks: { _ in nil })
    }

    /// Takes the places of a file, none where it has none. False where they can't be read.
    func set(_ value: JSONValue?) -> Bool {
        var found: [String: Geography.Place] = [:]
        for member in value?.object?.members ?? [] {
            let (address, place) = (member.key, member.value)
            guard let latitude = place["latitude"]?.double, let longitude = place["longitude"]?.double else {
                return false
            }
            found[address] = Geography.Place(latitude: latitude, longitude: longitude)
        }
        places.withLock { $0 = found }
        return value == nil || value?.object != nil
    }
}

/// A file of test events that can't be used.
private struct TestFileError: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
