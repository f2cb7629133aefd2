// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The programs under test: they lie beside the test bundle, as the build left them.
enum Programs {
    /// The folder of the running test bundle, which holds every product of the same build.
    static let folder: URL = {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return executable.deletingLastPathComponent()
    }()

    static var service: URL { folder.appendingPathComponent("trailhoundd") }
    static var client: URL { folder.appendingPathComponent("trailhound") }

    /// The root of the repository.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The Python of the virtual environment that `make deps` makes, or nil.
    static var python: URL? {
        let path = root.appendingPathComponent(".venv/bin/python")
        return FileManager.default.isExecutableFile(atPath: path.path) ? path : nil
    }

    /// A folder of the public corpora beside the repository, or nil where they are not here: a test then skips.
    static func corpus(_ name: String) -> URL? {
        let folder = root.deletingLastPathComponent().appendingPathComponent("shared/corpora").appendingPathComponent(name)
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }
}

/// What a program printed and how it ended.
struct Outcome {
    let status: Int32
    let output: Data
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// Runs a program to its end; it is killed after `seconds`, a bound for a test that hangs.
func run(
    _ program: URL, _ arguments: [String], environment: [String: String] = [:], seconds: Double = 300
) async throws -> Outcome {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let scratch = try TemporaryFolder()
    let output = scratch.url.appendingPathComponent("output")
    let errors = scratch.url.appendingPathComponent("errors")
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let end = ContinuousClock.now + .seconds(seconds)
    while process.isRunning {
        if ContinuousClock.now > end { kill(process.processIdentifier, SIGKILL) }
        try await Task.sleep(for: .milliseconds(5))
    }
    return Outcome(
        status: process.terminationStatus,
        output: try Data(contentsOf: output),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
}

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
