// SPDX-License-Identifier: Apache-2.0

import CZlib
import Foundation
import Glibc
import Testing
import TrailhoundCLI

/// A folder that is gone when the test is.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/trailhound-cli-XXXXXX\0".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure("no temporary folder: errno \(errno)") }
        path = String(cString: made)
    }

    deinit { Self.remove(path) }

    /// Writes a file, making the folders above it.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let parts = name.split(separator: "/").map(String.init)
        var folder = path
        for part in parts.dropLast() {
            folder += "/" + part
            mkdir(folder, 0o755)
        }
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0, FileWriting.writeAll(bytes, to: descriptor) == nil else {
            throw Failure("can't write \(file)")
        }
        close(descriptor)
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    private static func remove(_ path: String) {
        if let handle = opendir(path) {
            var names: [String] = []
            while let entry = readdir(handle) {
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { names.append(String(cString: $0)) }
                }
            }
            closedir(handle)
            for name in names where name != "." && name != ".." {
                var status = stat()
                let child = path + "/" + name
                if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                    remove(child)
                } else {
                    unlink(child)
                }
            }
        }
        rmdir(path)
    }
}

/// `bytes` as one gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    guard CZlib_deflateInitGzip(&stream, 6) == Z_OK else { return [] }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + 1024)
    let room = output.count
    input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(room)
            _ = deflate(&stream, Z_FINISH)
        }
    }
    output.removeLast(Int(stream.avail_out))
    return output
}

@Suite struct InputFilesTests {
    @Test func foldersAreWalkedInOrder() throws {
        let folder = try TemporaryFolder()
        try folder.write("b/2.json.gz", "x")
        try folder.write("b/1.json", "xy")
        try folder.write("a.jsonl", "")
        try folder.write("c.ndjson", "")
        try folder.write("README.md", "no")
        try folder.write(".hidden/3.json", "no")
        try folder.write("AWSLogs/1/CloudTrail-Digest/x/d.json.gz", "no")
        symlink(folder.path, folder.path + "/b/loop")
        symlink(folder.path + "/b/1.json", folder.path + "/d.json")
        symlink(folder.path + "/nowhere", folder.path + "/e.json")
        let found = try InputFiles.find([folder.path])
        #expect(
            found.map { String($0.path.dropFirst(folder.path.count + 1)) }
                == ["a.jsonl", "b/1.json", "b/2.json.gz", "c.ndjson", "d.json"])
        #expect(found[1].size == 2)
    }

    @Test func filesOfATrailComeInTheOrderOfTheirDelivery() throws {
        let folder = try TemporaryFolder()
        func put(_ region: String, _ stamp: String, _ ending: String = ".json.gz") throws {
            let name = "111122223333_CloudTrail_\(region)_\(stamp)_Yhl3xDyGRlqUKcrh\(ending)"
            try folder.write("AWSLogs/111122223333/CloudTrail/\(region)/\(name)", "x")
        }
        for stamp in ["20260301T1200Z", "20260228T2355Z"] {
            try put("eu-west-1", stamp)
            try put("us-east-1", stamp)
        }
        try put("us-east-1", "20260301T0000Z", ".json")
        try folder.write("AWSLogs/other.json", "x")
        try folder.write("a.jsonl", "x")
        let found = try InputFiles.find([folder.path + "/AWSLogs", folder.path + "/a.jsonl", "-"])
        #expect(
            found.map {
                $0.path.split(separator: "/").last?.split(separator: "_").dropFirst(2).prefix(2).joined(separator: " ")
            }
                == [
                    "eu-west-1 20260228T2355Z", "us-east-1 20260228T2355Z", "us-east-1 20260301T0000Z",
                    "eu-west-1 20260301T1200Z", "us-east-1 20260301T1200Z", "", "", "",
                ])
        #expect(found.suffix(3).map(\.path) == [folder.path + "/AWSLogs/other.json", folder.path + "/a.jsonl", "-"])
    }

    @Test func aFileThatIsNamedIsTakenWhateverItsName() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("events.log", "{}")
        #expect(try InputFiles.find([file, "-"]).map(\.path) == [file, "-"])
    }

    @Test func aMissingFileIsNamed() {
        let failure = #expect(throws: Failure.self) { try InputFiles.find(["/nonexistent/x.json"]) }
        #expect(failure?.message == "can't read /nonexistent/x.json: no such file or directory")
    }
}

