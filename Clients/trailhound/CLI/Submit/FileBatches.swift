// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Cuts one file into batches, reading it as they are asked for.
///
/// A file of ordinary size goes out as it is, in one piece, and the service reads it. A larger one, or a pipe, is read
/// here, by the same reader: as many records as fit make a batch.
struct FileBatches: ~Copyable {
    private enum Stage {
        case unopened
        case splitting
        case done
    }

    private let file: InputFile
    private var stage = Stage.unopened
    private var stream: InputStream?
    private let reader = LogDataReader(recordLimit: Limits.record)
    private var records: UInt64 = 0
    private var reported: UInt64 = 0
    private var pending: SubmitTally.Refusal?

    init(_ file: InputFile) { self.file = file }

    /// The next batch or refusal, nil when the file is done with.
    mutating func next() -> BatchItem? {
        do throws(InputStream.Problem) {
            if case .unopened = stage, let whole = try open() { return .batch(whole) }
            if let refusal = pending {
                pending = nil
                return .refused(refusal, inputBytes: advance())
            }
            guard case .splitting = stage else { return nil }
            return try cut()
        } catch {
            stage = .done
            return .refused(refusal(nil, error.reason, error.detail), inputBytes: file.size - min(file.size, reported))
        }
    }

    /// Decides how the file is sent. Its content, where it is sent as it is.
    private mutating func open() throws(InputStream.Problem) -> Batch? {
        stage = .done
        if try FileProbe.isWhole(file) {
            let bytes = try FileProbe.contents(of: file)
            return Batch(payload: .logFile(bytes), source: file.path, firstRecord: 0, inputBytes: file.size)
        }
        stream = try InputStream(path: file.path)
        stage = .splitting
        return nil
    }

    /// Collects records until a batch is full or the file ends.
    private mutating func cut() throws(InputStream.Problem) -> BatchItem? {
        var bytes: [UInt8] = []
        // A usual record fits behind the last that fills the batch: room beyond that would stay with each batch in flight.
        bytes.reserveCapacity(Limits.bytesPerBatch + Limits.usualRecord)
        var parts: [Batch.Part] = []
        var ranges: [Range<Int>] = []
        let first = records
        func add(_ part: UnsafeRawBufferPointer, _ place: Batch.Part) {
            let start = bytes.count
            bytes.append(contentsOf: part)
            ranges.append(start..<bytes.count)
            parts.append(place)
        }
        var failure: InputStream.Problem?
        collecting: while ranges.count < Limits.recordsPerBatch, bytes.count < Limits.bytesPerBatch {
            switch reader.next() {
            case .record(let record, let offset, let extent):
                add(record, Batch.Part(offset: offset, extent: UInt64(extent), finding: nil))
                records += 1
            case .unreadable(let found, let content) where !content.isEmpty:
                // The service refuses it too, and keeps it with the dead letters.
                add(content, Batch.Part(offset: found.offset, extent: found.extent, finding: found))
                records += 1
            case .unreadable(let found, _):
                if found.reason == .recordTooLarge { records += 1 }
                let rejection = found.rejection
                pending = refusal(
                    found.reason == .recordTooLarge ? records : nil, rejection.reason.rawValue, rejection.detail)
                break collecting
            case .needsInput:
                do throws(InputStream.Problem) { try fill() } catch {
                    // What was read before goes first.
                    failure = error
                    break collecting
                }
            case .end:
                stage = .done
                break collecting
            }
        }
        if let failure {
            stage = .done
            pending = refusal(nil, failure.reason, failure.detail)
        }
        if ranges.isEmpty {
            guard let refusal = pending else { return nil }
            pending = nil
            return .refused(refusal, inputBytes: advance())
        }
        return .batch(
            Batch(
                payload: .records(RecordSlab(bytes, ranges: ranges)), source: file.path, firstRecord: first,
                inputBytes: advance(), parts: parts))
    }

    private mutating func fill() throws(InputStream.Problem) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.readChunk, alignment: 16)
        defer { room.deallocate() }
        let count = try stream?.read(into: room) ?? 0
        if count == 0 {
            reader.finish()
        } else {
            reader.feed(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
    }

    /// How much of the file was read since the last time it was asked.
    private mutating func advance() -> UInt64 {
        let consumed = stage == .done ? file.size : min(reader.consumed, file.size)
        defer { reported = max(reported, consumed) }
        return consumed - min(consumed, reported)
    }

    private func refusal(_ record: UInt64?, _ reason: String, _ detail: String) -> SubmitTally.Refusal {
        SubmitTally.Refusal(file: file.path, record: record, reason: reason, detail: detail)
    }
}
