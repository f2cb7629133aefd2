// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages

/// Packs what one worker's submissions are refused into dead letters, whole.
final class RefusalPacker: RefusedRecordSink {
    private let builder: DeadLetterBuilder
    /// The first error of the compressor; told at the end, since a sink can't throw.
    private var problem: (any Error)?
    /// Damage outside the records of a log file: then the file is kept, since no record shows it.
    private var damage: CloudTrail.Rejection?
    private var isLogFile = false

    init() throws { builder = try DeadLetterBuilder() }

    /// Begins with a submission.
    func begin(_ payload: SubmitEventsRequest.Payload) {
        builder.reset()
        problem = nil
        damage = nil
        if case .logFile = payload { isLogFile = true } else { isLogFile = false }
    }

    func refuse(
        _ record: UnsafeRawBufferPointer, index: Int, _ rejection: CloudTrail.Rejection, account: AccountID?
    ) {
        if isLogFile, record.isEmpty {
            damage = damage ?? rejection
            return
        }
        do {
            try builder.add(
                record, index: index, reason: rejection.reason.rawValue, detail: rejection.detail,
                accountID: account?.description ?? "")
        } catch { problem = problem ?? error }
    }

    /// The letters of the submission, whose payload is still there.
    func finish(_ payload: SubmitEventsRequest.Payload, _ batch: EvaluatedBatch) throws -> [DeadLetterDraft] {
        if let problem { throw problem }
        if batch.isRefusedWhole, let rejection = batch.rejections.first?.rejection {
            try add(whole: payload, rejection)
        } else if isLogFile, batch.events.isEmpty,
            let rejection = batch.rejections.first(where: { Self.isOfCompression($0.rejection.reason) })?.rejection,
            batch.rejections.allSatisfy({ Self.isNoRecord($0.rejection.reason) })
        {
            // Nothing of the file came out, so that its stretches are worth less than the file.
            builder.reset()
            try add(whole: payload, rejection)
        } else if let damage {
            try add(whole: payload, damage)
        }
        return try builder.finish()
    }

    /// Tells whether a file was refused for how it is compressed.
    private static func isOfCompression(_ reason: RejectionReason) -> Bool {
        switch reason {
        case .invalidGzip, .truncatedGzip, .invalidZstd, .decompressedTooLarge: true
        default: false
        }
    }

    /// Tells whether something was refused that reads as no record at all.
    private static func isNoRecord(_ reason: RejectionReason) -> Bool {
        switch reason {
        case .notJSON, .notAnObject, .invalidUTF8, .notALogFile: true
        default: isOfCompression(reason)
        }
    }

    private func add(whole payload: SubmitEventsRequest.Payload, _ rejection: CloudTrail.Rejection) throws {
        switch payload {
        case .logFile(let file):
            try file.withUnsafeBytes {
                try builder.add(logFile: $0, reason: rejection.reason.rawValue, detail: rejection.detail)
            }
        case .records(let batch):
            for (index, record) in batch.records.enumerated() {
                try record.withUnsafeBytes {
                    try builder.add($0, index: index, reason: rejection.reason.rawValue, detail: rejection.detail)
                }
            }
        }
    }

    /// The letters of a payload that is refused before anybody looks into it.
    static func letters(
        of payload: SubmitEventsRequest.Payload?, refused rejection: CloudTrail.Rejection
    ) throws -> [DeadLetterDraft] {
        guard let payload else { return [] }
        let packer = try RefusalPacker()
        packer.begin(payload)
        try packer.add(whole: payload, rejection)
        return try packer.builder.finish()
    }
}

extension Submission {
    /// Origin of what is refused of it: of a letter that was submitted again, the first one.
    var origin: DeadLetterOrigin {
        if let letter = resubmission?.letter {
            return DeadLetterOrigin(
                source: letter.source, submitter: letter.submitter, scope: letter.scope,
                isHistorical: letter.isHistorical)
        }
        return DeadLetterOrigin(
            source: source, submitter: submitter, scope: scope?.map(\.description).sorted(), isHistorical: historical)
    }
}