@Suite struct BatchSourceTests {
    /// What a source yields, in short: whole files by their size, records by their text.
    private func items(_ files: [String]) async throws -> [String] {
        let source = BatchSource(try InputFiles.find(files))
        var found: [String] = []
        while let item = try await source.next() {
            switch item {
            case .refused(let refusal, _):
                found.append("refused \(refusal.record.map { "\($0)" } ?? "whole") \(refusal.reason)")
            case .batch(let batch):
                switch batch.payload {
                case .logFile(let bytes): found.append("file \(bytes.count)")
                case .records(let slab): found += slab.records.map { "record " + text($0.array) }
                }
            }
        }
        return found
    }

    private let logFile = #"{"Records":[{"a":1},{"b":2}]}"#

    @Test func logFilesGoOutAsTheyAre() async throws {
        let folder = try TemporaryFolder()
        let compressed = gzip(Array(logFile.utf8))
        let plain = try folder.write("1.json", logFile)
        let packed = try folder.write("2.json.gz", compressed)
        #expect(try await items([plain, packed]) == ["file \(logFile.utf8.count)", "file \(compressed.count)"])
    }

    @Test func filesOfOtherFormsGoOutAsTheyAreToo() async throws {
        let folder = try TemporaryFolder()
        let files = try [
            folder.write("1.json", "[{\"a\":1},\n{\"b\":2}]"),
            folder.write("2.jsonl", "{\"c\":3}\n{\"d\":4}\n"),
            folder.write("3.jsonl.gz", gzip(Array("{\"e\":5}\n".utf8))),
        ]
        #expect(try await items(files).map { $0.prefix(4) } == ["file", "file", "file"])
    }

    @Test func zstdIsReadHere() async throws {
        let folder = try TemporaryFolder()
        // One raw block of seven bytes in a frame of one segment.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x07, 0x39, 0, 0] + Array("{\"a\":1}".utf8)
        #expect(try await items([folder.write("1.log", frame)]) == ["record {\"a\":1}"])
    }

    /// What was read of a pipe to see what it brings is gone from it.
    @Test func aPipeIsReadFromItsBeginning() async throws {
        let folder = try TemporaryFolder()
        let records = (0..<20_000).map { "{\"a\":\($0)}" }
        let lines = records.joined(separator: "\n")
        let document = "{\"Records\":[\(records.joined(separator: ","))]}"
        for bytes in [Array(lines.utf8), gzip(Array(lines.utf8)), gzip(Array(document.utf8))] {
            let pipe = folder.path + "/pipe"
            try #require(mkfifo(pipe, 0o600) == 0)
            let writer = Thread {
                let descriptor = open(pipe, O_WRONLY)
                _ = FileWriting.writeAll(bytes, to: descriptor)
                close(descriptor)
            }
            writer.start()
            #expect(try await items([pipe]) == records.map { "record " + $0 })
            unlink(pipe)
        }
    }

    @Test func whatCanNotBeUnderstoodIsLeftToTheService() async throws {
        let folder = try TemporaryFolder()
        let whole = gzip(Array(logFile.utf8))
        let cut = Array(whole.prefix(whole.count / 2))
        let files = try [
            folder.write("1.json", "garbage"), folder.write("2.json.gz", cut), folder.write("3.json", ""),
        ]
        #expect(try await items(files) == ["file 7", "file \(cut.count)", "file 0"])
    }

    @Test func aFileTooLargeForOneRequestIsSplit() async throws {
        let folder = try TemporaryFolder()
        let record = "{\"x\":\"" + String(repeating: "y", count: 1500) + "\"}"
        let count = Int(Limits.wholeFile) / 1500 + 10
        let document = "{\"Records\":[" + Array(repeating: record, count: count).joined(separator: ",") + "]}"
        let source = BatchSource(try InputFiles.find([try folder.write("large.json", document)]))
        var sizes: [Int] = []
        var firsts: [UInt64] = []
        var input: UInt64 = 0
        while case .batch(let batch)? = try await source.next() {
            guard case .records(let slab) = batch.payload else { break }
            #expect(slab.records.allSatisfy { $0.array.elementsEqual(record.utf8) })
            sizes.append(slab.count)
            firsts.append(batch.firstRecord)
            input += batch.inputBytes
        }
        #expect(sizes.reduce(0, +) == count)
        #expect(sizes.count > 2)
        #expect(firsts == sizes.indices.map { UInt64(sizes[..<$0].reduce(0, +)) })
        #expect(input == UInt64(document.utf8.count), "the progress bar reaches its end")
        #expect(sizes.allSatisfy { $0 <= Limits.recordsPerBatch })
    }

