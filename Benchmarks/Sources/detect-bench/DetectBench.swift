// SPDX-License-Identifier: Apache-2.0

import BenchKit
import CloudTrail
import Detect
import Foundation
import JSON
import Journal
import Sigma

/// The measurements. Every round runs every stage once, one after the other, so that a share of the yardstick is of the
/// same moment; what is printed is the median over the rounds.
final class DetectBench {
    private let corpus: Corpus
    private let documents: [Padded]
    private let records: Int
    private let rounds: Int
    private let catalog: Catalog
    private let rules: SigmaRuleSet
    private let ruleFolders: [String]
    private let only: Int?
    private let compares: Bool

    private static let envelope = [
        "eventID", "eventTime", "eventName", "eventSource", "awsRegion", "errorCode", "sourceIPAddress", "userAgent",
        "recipientAccountId", "userIdentity.type", "userIdentity.arn", "userIdentity.principalId",
        "userIdentity.accountId", "userIdentity.accessKeyId", "userIdentity.userName", "userIdentity.invokedBy",
        "userIdentity.sessionContext.sessionIssuer.arn", "resources.ARN",
    ]
    private static let recordsPerFile = 1_000

    init(_ options: Options) throws {
        rounds = max(1, options.number("--rounds"))
        only = options["--only"].isEmpty ? nil : options.number("--only")
        compares = options.flag("--compare")
        corpus = try Corpus(folder: options["--data"], recordsPerFile: Self.recordsPerFile)
        let files = 0..<corpus.fileCount(records: max(1, options.number("--records")))
        let corpus = corpus
        documents = files.map { Padded(corpus.file($0)) }
        records = files.reduce(0) { $0 + corpus.recordCount(ofFile: $1) }
        ruleFolders = [options["--rules"], options["--public-rules"]]
        let ruleFiles = ruleFolders.flatMap(Self.ruleFiles)
        catalog = Catalog.read(ruleFiles)
        var rules = SigmaRuleSet()
        for file in ruleFiles { rules.add(file.text, file: file.path) }
        self.rules = rules
    }

