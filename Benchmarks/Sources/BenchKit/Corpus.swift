// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import TestKit

/// The records that benchmarks run on, as log files of about a given number of records.
///
/// There are as many files as asked for: the corpus is passed through again and again, each pass with eventIDs and
/// access keys of its own and an hour later, so that no record is a duplicate and the index of what records are looked
/// up by grows as a real archive's does.
package struct Corpus: Sendable {
    /// Where the records are from, in a word.
    package let name: String
    /// The accounts that the records belong to.
    package let accounts: [String]
    /// Records of one pass.
    package let recordsPerPass: Int
    private let files: [LogFileTemplate]

    /// Event time between two passes, in seconds.
    private static let passSeconds: Int64 = 3_600
    /// Records of a pass where they are synthetic, and how rare attacks are among them.
    private static let syntheticRecords = 20_000
    private static let syntheticAttackEvery = 1_000

    /// Reads a folder of log files, `.json` or `.json.gz`, or makes records of the project's own where `folder` is nil
    /// or is not there.
    package init(folder: String?, recordsPerFile: Int) throws {
        let records: [[UInt8]]
        if let folder, FileManager.default.fileExists(atPath: folder) {
            name = URL(fileURLWithPath: folder).lastPathComponent
            records = try Self.records(below: folder)
        } else {
            name = "synthetic"
            let trail = SyntheticTrail(attackEvery: Self.syntheticAttackEvery)
            records = (0..<Self.syntheticRecords).map(trail.record)
        }
        let count = max(1, (records.count + recordsPerFile / 2) / max(recordsPerFile, 1))
        var accounts: Set<String> = []
        files = try (0..<count).map { index in
            let range = records.count * index / count..<records.count * (index + 1) / count
            return try LogFileTemplate(records[range], accounts: &accounts)
        }
        recordsPerPass = records.count
        self.accounts = accounts.sorted()
    }

    /// How many files hold at least so many records.
    package func fileCount(records: Int) -> Int {
        var count = records / recordsPerPass * files.count
        var rest = records % recordsPerPass
        while rest > 0 {
            rest -= files[count % files.count].places.count
            count += 1
        }
        return count
    }

    /// How many records a file has.
    package func recordCount(ofFile number: Int) -> Int { files[number % files.count].places.count }

    /// A log file.
    package func file(_ number: Int) -> [UInt8] {
        files[number % files.count].stamped(pass: number / files.count, seconds: Self.passSeconds)
    }

    /// What the first record of a file is looked up by.
    package func identity(ofFile number: Int) -> (eventID: String, accessKey: String?) {
        files[number % files.count].identity(pass: number / files.count)
    }

    /// The records of the log files of a folder, in the order of the files' names.
    private static func records(below folder: String) throws -> [[UInt8]] {
        let splitter = RecordSplitter()
        var records: [[UInt8]] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            guard name.hasSuffix(".json") || name.hasSuffix(".json.gz") else { continue }
            let file = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
            let contents = name.hasSuffix(".gz") ? try Gzip.decompress(file) : file
            try contents.withUnsafeBytes { bytes in
                try splitter.split(bytes) { place, isObject in
                    if isObject { records.append(Array(bytes[place])) }
                }
            }
        }
        return records
    }
}