    @Test func aCompressedFileThatHoldsTooMuchIsSplit() async throws {
        let folder = try TemporaryFolder()
        let record = "{\"x\":\"" + String(repeating: "y", count: 60_000) + "\"}"
        let count = Int(Limits.wholeFileDecompressed) / 60_000 + 10
        let document = "{\"Records\":[" + Array(repeating: record, count: count).joined(separator: ",") + "]}"
        let file = try folder.write("large.json.gz", gzip(Array(document.utf8)))
        let found = try await items([file])
        #expect(found.count == count)
        #expect(found.allSatisfy { $0 == "record " + record })
    }

    @Test func aBrokenFileEndsItsOwnRecordsOnly() async throws {
        let folder = try TemporaryFolder()
        var state: UInt64 = 9
        let lines = (0..<60_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return "{\"line\":\"\(state)\"}\n"
        }
        let packed = gzip(Array(lines.joined().utf8))
        try #require(packed.count > Int(Limits.wholeCompressedFile))
        let broken = try folder.write("1.jsonl.gz", Array(packed.prefix(packed.count - 500)))
        let gone = try folder.write("2.jsonl", "{\"gone\":1}")
        let good = try folder.write("3.jsonl", "{\"good\":1}")
        let source = BatchSource(try InputFiles.find([broken, gone, good]))
        unlink(gone)
        var refused: [String] = []
        var last = ""
        while let item = try await source.next() {
            switch item {
            case .refused(let refusal, _): refused.append(refusal.reason)
            case .batch(let batch):
                switch batch.payload {
                case .records(let slab): last = text(slab.records.last?.array ?? [])
                case .logFile(let bytes): last = text(bytes)
                }
            }
        }
        #expect(refused == ["truncated_gzip", "unreadable_file"])
        #expect(last == "{\"good\":1}")
    }

    @Test func anOversizedRecordIsRefusedByItsNumber() async throws {
        let folder = try TemporaryFolder()
        let huge = "{\"x\":\"" + String(repeating: "y", count: Limits.record + 600_000) + "\"}"
        let file = try folder.write("1.jsonl", "{\"a\":1}\n\(huge)\n{\"b\":2}\n")
        #expect(
            try await items([file]) == ["record {\"a\":1}", "refused 2 record_too_large", "record {\"b\":2}"])
    }
}

@Suite struct SubmitTallyTests {
    private func refusal(_ record: UInt64?, _ reason: String) -> SubmitTally.Refusal {
        .init(file: "a.jsonl", record: record, reason: reason, detail: "eventID")
    }

    @Test func theSummaryIsOneLine() {
        var tally = SubmitTally()
        tally.add(accepted: 2000, duplicate: 0, rejected: 0, refusals: [])
        tally.add(accepted: 900, duplicate: 0, rejected: 0, refusals: [])
        #expect(tally.summary(seconds: 1.2) == "2,900 accepted, 0 duplicate, 0 rejected in 1.2 s (2,417/s)")
        #expect(SubmitTally().summary(seconds: 0) == "0 accepted, 0 duplicate, 0 rejected in 0.0 s (0/s)")
    }

    @Test func rejectionsAreExplainedByReason() {
        var tally = SubmitTally()
        tally.add(
            accepted: 1, duplicate: 2, rejected: 6,
            refusals: [refusal(nil, "truncated_gzip")] + (1...5).map { refusal($0, "missing_field") })
        tally.addLocal(refusal(9, "missing_field"))
        #expect(tally.rejected == 7)
        #expect(
            tally.explanation == [
                "rejected, missing_field: 6",
                "  a.jsonl, record 1: eventID", "  a.jsonl, record 2: eventID", "  a.jsonl, record 3: eventID",
                "rejected, truncated_gzip: 1",
                "  a.jsonl: eventID",
            ])
    }

    @Test func programsGetEverything() {
        var tally = SubmitTally()
        tally.add(accepted: 1, duplicate: 2, rejected: 1, refusals: [refusal(nil, "not_json")])
        let expected =
            #"{"accepted":1,"duplicate":2,"rejected":1,"files":4,"seconds":0.250,"rejections":"#
            + #"[{"file":"a.jsonl","reason":"not_json","detail":"eventID"}]}"#
        #expect(text(tally.json(files: 4, seconds: 0.25).compact) == expected)
    }
}
