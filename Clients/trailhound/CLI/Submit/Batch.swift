// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// What one request carries, and where it came from.
package struct Batch: Sendable {
    package enum Payload: Sendable {
        /// A CloudTrail log file, plain or gzip, byte for byte.
        case logFile([UInt8])
        /// Records, each byte for byte.
        case records(RecordSlab)
    }

    /// A record's place in the decompressed data of its file.
    package struct Part: Sendable {
        let offset: UInt64
        let extent: UInt64
        /// Why it can't be a record, where that was seen here already.
        let finding: Unreadable?
    }

    package let payload: Payload
    /// The file's name.
    package let source: String
    /// Records of the file that went before this batch's.
    package let firstRecord: UInt64
    /// How much of the input (before decompression) this batch stands for, for the progress bar.
    package let inputBytes: UInt64
    /// The places of the records, where they were cut out here.
    package var parts: [Part] = []
    /// Its number among the batches of the submission.
    package var number: UInt64 = 0

    /// Bytes that the batch holds in memory.
    package var bytes: Int {
        switch payload {
        case .logFile(let bytes): bytes.count
        case .records(let slab): slab.bytes
        }
    }
}

/// What reading a file yields: something to send, or something that can't be sent.
package enum BatchItem: Sendable {
    case batch(Batch)
    case refused(SubmitTally.Refusal, inputBytes: UInt64)
}
