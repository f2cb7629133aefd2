// SPDX-License-Identifier: Apache-2.0
//
// Detection alone, on one core: how many records a second are extracted and evaluated, beside what simdjson's DOM parse
// and zstd take for the same records in the same run.
//
//     detect-bench [--data FOLDER] [--rules FOLDER] [--seconds N]

import CZstd
import Foundation
import JSON
import Sigma

/// In a function, so that nothing it measures is a global variable.
func run() throws {
    var options = ["--data": "../../shared/corpora/invictus", "--rules": "../../shared/corpora/sigma/rules", "--seconds": "2"]
    var arguments = CommandLine.arguments.dropFirst()
    while let name = arguments.popFirst() {
        guard options[name] != nil, let value = arguments.popFirst() else {
            print("usage: detect-bench [--data FOLDER] [--rules FOLDER] [--seconds N]")
            exit(2)
        }
        options[name] = value
    }
    let seconds = Double(options["--seconds"] ?? "") ?? 2
    let data = try Data(folder: URL(fileURLWithPath: options["--data"] ?? ""))

    var rules = SigmaRuleSet()
    if let files = FileManager.default.enumerator(atPath: options["--rules"] ?? "") {
        for file in files.compactMap({ $0 as? String }).sorted() where file.hasSuffix(".yml") {
            let path = (options["--rules"] ?? "") + "/" + file
            rules.add(try String(contentsOfFile: path, encoding: .utf8), file: file)
        }
    }
    let envelope = [
        "eventID", "eventTime", "eventName", "eventSource", "awsRegion", "errorCode", "sourceIPAddress", "userAgent",
        "recipientAccountId", "userIdentity.type", "userIdentity.arn", "userIdentity.principalId",
        "userIdentity.accountId", "userIdentity.accessKeyId", "userIdentity.userName", "userIdentity.invokedBy",
        "userIdentity.sessionContext.sessionIssuer.arn", "resources.ARN",
    ]
    let plan = try Plan(
        rules.rules, indexFields: ["eventSource", "eventName"], extraFields: try FieldSet(envelope))
    let extractor = RecordExtractor(plan.fields)
    let evaluator = Evaluator(plan)
    let yardstick = SimdjsonYardstick()
    print(
        "\(data.records.count) records of \(data.recordBytes / max(1, data.records.count)) bytes in \(data.documents.count) files,",
        "\(rules.rules.count) rules, \(plan.fields.count) fields, \(plan.predicateCount) predicates")

    /// The best rate of several rounds, in records a second: what the machine can do when nothing else disturbs it.
    func rate(_ name: String, beside other: Double? = nil, _ round: () throws -> Int) rethrows -> Double {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var best = 0.0
        repeat {
            let start = clock.now
            var count = 0
            while clock.now - start < .milliseconds(100) { count += try round() }
            let elapsed = (clock.now - start) / .seconds(1)
            best = max(best, Double(count) / elapsed)
        } while clock.now < end
        let share = other.map { String(format: "  %5.1f %% of DOM", 100 * best / $0) } ?? ""
        print(name.padding(toLength: 34, withPad: " ", startingAt: 0), String(format: "%10.0f records/s", best) + share)
        return best
    }

    var matches: [Int] = []
    matches.reserveCapacity(64)
    let dom = rate("simdjson DOM, record by record") {
        for record in data.records {
            let isJSON = record.bytes.withUnsafeBytes { yardstick.parse($0, length: record.count) }
            precondition(isJSON)
        }
        return data.records.count
    }
    _ = try rate("extract, record by record", beside: dom) {
        for record in data.records { try record.withContents { try extractor.extract($0) } }
        return data.records.count
    }
    _ = try rate("extract + evaluate, record by record", beside: dom) {
        for record in data.records {
            try record.withContents { try extractor.extract($0) }
            matches.removeAll(keepingCapacity: true)
            evaluator.evaluate(extractor, into: &matches)
        }
        return data.records.count
    }
    let fileDOM = rate("simdjson DOM, whole files") {
        for document in data.documents {
            let isJSON = document.bytes.withUnsafeBytes { yardstick.parse($0, length: document.count) }
            precondition(isJSON)
        }
        return data.records.count
    }
    var found = 0
    _ = try rate("extract + evaluate, whole files", beside: fileDOM) {
        found = 0
        for document in data.documents {
            try document.withContents { bytes in
                try extractor.open(bytes)
                while case .record = try extractor.next() {
                    matches.removeAll(keepingCapacity: true)
                    evaluator.evaluate(extractor, into: &matches)
                    found += matches.count
                }
            }
        }
        return data.records.count
    }
    let compressor = ZSTD_createCCtx()
    var compressed = [UInt8](repeating: 0, count: ZSTD_compressBound((data.documents.map(\.count).max() ?? 0)))
    _ = rate("zstd level 1, whole files") {
        for document in data.documents {
            let size = ZSTD_compressCCtx(compressor, &compressed, compressed.count, document.bytes, document.count, 1)
            precondition(ZSTD_isError(size) == 0)
        }
        return data.records.count
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print("\(found) matches a round; peak memory \(usage.ru_maxrss / 1024) MB")
}

try run()
