// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzTargets
import RPC
import Testing

/// Every target with its corpus, in which every crash that was ever found lies, and with the same few thousand changes of
/// it each time. `make fuzz` looks further. An input that must not be ends the process; FUZZ_TRACE=1 tells which.
@Suite struct FuzzTests {
    private static let corpus = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus")
    private static let isTracing = ProcessInfo.processInfo.environment["FUZZ_TRACE"] != nil

    private static func seeds(_ target: String) throws -> [[UInt8]] {
        let folder = corpus.appendingPathComponent(target)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            Array(try Data(contentsOf: folder.appendingPathComponent($0)))
        }
    }

    private static func seed(_ target: String, _ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: corpus.appendingPathComponent(target).appendingPathComponent(name)))
    }

    private static func run(_ target: FuzzTarget, _ input: [UInt8]) {
        if isTracing {
            print(target.name, input.map { String($0, radix: 16) }.joined(separator: " "))
            fflush(nil)
        }
        input.withUnsafeBytes { target.run($0) }
    }

    @Test(arguments: FuzzTarget.all.map(\.name)) func holds(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let seeds = try Self.seeds(name)
        #expect(!seeds.isEmpty, "a target has seeds")
        for seed in seeds { Self.run(target, seed) }
        Self.run(target, [])
        var mutator = Mutator(seed: name)
        for _ in 0..<Self.mutations { Self.run(target, mutator.input(from: seeds)) }
    }

    /// For each target.
    private static let mutations = 4000

    @Test func everyFolderOfTheCorpusHasItsTarget() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path).sorted()
        #expect(folders == FuzzTarget.all.map(\.name).sorted())
    }

    /// The seeds get where it matters: mutations of conversations that fail at once would find nothing.
    @Test func seedsReachTheHandlers() throws {
        let calls = try Self.seed("server-frames", "calls")
        let served = calls.withUnsafeBytes { FuzzTarget.serve($0) }
        #expect(served.callsSucceeded == 5)
        #expect(served.callsFailed == 0)
    }

    /// A server that says hello and goodbye in one breath: the calls that waited for it find no connection, and nothing
    /// of them stays in memory. `callAll` stops the process where it does.
    @Test func callsThatTheirConnectionDoesNotTakeLeaveNothing() throws {
        let goodbye = try Self.seed("client-frames", "goaway-at-once")
        #expect(goodbye.withUnsafeBytes { FuzzTarget.callAll($0) }.isEmpty)
    }

    @Test func seedsReachTheDetections() throws {
        for (name, events, matches) in [("log-file", 2, 12), ("records", 2, 10), ("spliced", 3, 18)] {
            let found = try Self.seed("records", name).withUnsafeBytes { FuzzTarget.detect($0) }
            #expect(found.events == events && found.matches >= matches, "\(name): \(found)")
        }
        for (name, count) in [("rule", 1), ("correlation", 3), ("stream-keys", 5), ("modifiers", 1), ("corners", 2)] {
            let text = String(decoding: try Self.seed("rules", name), as: UTF8.self)
            #expect(FuzzTarget.load(text) == count, "\(name)")
        }
    }
}