    /// Every rule file below a folder; none where there is no folder.
    private static func ruleFiles(below folder: String) -> [Catalog.RuleFile] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.sorted().filter { $0.hasSuffix(".yml") }.compactMap { name in
            (try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)).map {
                Catalog.RuleFile(path: name, text: $0)
            }
        }
    }

    func run() throws {
        let bytes = documents.reduce(0) { $0 + $1.count }
        report(
            "\(grouped(records)) records of \(corpus.name), \(bytes / max(1, records)) bytes each, in",
            "\(documents.count) files; \(catalog.detections.count) detections; load \(load())")
        let stages = try stages()
        if let only {
            // For a profiler: one stage alone.
            guard only < stages.count else { return }
            var best = Double.infinity
            for _ in 0..<rounds {
                let watch = Watch()
                try stages[only].run()
                best = min(best, watch.cpuSeconds)
            }
            report("\(stages[only].name): \(decimal(1e9 * best / Double(records), 0)) ns a record in the best round")
            return
        }
        var rates = [[Double]](repeating: [], count: stages.count)
        for stage in stages { try stage.run() }
        for _ in 0..<rounds {
            for (index, stage) in stages.enumerated() {
                let watch = Watch()
                try stage.run()
                rates[index].append(Double(records) / watch.cpuSeconds)
            }
        }
        for (index, stage) in stages.enumerated() {
            let shares = zip(rates[index], rates[0]).map { 100 * $0 / $1 }
            let rate = median(rates[index])
            report(
                stage.name.padding(toLength: 58, withPad: " ", startingAt: 0),
                String(
                    format: "%9.0f records/s a core %6.0f MB/s %6.1f %% of DOM", rate,
                    rate * Double(bytes) / Double(records) / 1e6, median(shares)))
        }
        compareWithHistory(zip(rates[5], rates[0]).map { $0 / $1 })
        if compares {
            try compareWithPeers(median(rates[4]), median(rates[5]))
            compareWithPublished(median(rates[5]))
            try compareRuleCounts()
        }
        report("\(matches) matches a round; peak memory \(ProcessFigures().peakMiB) MiB; load \(load())")
    }

    /// What was evaluated before costs nothing: an evaluator knows nothing of an archive. By shares of the yardstick in the
    /// same round, since a machine's clock goes up and down by more than is looked for.
    private func compareWithHistory(_ shares: [Double]) {
        let third = max(1, shares.count / 3)
        let times = median(Array(shares.prefix(third))) / median(Array(shares.suffix(third)))
        report(
            "detection after \(grouped(records * (shares.count - third))) records: \(decimal(times)) times the time of the",
            "first, each beside the DOM parse of its round; bench-archive measures the service with ten million stored")
    }

    /// Sigma alone and the service's evaluator, beside what others reach on the same records and rules.
    private func compareWithPeers(_ sigma: Double, _ detection: Double) throws {
        let peers = try Peers.run(corpus.file(0), rules: ruleFolders)
        if peers.isEmpty { report("no .venv with pySigma: not compared with peers; run: make deps") }
        for peer in peers {
            report(
                "\(peer.name), \(peer.rules) rules".padding(toLength: 58, withPad: " ", startingAt: 0),
                String(
                    format: "%9.0f records/s a core; Sigma alone is %.0f times as fast, detection %.0f times",
                    peer.recordsPerSecond, sigma / peer.recordsPerSecond, detection / peer.recordsPerSecond))
        }
    }

    /// What the authors of a Sigma engine in Rust publish of it, on machines of their own.
    private static let published = [120_000.0, 197_000.0]

    private func compareWithPublished(_ detection: Double) {
        report(
            "a peer in Rust, by its authors: \(grouped(Self.published[0])) to \(grouped(Self.published[1])) records/s;",
            "detection here is \(decimal(detection / Self.published[1], 1)) to",
            "\(decimal(detection / Self.published[0], 1)) times that")
    }

    private func compareRuleCounts() throws {
        var first = 0.0
        for count in [100, 1_000, 10_000] {
            let seconds = try RuleCount.seconds(count, documents)
            if first == 0 { first = seconds }
            report(
                "\(grouped(count)) generated rules".padding(toLength: 58, withPad: " ", startingAt: 0),
                String(
                    format: "%9.0f records/s a core, %.2f times the time of the first", Double(records) / seconds,
                    seconds / first))
        }
    }

    private struct Stage {
        let name: String
        let run: () throws -> Void
    }

    private var matches = 0

    private func stages() throws -> [Stage] {
        let yardsticks = Yardsticks()
        let documents = documents
        return [
            Stage(name: "simdjson DOM parse") { for document in documents { yardsticks.parse(document) } },
            Stage(name: "zstd level 1") { for document in documents { yardsticks.compress(document) } },
            try structure(), try extraction(), try sigma(), try detection(), try worker(),
        ]
    }

    private func sigmaPlan() throws -> Plan {
        try Plan(
            rules.rules, indexFields: ["eventName", "eventSource", "userIdentity.type", "errorCode"],
            extraFields: try FieldSet(Self.envelope), keeping: Self.envelope.count, remembering: "userIdentity")
    }

    /// simdjson's first stage, which is the floor of all that reads JSON with it.
    private func structure() throws -> Stage {
        let extractor = RecordExtractor(FieldSet().compile())
        return Stage(name: "simdjson's first stage alone") { [documents] in
            for document in documents { try document.withContents { try extractor.open($0) } }
        }
    }

    private func extraction() throws -> Stage {
        let extractor = RecordExtractor(try sigmaPlan().fields)
        return Stage(name: "the fields of \(rules.rules.count) rules, extracted") { [documents] in
            for document in documents {
                try document.withContents { bytes in
                    try extractor.open(bytes)
                    while case .record = try extractor.next() {}
                }
            }
        }
    }

    private func sigma() throws -> Stage {
        let plan = try sigmaPlan()
        let extractor = RecordExtractor(plan.fields)
        let evaluator = Evaluator(plan)
        return Stage(name: "Sigma alone: extracted and evaluated") { [documents] in
            var found: [Int] = []
            for document in documents {
                try document.withContents { bytes in
                    try extractor.open(bytes)
                    while case .record = try extractor.next() {
                        found.removeAll(keepingCapacity: true)
                        evaluator.evaluate(extractor, into: &found)
                    }
                }
            }
        }
    }

    /// The service's evaluator: checks, identities, lookup tokens, rules and matches.
    private func detection() throws -> Stage {
        let plan = try DetectionPlan(catalog) { _ in true }
        let evaluator = BatchEvaluator()
        return Stage(name: "detection: checked, tokens made, evaluated") { [self] in
            matches = 0
            for document in documents {
                let batch = try document.withContents { bytes in
                    try evaluator.evaluate(.logFile(bytes), plan: plan, accounts: .all) { _, _, _ in }
                }
                matches += batch.inputs.count { if case .match = $0 { true } else { false } }
            }
        }
    }

    /// What a worker of the service does with a request.
    private func worker() throws -> Stage {
        let plan = try DetectionPlan(catalog) { _ in true }
        let evaluator = BatchEvaluator()
        let builder = try BlockBuilder()
        return Stage(name: "a worker: detection, and the records into blocks") { [self] in
            for document in documents {
                _ = try document.withContents { bytes in
                    try evaluator.evaluate(.logFile(bytes), plan: plan, accounts: .all) { record, time, tokens in
                        if try !builder.append(record, time: time) {
                            _ = try builder.finish()
                            _ = try builder.append(record, time: time)
                        }
                        builder.add(tokens)
                    }
                }
                _ = try builder.finish()
            }
        }
    }
}
