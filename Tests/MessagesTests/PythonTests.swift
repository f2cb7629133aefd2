// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// Python's protobuf, which nobody here wrote, as the other end. `make deps` installs it into .venv; without it these
/// tests say that they are skipped.
@Suite(.enabled(if: PythonPeer.isThere, "there is no .venv with protobuf; run: make deps"))
struct PythonTests {
    @Test func theEmbeddedDescriptorsAreInOrder() throws {
        #expect(ProtoFile.all.contains { $0.services == ["trailhound.v1.IngestService"] })
        let peer = try PythonPeer()
        let names = try peer.run(["fill", "1"]).map { $0[0] }
        #expect(names == MessageTypes.all.map { $0.messageName })
    }

    @Test(arguments: 1...20)
    func whatPythonWritesReadsAndWritesTheSame(seed: Int) throws {
        let peer = try PythonPeer()
        let types = Dictionary(uniqueKeysWithValues: MessageTypes.all.map { ($0.messageName, $0) })
        let lines = try peer.run(["fill", String(seed)]).map { line in
            let type = try #require(types[line[0]])
            let message = try type.init(decoding: Hex.bytes(line[1]))
            #expect(try message.comesBack())
            return "\(line[0]) \(line[1]) \(Hex.text(message.encodedBytes()))"
        }
        let verdicts = try peer.run(["same"], input: lines)
        #expect(verdicts.count == MessageTypes.all.count)
        #expect(verdicts.allSatisfy { $0[1] == "same" }, "\(verdicts)")
    }

    @Test func whatThisWritesPythonReads() throws {
        let lines = Samples.all.map { "\(type(of: $0).messageName) \(Hex.text($0.encodedBytes()))" }
        let answers = try PythonPeer().run(["again"], input: lines)
        #expect(answers.count == Samples.all.count)
        for (sample, answer) in zip(Samples.all, answers) {
            #expect(try isSame(sample, Hex.bytes(answer[1])))
        }
    }

    private func isSame(_ message: some Message, _ bytes: [UInt8]) throws -> Bool {
        try message.decoded(bytes) == message
    }
}

/// Runs Python/peer.py. A class, to remove its file at the end.
final class PythonPeer {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let python = folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".venv/bin/python").path

    static let isThere: Bool = {
        guard FileManager.default.isExecutableFile(atPath: python) else { return false }
        return (try? start(["-c", "import google.protobuf"], input: ""))?.status == 0
    }()

    private let set: String

    /// Writes the embedded descriptors down for Python.
    init() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString).pb")
        set = file.path
        let bytes = ProtoFile.all.flatMap { Raw.counted(1, $0.descriptor.array) }
        try Data(bytes).write(to: file)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: set)
    }

    /// The words of each line that the script wrote.
    func run(_ arguments: [String], input: [String] = []) throws -> [[String]] {
        let script = Self.folder.appendingPathComponent("Python/peer.py").path
        let result = try Self.start([script, set] + arguments, input: input.joined(separator: "\n"))
        #expect(result.status == 0, "\(result.output)")
        return result.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    private static func start(_ arguments: [String], input: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = arguments
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString).in")
        try Data(input.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        process.standardInput = try FileHandle(forReadingFrom: file)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// Bytes as hexadecimal digits; `-` stands for none.
enum Hex {
    static func text(_ bytes: [UInt8]) -> String {
        bytes.isEmpty ? "-" : bytes.map { String(format: "%02x", $0) }.joined()
    }

    static func bytes(_ text: String) throws -> [UInt8] {
        guard text != "-" else { return [] }
        let digits = Array(text.utf8)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
    }
}
