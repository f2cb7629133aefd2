// SPDX-License-Identifier: Apache-2.0

/// Refused bytes of one request that share a reason: a pack of records, or the whole payload. Times are milliseconds
/// since 1970.
package struct DeadLetterRow: Hashable, Sendable {
    /// The form that the bytes were submitted in.
    package enum Form: Int, Sendable {
        /// One record, kept by a version before 1.1 up to 4,096 bytes.
        case singleRecord = 0
        /// Records of a batch, or of a log file that was readable.
        case records = 1
        /// A whole log file as it was sent, plain or compressed.
        case logFile = 2
    }

    /// Its number: unique and never used again.
    package let id: Int64
    /// The first time that it was refused.
    package let receivedAt: Int64
    /// The collector's label.
    package let source: String
    /// Name of the certificate that submitted it; empty for letters of an older version.
    package let submitter: String
    /// Accounts that the submitter's certificate covered; nil for all.
    package let scope: [String]?
    /// The account that the records claim; empty where it can't be read.
    package let accountID: String
    /// The submitter's certificate covered `accountID`.
    package let isCovered: Bool
    /// Name of the refusal, of a fixed vocabulary.
    package let reason: String
    /// The field and the limit, for a person: of the first record.
    package let detail: String
    package let form: Form
    /// Place of the first record in the request.
    package let firstIndex: Int
    /// Records that were refused; 1 for a whole payload.
    package let records: Int
    /// Bytes that were refused.
    package let totalBytes: Int
    /// Bytes of them that are kept: fewer only beyond `JournalLimits.deadLetterBytes`.
    package let keptBytes: Int
    /// Bytes that they take in the store.
    package let storedBytes: Int
    /// The request was marked historical.
    package let isHistorical: Bool
    /// Times that it was refused.
    package let attempts: Int

    /// Nothing of it was cut off, so that it can be submitted again.
    package var isWhole: Bool { keptBytes == totalBytes && (form != .singleRecord || totalBytes > 0) }
}

/// The bytes of a dead letter.
package enum DeadLetterContent: Hashable, Sendable {
    /// In the order of the request.
    case records([[UInt8]])
    /// As it was sent.
    case logFile([UInt8])
}

/// Origin of the refused bytes of a request.
package struct DeadLetterOrigin: Sendable {
    /// The collector's label.
    package var source: String
    /// Name of the certificate that submitted them. The room is shared fairly between these.
    package var submitter: String
    /// Accounts that the certificate covers, sorted; nil for all.
    package var scope: [String]?
    /// The request was marked historical.
    package var isHistorical: Bool

    package init(source: String, submitter: String = "", scope: [String]? = nil, isHistorical: Bool = false) {
        self.source = source
        self.submitter = submitter
        self.scope = scope
        self.isHistorical = isHistorical
    }

    func covers(_ account: String) -> Bool { !account.isEmpty && (scope?.contains(account) ?? true) }
}

/// Dead letters that are asked for. An empty text and nil stand for all.
package struct DeadLetterQuery: Hashable, Sendable {
    package var reason = ""
    /// A part of the collector's label.
    package var source = ""
    /// Letters of this account, submitted by a certificate that covered it.
    package var accountID = ""
    /// The first refusal, inclusive.
    package var since: Int64?
    /// The first refusal, exclusive.
    package var until: Int64?
    /// Only letters of these accounts that a certificate submitted which covered the account: all that a caller with a
    /// certificate of some accounts may know of. Letters of unknown accounts are not among them.
    package var visibleAccounts: [String]?
    /// Only these; nil for all.
    package var ids: [Int64]?

    package init() {}
}

/// Number and size of some dead letters.
package struct DeadLetterTotals: Hashable, Sendable {
    package var letters: Int64 = 0
    package var records: Int64 = 0
    /// What they take in the store.
    package var storedBytes: Int64 = 0
    /// The first refusal of the oldest.
    package var oldestAt: Int64?
    /// Records of letters that were dropped for room, or that an older version did not keep.
    package var droppedForRoom: Int64 = 0
    /// Records of letters that were dropped for their age.
    package var droppedForAge: Int64 = 0

    package init() {}
}

/// Bounds of the dead letters, which tests make small.
package struct DeadLetterBounds: Sendable {
    /// Bytes in the store of all letters.
    package var storedBytes = JournalLimits.deadLettersStoredBytes
    /// All letters.
    package var letters = JournalLimits.deadLetters

    package init() {}
}
