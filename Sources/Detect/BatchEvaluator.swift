// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// Evaluates batches: everything about a request that needs no state. One worker thread owns one evaluator with its
/// parser, slots and buffers; after it has warmed up, a record without a match allocates nothing.
package final class BatchEvaluator {
    /// Takes each accepted record, in order: its bytes, its event time, and what it is looked up by (a value that
    /// stands twice comes twice). The pointers are valid during the call.
    package typealias Sink = (UnsafeRawBufferPointer, Milliseconds, UnsafeBufferPointer<LookupToken>) throws -> Void

    private var engine: RecordEngine?
    private let logFiles = LogFileReader()
    /// Between batches: the builder with its buffers.
    private var spare = BatchBuilder()
    private let tokens = TokenCollector()
    private lazy var forms = LogForm()

    package init() {}

    /// Evaluates a payload.
    ///
    /// - Parameters:
    ///   - plan: the detections as they stand now; another plan than before costs new buffers.
    ///   - accounts: the onboarded accounts.
    ///   - fileAccount: the account that the payload's name tells, for records that name none.
    ///   - now: the receiver's clock, ahead of which an event lies by no more than `CloudTrailLimits.futureMilliseconds`;
    ///     nil for events that were taken before.
    ///   - refusals: takes the refused records; nil where nobody keeps them. A payload that is refused as a whole is
    ///     left to the caller, who has its bytes.
    ///   - sink: is given the accepted records. Its errors end the evaluation and are thrown on.
    /// - Returns: the outcome. Bad input is part of it, never an error.
    package func evaluate(
        _ payload: SubmittedPayload, plan: DetectionPlan, accounts: AccountFilter, fileAccount: AccountID? = nil,
        now: Milliseconds? = nil, refusals: (any RefusedRecordSink)? = nil, sink: Sink
    ) throws -> EvaluatedBatch {
        let engine = engine(for: plan)
        // A local value while the batch runs: what is reached through `self` is checked at each access.
        var builder = BatchBuilder()
        swap(&builder, &spare)
        defer { swap(&builder, &spare) }
        builder.begin(accounts, fileAccount: fileAccount, now: now, refusals)
        switch payload {
        case .records(let records):
            if records.isEmpty { return EvaluatedBatch(refused: Rejection(.emptyBatch, "the batch has no record")) }
            guard records.count <= CloudTrailLimits.recordsPerBatch else { return EvaluatedBatch(refused: .tooMany) }
            for (index, record) in records.enumerated() {
                try evaluate(record, index: index, engine, &builder, sink)
            }
        case .logFile(let bytes):
            do {
                let (document, damage) = try logFiles.read(bytes)
                let next = try evaluate(document: document, isDamaged: !damage.isEmpty, engine, &builder, sink)
                for (place, found) in damage.enumerated() {
                    builder.reject(next + place, found.rejection, found.bytes(of: bytes))
                }
            } catch let rejection as Rejection { return EvaluatedBatch(refused: rejection) }
        }
        return builder.finish(plan)
    }

    private func engine(for plan: DetectionPlan) -> RecordEngine {
        if let engine, engine.plan === plan { return engine }
        let made = RecordEngine(plan)
        engine = made
        return made
    }

    private func evaluate(
        _ record: UnsafeRawBufferPointer, index: Int, at place: Range<Int>? = nil, _ engine: RecordEngine,
        _ builder: inout BatchBuilder, _ sink: Sink
    ) throws {
        guard index < CloudTrailLimits.recordsPerBatch else {
            builder.reject(index, .tooMany, record)
            return
        }
        guard record.count <= CloudTrailLimits.recordBytes else {
            builder.reject(index, .tooLarge, record)
            return
        }
        do throws(JSONError) { try engine.extractor.extract(record) } catch {
            let rejection = error.rejectionOfRecord
            builder.reject(index, place.map { rejection.at($0) } ?? rejection, record)
            return
        }
        try take(
            record, index: index, engine, engine.extractor, engine.plan.envelope, &builder, sink, isPart: place != nil)
    }

    /// Reads a log file's records over one parse of the whole, and all other data record by record.
    ///
    /// - Returns: how many records and findings there were.
    private func evaluate(
        document: UnsafeRawBufferPointer, isDamaged: Bool, _ engine: RecordEngine, _ builder: inout BatchBuilder,
        _ sink: Sink
    ) throws -> Int {
        var index = 0
        var end = 0
        // Local values: what is reached through an object is kept and released at each access.
        let extractor = engine.extractor
        let fields = engine.plan.envelope
        do throws(JSONError) { try extractor.open(document) } catch {
            return try evaluate(
                parts: document, isDamaged: isDamaged, from: 0, behind: 0, engine, &builder, sink)
        }
        while true {
            let step: RecordExtractor.Step
            do throws(JSONError) { step = try extractor.next() } catch {
                return try evaluate(
                    parts: document, isDamaged: isDamaged, from: index, behind: end, engine, &builder, sink)
            }
            switch step {
            case .end: return index
            case .notAnObject(let place):
                builder.reject(index, .notAnObject, UnsafeRawBufferPointer(rebasing: document[place]))
                end = place.upperBound
            case .record(let place):
                let record = UnsafeRawBufferPointer(rebasing: document[place])
                if index >= CloudTrailLimits.recordsPerBatch {
                    builder.reject(index, .tooMany, record)
                } else if record.count > CloudTrailLimits.recordBytes {
                    builder.reject(index, .tooLarge, record)
                } else if !fields.hasEventTime(extractor), LogSplitter.isOfKinesis(record) {
                    return try evaluate(
                        parts: document, isDamaged: isDamaged, from: index, behind: end, engine, &builder, sink)
                } else {
                    try take(record, index: index, engine, extractor, fields, &builder, sink)
                }
                end = place.upperBound
            }
            index += 1
        }
    }

    /// Reads data that is no log file as CloudTrail writes them, or a damaged one: record by record, behind those that
    /// were read already.
    private func evaluate(
        parts document: UnsafeRawBufferPointer, isDamaged: Bool, from first: Int, behind end: Int,
        _ engine: RecordEngine, _ builder: inout BatchBuilder, _ sink: Sink
    ) throws -> Int {
        var splitter = LogSplitter()
        if isDamaged { splitter.noteDamage() }
        var embedded = EmbeddedLogData()
        var index = first
        while true {
            switch splitter.next(document, atEnd: true) {
            case .record(let place):
                if place.upperBound <= end { continue }
                try evaluate(
                    UnsafeRawBufferPointer(rebasing: document[place]), index: index, at: place, engine, &builder, sink)
            case .text(let place):
                try splitter.text.withUnsafeBytes {
                    try evaluate($0, index: index, at: place, engine, &builder, sink)
                }
            case .embedded(let place):
                if place.upperBound <= end { continue }
                try embedded.forEach(splitter.text, at: place) { step in
                    switch step {
                    case .record(let record, _, _):
                        try evaluate(record, index: index, at: place, engine, &builder, sink)
                    case .unreadable(let found, let bytes): builder.reject(index, found.rejection, bytes)
                    case .needsInput, .end: return
                    }
                    index += 1
                }
                continue
            case .unreadable(let found, let place):
                builder.reject(
                    index, found.rejection, UnsafeRawBufferPointer(rebasing: document[place ?? 0..<0]))
            case .needsMore, .end: return index
            }
            index += 1
        }
    }

    /// Checks and evaluates the record that the extractor holds.
    private func take(
        _ record: UnsafeRawBufferPointer, index: Int, _ engine: RecordEngine, _ extractor: RecordExtractor,
        _ fields: EnvelopeFields, _ builder: inout BatchBuilder, _ sink: Sink, isPart: Bool = false
    ) throws {
        if let refusal = Rejection.doubledMember(in: extractor) {
            let account = Envelope.claimedAccount(extractor, fields) ?? builder.fileAccount
            builder.reject(index, refusal, record, account: account)
            return
        }
        let envelope: Envelope
        do throws(Rejection) {
            envelope = try Envelope.read(extractor, fields, &builder.day, account: builder.fileAccount)
        } catch {
            // Of what AWS wrote otherwise, the form says more than the field that it has not.
            let form = error.reason == .missingField ? forms.rejection(of: record, namesOthers: isPart) : nil
            builder.reject(
                index, form ?? error, record,
                account: Envelope.claimedAccount(extractor, fields) ?? builder.fileAccount)
            return
        }
        guard let account = builder.account(envelope.account) else {
            builder.reject(
                index, Rejection(.accountNotOnboarded, "account \(envelope.account) is not onboarded"), record,
                account: envelope.account)
            return
        }
        if let refusal = refusal(of: envelope, extractor, fields, &builder) {
            builder.reject(index, refusal, record, account: envelope.account)
            return
        }
        engine.appendMatches(envelope, extractor, fields, eventIndex: builder.count, to: &builder)
        // Of a member that was put off it is known only now, where a rule asked for it.
        if let refusal = Rejection.doubledMember(in: extractor) {
            builder.withdrawRecord()
            builder.reject(index, refusal, record, account: envelope.account)
            return
        }
        try tokens.withTokens(record, extractor, fields) { tokens in
            if envelope.isAccountOfFile {
                let named = envelope.naming(record, extractor, fields)
                try named.withUnsafeBytes { try sink($0, envelope.time, tokens) }
            } else {
                try sink(record, envelope.time, tokens)
            }
        }
        builder.accept(envelope, account: account, index: index, bytes: record.count)
    }

    /// The refusal of a record that is whole and yet not as AWS writes them; nil where it may be evaluated.
    @inline(__always)
    private func refusal(
        of envelope: Envelope, _ extractor: RecordExtractor, _ fields: EnvelopeFields, _ builder: inout BatchBuilder
    ) -> Rejection? {
        if let refusal = builder.spelling.refusal(of: extractor, fields, isGUID: envelope.isGUID) { return refusal }
        return envelope.time > builder.latestTaken ? .inFuture(envelope.time, now: builder.now ?? 0) : nil
    }
}

extension Rejection {
    static let tooLarge = Rejection(.recordTooLarge, "a record has at most \(CloudTrailLimits.recordBytes) bytes")
    static let notAnObject = Rejection(.notAnObject, "a record is one JSON object")
    static let tooMany = Rejection(
        .tooManyRecords, "a request has at most \(CloudTrailLimits.recordsPerBatch) records")
}
