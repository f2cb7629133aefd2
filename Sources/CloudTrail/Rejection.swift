// SPDX-License-Identifier: Apache-2.0

/// Why a record, or a whole payload, was refused: the fixed vocabulary of the contract's `Rejection.reason`.
package enum RejectionReason: String, Sendable, CaseIterable {
    case notJSON = "not_json"
    case notAnObject = "not_an_object"
    case invalidUTF8 = "invalid_utf8"
    case nestedTooDeep = "nested_too_deep"
    case recordTooLarge = "record_too_large"
    case missingField = "missing_field"
    case wrongType = "wrong_type"
    case invalidValue = "invalid_value"
    case memberTwice = "member_twice"
    case eventInFuture = "event_in_future"
    case accountNotOnboarded = "account_not_onboarded"
    case emptyBatch = "empty_batch"
    case sequenceNotIncreasing = "sequence_not_increasing"
    case sourceTooLong = "source_too_long"
    case truncatedGzip = "truncated_gzip"
    case invalidGzip = "invalid_gzip"
    case decompressedTooLarge = "decompressed_too_large"
    case invalidZstd = "invalid_zstd"
    case invalidBase64 = "invalid_base64"
    case notALogFile = "not_a_log_file"
    case notACloudTrailEvent = "not_a_cloudtrail_event"
    case noPayload = "no_payload"
    case tooManyRecords = "too_many_records"
}

/// A refusal in words: the reason for programs, the field and the limit for people.
package struct Rejection: Error, Sendable, Equatable {
    package let reason: RejectionReason
    package let detail: String

    package init(_ reason: RejectionReason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}
