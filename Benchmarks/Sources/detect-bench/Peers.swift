// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs peers.py with the Python of the repository's `.venv`.
enum Peers {
    struct Result {
        let name: String
        let recordsPerSecond: Double
        let rules: Int
    }

    private static let root = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    private static let python = root.appendingPathComponent(".venv/bin/python").path

    /// Each peer's rate; none where there is no Python with pySigma.
    static func run(_ document: [UInt8], rules: [String]) throws -> [Result] {
        guard FileManager.default.isExecutableFile(atPath: python) else { return [] }
        let records = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString)")
        try Data(document).write(to: records)
        defer { try? FileManager.default.removeItem(at: records) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [root.appendingPathComponent("Benchmarks/peers.py").path, records.path] + rules
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").compactMap { line in
            let pieces = line.split(separator: " ")
            guard pieces.count == 5, let seconds = Double(pieces[1]), let count = Double(pieces[2]) else { return nil }
            return Result(name: String(pieces[0]), recordsPerSecond: count / seconds, rules: Int(pieces[3]) ?? 0)
        }
    }
}
