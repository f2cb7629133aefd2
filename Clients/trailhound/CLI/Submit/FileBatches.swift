// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Cuts one file into batches, reading it as they are asked for.
///
/// A CloudTrail log file of ordinary size goes out as it is, in one piece. Anything else is cut into records, of
/// which as many as fit make a batch.
struct FileBatches: ~Copyable {
    private enum Stage {
        case unopened
        case splitting
        case done
    }

    private let file: InputFile
    private var stage = Stage.unopened
    private var stream: InputStream?
    private var scanner = RecordScanner(.unknown)
    private var buffer: [UInt8] = []
    private var atEnd = false
    private var records: UInt64 = 0
    private var reported: UInt64 = 0
    private var pending: SubmitTally.Refusal?

    init(_ file: InputFile) { self.file = file }

    /// The next batch or refusal, nil when the file is done with.
    mutating func next() -> BatchItem? {
        do throws(InputStream.Problem) {
            if case .unopened = stage, let whole = try open() { return .batch(whole) }
            guard case .splitting = stage else { return nil }
            return try cut()
        } catch {
            stage = .done
            return .refused(refusal(nil, error.reason, error.detail), inputBytes: file.size - min(file.size, reported))
        }
    }

    /// Decides what the file is. Its content, where it is sent as it is.
    private mutating func open() throws(InputStream.Problem) -> Batch? {
        stage = .done
        let (layout, decompressedSize) = try FileProbe.look(at: file)
        switch layout {
        case .logFile, .unknown:
            if !file.isStream, file.size <= Limits.wholeFile, decompressedSize <= Limits.wholeFileDecompressed {
                let bytes = try FileProbe.contents(of: file)
                return Batch(
                    payload: .logFile(bytes), source: file.path, firstRecord: 0, inputBytes: file.size)
            }
            guard layout != .unknown || file.isStream else {
                throw InputStream.Problem(reason: "not_a_log_file", detail: "the file is neither JSON nor gzip of it")
            }
        case .lines, .values, .array: break
        }
        stage = .splitting
        stream = try InputStream(path: file.path, buffer: Limits.readChunk)
        if file.isStream {
            try fill()
            scanner = RecordScanner(layoutOfBuffer())
        } else {
            scanner = RecordScanner(layout)
        }
        return nil
    }

    private func layoutOfBuffer() -> InputLayout {
        let layout = buffer.withUnsafeBytes { InputLayout(beginning: $0, name: "") }
        return layout == .unknown ? .lines : layout
    }

    /// Collects records until a batch is full or the file ends.
    private mutating func cut() throws(InputStream.Problem) -> BatchItem? {
        if let refusal = pending {
            pending = nil
            return .refused(refusal, inputBytes: 0)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Limits.bytesPerBatch + Limits.readChunk)
        var ranges: [Range<Int>] = []
        let first = records
        collecting: while ranges.count < Limits.recordsPerBatch, bytes.count < Limits.bytesPerBatch {
            switch step() {
            case .record(let range):
                let start = bytes.count
                bytes.append(contentsOf: buffer[range])
                ranges.append(start..<bytes.count)
                records += 1
            case .oversized:
                records += 1
                pending = refusal(
                    records, "record_too_large", "a record of more than \(Limits.record) bytes is not sent")
                break collecting
            case .needsMore(let keepFrom):
                buffer.removeFirst(min(keepFrom, buffer.count))
                scanner.drop(keepFrom)
                try fill()
            case .end:
                stage = .done
                break collecting
            }
        }
        if ranges.isEmpty {
            guard let refusal = pending else { return nil }
            pending = nil
            return .refused(refusal, inputBytes: advance())
        }
        return .batch(
            Batch(
                payload: .records(RecordSlab(bytes, ranges: ranges)), source: file.path, firstRecord: first,
                inputBytes: advance()))
    }

    private mutating func step() -> RecordScanner.Step {
        var scanner = scanner
        let step = buffer.withUnsafeBytes { scanner.next($0, atEnd: atEnd) }
        self.scanner = scanner
        return step
    }

    private mutating func fill() throws(InputStream.Problem) {
        let more = try stream?.read(Limits.readChunk, into: &buffer) ?? false
        atEnd = !more
    }

    /// How much of the file was read since the last time it was asked.
    private mutating func advance() -> UInt64 {
        let consumed = stage == .done ? file.size : min(stream?.consumed ?? 0, file.size)
        defer { reported = max(reported, consumed) }
        return consumed - min(consumed, reported)
    }

    private func refusal(_ record: UInt64?, _ reason: String, _ detail: String) -> SubmitTally.Refusal {
        SubmitTally.Refusal(file: file.path, record: record, reason: reason, detail: detail)
    }
}
