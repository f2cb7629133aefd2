// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON

/// Bytes with simdjson's padding behind them.
struct Padded {
    let bytes: [UInt8]
    let count: Int

    init(_ contents: some Collection<UInt8>) {
        bytes = Array(contents) + [UInt8](repeating: 0, count: SimdjsonYardstick.padding)
        count = contents.count
    }

    /// Calls `body` with the bytes but not the padding.
    func withContents<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}

/// The log files of a folder, and their records one by one.
struct Data {
    var documents: [Padded] = []
    var records: [Padded] = []
    var recordBytes: Int { records.reduce(0) { $0 + $1.count } }

    /// Reads every .json and .json.gz file of a folder.
    init(folder: URL) throws {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let splitter = RecordSplitter()
        for file in files.sorted(by: { $0.path < $1.path }) {
            guard let contents = try Self.contents(file) else { continue }
            let document = Padded(contents)
            var places: [Range<Int>] = []
            try document.withContents { bytes in
                try splitter.split(bytes) { place, isObject in if isObject { places.append(place) } }
            }
            records += places.map { Padded(contents[$0]) }
            documents.append(document)
        }
    }

    private static func contents(_ file: URL) throws -> [UInt8]? {
        if file.pathExtension == "json" { return [UInt8](try Foundation.Data(contentsOf: file)) }
        guard file.lastPathComponent.hasSuffix(".json.gz") else { return nil }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Foundation.Data()
        process.waitUntilExit()
        return [UInt8](data)
    }
}
