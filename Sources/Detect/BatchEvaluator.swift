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

    package init() {}

    /// Evaluates a payload.
    ///
    /// - Parameters:
    ///   - plan: the detections as they stand now; another plan than before costs new buffers.
    ///   - accounts: the onboarded accounts.
    ///   - sink: is given the accepted records. Its errors end the evaluation and are thrown on.
    /// - Returns: the outcome. Bad input is part of it, never an error.
    package func evaluate(
        _ payload: SubmittedPayload, plan: DetectionPlan, accounts: AccountFilter, sink: Sink
    ) throws -> EvaluatedBatch {
        let engine = engine(for: plan)
        // A local value while the batch runs: what is reached through `self` is checked at each access.
        var builder = BatchBuilder()
        swap(&builder, &spare)
        defer { swap(&builder, &spare) }
        builder.begin(accounts)
        switch payload {
        case .records(let records):
            if records.isEmpty { return EvaluatedBatch(refused: Rejection(.emptyBatch, "the batch has no record")) }
            guard records.count <= CloudTrailLimits.recordsPerBatch else { return EvaluatedBatch(refused: .tooMany) }
            for (index, record) in records.enumerated() {
                try evaluate(record, index: index, engine, &builder, sink)
            }
        case .logFile(let bytes):
            do {
                let document = try logFiles.document(of: bytes)
                try evaluate(document: document, engine, &builder, sink)
            } catch let rejection as Rejection {
                if builder.isEmpty { return EvaluatedBatch(refused: rejection) }
                builder.reject(
                    builder.count + builder.rejectedCount, rejection, UnsafeRawBufferPointer(start: nil, count: 0))
            }
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
        _ record: UnsafeRawBufferPointer, index: Int, _ engine: RecordEngine, _ builder: inout BatchBuilder,
        _ sink: Sink
    ) throws {
        guard record.count <= CloudTrailLimits.recordBytes else {
            builder.reject(index, .tooLarge, record)
            return
        }
        do throws(JSONError) { try engine.extractor.extract(record) } catch {
            builder.reject(index, error.rejectionOfRecord, record)
            return
        }
        try take(record, index: index, engine, engine.extractor, engine.plan.envelope, &builder, sink)
    }

    /// Reads a log file's records over one parse of the whole.
    private func evaluate(
        document: UnsafeRawBufferPointer, _ engine: RecordEngine, _ builder: inout BatchBuilder, _ sink: Sink
    ) throws {
        var index = 0
        // Local values: what is reached through an object is kept and released at each access.
        let extractor = engine.extractor
        let fields = engine.plan.envelope
        do throws(JSONError) { try extractor.open(document) } catch {
            try evaluate(broken: document, error.rejectionOfLogFile, from: 0, engine, &builder, sink)
            return
        }
        while true {
            let step: RecordExtractor.Step
            do throws(JSONError) { step = try extractor.next() } catch {
                try evaluate(broken: document, error.rejectionOfLogFile, from: index, engine, &builder, sink)
                return
            }
            switch step {
            case .end:
                if index == 0 { throw Rejection(.emptyBatch, "the log file has no record") }
                return
            case .notAnObject(let place):
                builder.reject(index, .notAnObject, UnsafeRawBufferPointer(rebasing: document[place]))
            case .record(let place):
                let record = UnsafeRawBufferPointer(rebasing: document[place])
                if index >= CloudTrailLimits.recordsPerBatch {
                    builder.reject(index, .tooMany, record)
                } else if record.count > CloudTrailLimits.recordBytes {
                    builder.reject(index, .tooLarge, record)
                } else {
                    try take(record, index: index, engine, extractor, fields, &builder, sink)
                }
            }
            index += 1
        }
    }

    /// Reads on, one by one, where a log file is no JSON as a whole: its sound records are taken all the same.
    private func evaluate(
        broken document: UnsafeRawBufferPointer, _ rejection: Rejection, from first: Int, _ engine: RecordEngine,
        _ builder: inout BatchBuilder, _ sink: Sink
    ) throws {
        guard rejection.reason != .notALogFile, var rest = BrokenLogFile(document) else { throw rejection }
        let before = builder.rejectedCount
        var index = 0
        while let place = rest.next() {
            let record = UnsafeRawBufferPointer(rebasing: document[place])
            if index >= CloudTrailLimits.recordsPerBatch {
                builder.reject(index, .tooMany, record)
            } else if index >= first {
                try evaluate(record, index: index, engine, &builder, sink)
            }
            index += 1
        }
        // The damage lies outside the records: somebody has to hear of it.
        if builder.rejectedCount == before {
            builder.reject(index, rejection, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// Checks and evaluates the record that the extractor holds.
    private func take(
        _ record: UnsafeRawBufferPointer, index: Int, _ engine: RecordEngine, _ extractor: RecordExtractor,
        _ fields: EnvelopeFields, _ builder: inout BatchBuilder, _ sink: Sink
    ) throws {
        let envelope: Envelope
        do throws(Rejection) {
            envelope = try Envelope.read(extractor, fields, &builder.day)
        } catch {
            builder.reject(index, error, record)
            return
        }
        guard let account = builder.account(envelope.account) else {
            builder.reject(
                index, Rejection(.accountNotOnboarded, "account \(envelope.account) is not onboarded"), record)
            return
        }
        try tokens.withTokens(record, extractor, fields) { tokens in
            try sink(record, envelope.time, tokens)
        }
        engine.appendMatches(envelope, extractor, fields, eventIndex: builder.count, to: &builder)
        builder.accept(envelope, account: account, index: index, bytes: record.count)
    }
}

extension Rejection {
    static let tooLarge = Rejection(.recordTooLarge, "a record has at most \(CloudTrailLimits.recordBytes) bytes")
    static let notAnObject = Rejection(.notAnObject, "a record is one JSON object")
    static let tooMany = Rejection(
        .tooManyRecords, "a request has at most \(CloudTrailLimits.recordsPerBatch) records")
}
