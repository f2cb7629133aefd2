// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// Reads the records of a file of any form that CloudTrail events come in: a log file, a JSON array, one record, or a
/// record on each line.
struct EventFile {
    let bytes: UnsafeRawBufferPointer
    /// Whether the name says that each line is a record.
    let isLines: Bool

    /// Calls `body` for each record that the extractor holds, with its number in the file, and `failed` for what is no
    /// record.
    ///
    /// - Throws: where the file as a whole is none of these forms.
    func forEachRecord(
        _ extractor: RecordExtractor, _ body: (UnsafeRawBufferPointer, Int) -> Void,
        failed: (Int, Rejection) -> Void
    ) throws(Rejection) {
        if isLines {
            lines(extractor, body, failed)
            return
        }
        let reason: JSONError
        var index = 0
        do throws(JSONError) {
            try extractor.open(bytes, form: .recordsObjectOrArray)
            while true {
                switch try extractor.next() {
                case .end: return
                case .notAnObject: failed(index, Rejection(.notAnObject, "a record is one JSON object"))
                case .record(let place): body(UnsafeRawBufferPointer(rebasing: bytes[place]), index)
                }
                index += 1
            }
        } catch { reason = error }
        if reason.reason == .empty { return }
        if index == 0, one(extractor, body) { return }
        if index == 0, reason.reason == .noRecords || reason.reason == .trailingData, startsWithRecord(extractor) {
            lines(extractor, body, failed)
            return
        }
        guard var rest = BrokenLogFile(bytes, allowingArray: true) else { throw reason.rejectionOfLogFile }
        var number = 0
        while let place = rest.next() {
            if number >= index { single(place, number, extractor, body, failed) }
            number += 1
        }
    }

    private func one(_ extractor: RecordExtractor, _ body: (UnsafeRawBufferPointer, Int) -> Void) -> Bool {
        do throws(JSONError) { try extractor.extract(bytes) } catch { return false }
        body(bytes, 0)
        return true
    }

    /// Whether the first line is a whole record.
    private func startsWithRecord(_ extractor: RecordExtractor) -> Bool {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        do throws(JSONError) { try extractor.extract(UnsafeRawBufferPointer(rebasing: bytes[..<end])) } catch {
            return false
        }
        return true
    }

    private func lines(
        _ extractor: RecordExtractor, _ body: (UnsafeRawBufferPointer, Int) -> Void, _ failed: (Int, Rejection) -> Void
    ) {
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let isBlank = bytes[start..<end].allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
            if !isBlank {
                single(start..<end, number, extractor, body, failed)
                number += 1
            }
            start = end + 1
        }
    }

    private func single(
        _ place: Range<Int>, _ number: Int, _ extractor: RecordExtractor,
        _ body: (UnsafeRawBufferPointer, Int) -> Void, _ failed: (Int, Rejection) -> Void
    ) {
        let record = UnsafeRawBufferPointer(rebasing: bytes[place])
        do throws(JSONError) { try extractor.extract(record) } catch {
            failed(number, error.rejectionOfRecord)
            return
        }
        body(record, number)
    }
}
