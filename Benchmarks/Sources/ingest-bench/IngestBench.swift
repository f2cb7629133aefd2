// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Foundation
import Messages
import ServiceKit

/// The measurements.
struct IngestBench {
    private let options: Options
    private let corpus: Corpus
    private let records: Int
    private let runs: Int
    private let prefill: Int
    private let isGzip: Bool

    /// Of a timed run, the bytes on which the yardsticks are measured.
    private static let yardstickFiles = 100
    private static let yardstickRounds = 3

    init(_ options: Options) throws {
        self.options = options
        records = max(1, options.number("--records"))
        runs = max(1, options.number("--runs"))
        prefill = options.number("--prefill")
        isGzip = options.flag("--gzip")
        corpus = try Corpus(folder: options["--data"], recordsPerFile: max(1, options.number("--batch")))
    }

    func run() async throws {
        report(
            "data: \(corpus.name), \(corpus.recordsPerPass) records a pass, new eventIDs, times and access keys each;",
            "files of \(corpus.recordCount(ofFile: 0)) records\(isGzip ? ", gzip" : ""), \(options["--streams"]) stream(s)"
        )
        if prefill > 0 { try await archive() } else { try await ingest() }
    }

    /// Several runs, each on an empty store.
    private func ingest() async throws {
        let count = corpus.fileCount(records: records)
        let batch = Pregenerated(corpus, 0..<count, gzip: isGzip)
        report("made \(grouped(batch.records)) records, \(grouped(batch.bytes >> 20)) MiB as JSON")
        var rates: [Double] = []
        var shares: [(dom: Double, zstd: Double)] = []
        var peak = 0
        for run in 1...runs {
            let service = try await start()
            let yardsticks = measureYardsticks()
            let outcome = try await collector(service).submit(0..<count, batch.file)
            rates.append(outcome.rate)
            shares.append((outcome.rate / yardsticks.dom, outcome.rate / yardsticks.zstd))
            peak = max(peak, service.figures.peakMiB)
            describe("run \(run)", outcome, bytes: batch.bytes, service)
            report(
                "  beside: simdjson DOM \(grouped(yardsticks.dom)) records/s a core, zstd -1",
                "\(grouped(yardsticks.zstd)); durable ingest is \(decimal(100 * outcome.rate / yardsticks.dom, 1)) % of",
                "the one and \(decimal(100 * outcome.rate / yardsticks.zstd, 1)) % of the other")
            try await service.stop()
        }
        report(
            "median of \(runs): \(grouped(median(rates))) records/s durable,",
            "\(decimal(100 * median(shares.map(\.dom)), 1)) % of simdjson's DOM parse and",
            "\(decimal(100 * median(shares.map(\.zstd)), 1)) % of zstd -1 on one core; service's peak memory \(peak) MiB"
        )
    }

    /// The rate on an empty store and on a full one, and look-ups in the latter.
    private func archive() async throws {
        let count = corpus.fileCount(records: records)
        let service = try await start()
        let collector = collector(service)
        let before = try await timed("empty store", files: 0..<count, collector)
        let end = corpus.fileCount(records: prefill)
        var next = count
        while next < end {
            let slice = next..<min(next + count, end)
            let outcome = try await collector.submit(slice) { [corpus, isGzip] in
                Pregenerated.payload(corpus, $0, gzip: isGzip)
            }
            next = slice.upperBound
            describe("filling, \(percent(next, of: end))", outcome, bytes: nil, service)
        }
        let after = try await timed("full store", files: end..<(end + count), collector)
        report("full store: \(decimal(100 * after.rate / before.rate, 1)) % of the empty store's rate")
        try await LookUps(service: service, corpus: corpus, files: end).run()
        report("store: \(grouped(service.storedBytes >> 20)) MiB; service's peak memory \(service.figures.peakMiB) MiB")
        try await service.stop()
    }

    private func timed(_ name: String, files: Range<Int>, _ collector: Collector) async throws -> Collector.Outcome {
        let batch = Pregenerated(corpus, files, gzip: isGzip)
        let outcome = try await collector.submit(files, batch.file)
        describe(name, outcome, bytes: batch.bytes, collector.service)
        return outcome
    }

    private func start() async throws -> RunningService {
        let service = try await RunningService(
            program: options["--service"], rules: options["--rules"],
            options: options["--server-args"].split(separator: " ").map(String.init), parent: options["--data-dir"])
        try await service.onboard(corpus.accounts)
        return service
    }

    private func collector(_ service: RunningService) -> Collector {
        Collector(service: service, streams: max(1, options.number("--streams")))
    }

    private func describe(_ name: String, _ outcome: Collector.Outcome, bytes: Int?, _ service: RunningService) {
        let bandwidth = bytes.map { " = \(decimal(Double($0) / outcome.seconds / 1e6, 0)) MB/s" } ?? ""
        report(
            "\(name): \(grouped(outcome.accepted)) records acknowledged in \(decimal(outcome.seconds)) s,",
            "\(grouped(outcome.rate)) records/s\(bandwidth); CPU of the service \(decimal(outcome.serviceCPU)) s,",
            "of the client \(decimal(outcome.clientCPU)) s;",
            "service's peak memory \(service.figures.peakMiB) MiB; load \(load())")
    }

    private func percent(_ part: Int, of whole: Int) -> String { "\(100 * part / max(whole, 1)) %" }

    /// Records a second of processor time on one core: the median of some rounds.
    private func measureYardsticks() -> (dom: Double, zstd: Double) {
        let yardsticks = Yardsticks()
        let numbers = 0..<min(Self.yardstickFiles, corpus.fileCount(records: records))
        let documents = numbers.map { Padded(corpus.file($0)) }
        let count = Double(numbers.reduce(0) { $0 + corpus.recordCount(ofFile: $1) })
        var rates: [(dom: Double, zstd: Double)] = []
        for _ in 0..<Self.yardstickRounds {
            let parsing = Watch()
            for document in documents { yardsticks.parse(document) }
            let parsed = parsing.cpuSeconds
            let compressing = Watch()
            for document in documents { yardsticks.compress(document) }
            rates.append((count / parsed, count / compressing.cpuSeconds))
        }
        return (median(rates.map(\.dom)), median(rates.map(\.zstd)))
    }
}

/// Files that are made before the time runs.
struct Pregenerated: Sendable {
    let records: Int
    /// Of the files before compression.
    let bytes: Int
    private let first: Int
    private let payloads: [Bytes]

    init(_ corpus: Corpus, _ files: Range<Int>, gzip: Bool) {
        var bytes = 0
        payloads = files.map { number in
            let file = corpus.file(number)
            bytes += file.count
            return Bytes(gzip ? Gzip.compress(file) : file)
        }
        self.bytes = bytes
        first = files.lowerBound
        records = files.reduce(0) { $0 + corpus.recordCount(ofFile: $1) }
    }

    var file: @Sendable (Int) -> Bytes { { [payloads, first] in payloads[$0 - first] } }

    /// A file made when it is asked for.
    static func payload(_ corpus: Corpus, _ number: Int, gzip: Bool) -> Bytes {
        let file = corpus.file(number)
        return Bytes(gzip ? Gzip.compress(file) : file)
    }
}
