// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// Reads the records of a file of any form that CloudTrail events come in: what `LogDataReader` knows.
final class EventFile {
    private let logFiles = LogFileReader()
    private let forms = LogForm()

    /// What is told of a file's contents.
    enum Item {
        /// A record, which the extractor holds.
        case record(UnsafeRawBufferPointer)
        /// What stands in the place of a record and is none.
        case refused(Rejection)
        /// Damage outside of records.
        case damaged(Rejection)
    }

    /// Where records go.
    private struct Target {
        let extractor: RecordExtractor
        /// Where the extractor has a record's `eventID` and `eventTime`.
        let eventID: Slot?
        let eventTime: Slot?
    }

    /// Calls `body` for each record and for each part that is none, with its number in the file.
    ///
    /// - Throws: where the file can't be read.
    func forEachRecord(
        path: String, _ extractor: RecordExtractor, _ body: (Item, Int) -> Void
    ) throws(FileTree.Failure) {
        var file = try FileChunks(path)
        let names = extractor.fields.fields
        let target = Target(
            extractor: extractor, eventID: names.slot(of: "eventID"), eventTime: names.slot(of: "eventTime"))
        var index = 0
        func items(_ item: Item) {
            body(item, index)
            index += 1
        }
        if file.size <= DetectLimits.wholeFileBytes {
            let bytes = try file.rest()
            bytes.withUnsafeBytes { bytes in
                let whole: (document: UnsafeRawBufferPointer, damage: [Unreadable])
                do throws(Rejection) { whole = try logFiles.read(bytes) } catch {
                    // Too large after decompression to be held as a whole.
                    let reader = LogDataReader()
                    reader.feed(bytes)
                    reader.finish()
                    _ = drain(reader, target, items)
                    return
                }
                read(whole.document, isDamaged: !whole.damage.isEmpty, target, items)
                for found in whole.damage { items(.damaged(found.rejection)) }
            }
            return
        }
        let reader = LogDataReader()
        while !drain(reader, target, items) {
            let chunk = try file.next(DetectLimits.readChunk)
            if chunk.isEmpty { reader.finish() } else { chunk.withUnsafeBytes { reader.feed($0) } }
        }
    }

    /// Reads what a reader has; true at the data's end.
    private func drain(_ reader: LogDataReader, _ target: Target, _ body: (Item) -> Void) -> Bool {
        while true {
            switch reader.next() {
            case .record(let record, let offset, let extent): body(single(record, offset, extent, target))
            case .unreadable(let found, _): body(.damaged(found.rejection))
            case .needsInput: return false
            case .end: return true
            }
        }
    }

    /// Reads a document that is in memory: over one parse of the whole where it is a log file.
    private func read(
        _ document: UnsafeRawBufferPointer, isDamaged: Bool, _ target: Target, _ body: (Item) -> Void
    ) {
        var end = 0
        do throws(JSONError) {
            try target.extractor.open(document, form: .recordsObject)
            reading: while true {
                switch try target.extractor.next() {
                case .end: return
                case .notAnObject(let place):
                    body(.refused(Rejection(.notAnObject, "a record is one JSON object").at(place)))
                    end = place.upperBound
                case .record(let place):
                    let record = UnsafeRawBufferPointer(rebasing: document[place])
                    if let eventTime = target.eventTime, !target.extractor.exists(eventTime),
                        LogSplitter.isOfKinesis(record)
                    {
                        break reading
                    }
                    body(accept(record, UInt64(place.lowerBound), record.count, target))
                    end = place.upperBound
                }
            }
        } catch {}
        readParts(document, isDamaged: isDamaged, behind: end, target, body)
    }

    private func readParts(
        _ document: UnsafeRawBufferPointer, isDamaged: Bool, behind end: Int, _ target: Target,
        _ body: (Item) -> Void
    ) {
        var splitter = LogSplitter()
        if isDamaged { splitter.noteDamage() }
        var embedded = EmbeddedLogData()
        while true {
            switch splitter.next(document, atEnd: true) {
            case .record(let place):
                if place.upperBound <= end { continue }
                let record = UnsafeRawBufferPointer(rebasing: document[place])
                body(single(record, UInt64(place.lowerBound), place.count, target))
            case .text(let place):
                splitter.text.withUnsafeBytes {
                    body(single($0, UInt64(place.lowerBound), place.count, target))
                }
            case .embedded(let place):
                if place.upperBound <= end { continue }
                embedded.forEach(splitter.text, at: place) { step in
                    switch step {
                    case .record(let record, let offset, let extent):
                        body(single(record, offset, extent, target))
                    case .unreadable(let found, _): body(.damaged(found.rejection))
                    case .needsInput, .end: break
                    }
                }
            case .unreadable(let found, _): body(.damaged(found.rejection))
            case .needsMore, .end: return
            }
        }
    }

    private func single(
        _ record: UnsafeRawBufferPointer, _ offset: UInt64, _ extent: Int, _ target: Target
    ) -> Item {
        do throws(JSONError) { try target.extractor.extract(record) } catch {
            return .refused(error.rejectionOfRecord.at(offset, extent: extent))
        }
        return accept(record, offset, extent, target)
    }

    /// The record that the extractor holds, unless it is no CloudTrail event at all.
    private func accept(
        _ record: UnsafeRawBufferPointer, _ offset: UInt64, _ extent: Int, _ target: Target
    ) -> Item {
        // Nearly every record has one. The others are looked at by a parser of their own.
        if let eventID = target.eventID, target.extractor.exists(eventID) { return .record(record) }
        if let rejection = forms.rejection(of: record, namesOthers: true) {
            return .refused(rejection.at(offset, extent: extent))
        }
        return .record(record)
    }
}
