// SPDX-License-Identifier: Apache-2.0

/// What the verification of digests found out about one object, or about a span of time.
package struct DigestFinding: Hashable, Sendable {
    /// The vocabulary of findings. A name of the raw values is stable: alerts and exports carry it.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The log file is as CloudTrail delivered it.
        case logFileValid = "log_file_valid"
        /// A digest names the log file, and it is gone.
        case logFileMissing = "log_file_missing"
        /// The log file is not what CloudTrail delivered.
        case logFileAltered = "log_file_altered"
        /// The log file is there, and no digest of its time names it.
        case logFileUnsigned = "log_file_unsigned"
        /// The log file could not be read, so nothing is known of it.
        case logFileUnreadable = "log_file_unreadable"
        /// The digest is CloudTrail's, and in its place in the chain.
        case digestValid = "digest_valid"
        /// The chain names the digest, and it is gone.
        case digestMissing = "digest_missing"
        /// The content is no digest, or not the one that its successor names.
        case digestAltered = "digest_altered"
        /// The digest has no signature.
        case digestUnsigned = "digest_unsigned"
        /// The signature is not CloudTrail's over this content.
        case digestSignatureInvalid = "digest_signature_invalid"
        /// The key that it says signed it is not among CloudTrail's.
        case digestKeyUnknown = "digest_key_unknown"
        /// The digest was made for another place: it has been moved or copied here.
        case digestMoved = "digest_moved"
        /// The digest lies among those of the chain, and the chain does not lead to it.
        case digestOutsideChain = "digest_outside_chain"
        /// The digest could not be fetched, so nothing is known of it.
        case digestUnreadable = "digest_unreadable"
        /// No digest covers the time: validation or the trail was off.
        case gap = "gap"
        /// The newest digest is too old: the next has been deleted, or not been delivered.
        case endsEarly = "ends_early"
        /// There is no digest at all.
        case noDigests = "no_digests"
    }

    package let kind: Kind
    /// The object; nil for a finding about time.
    package let location: ObjectLocation?
    /// The span that it is about: a digest's hour, or a gap.
    package let start: Milliseconds?
    package let end: Milliseconds?
    /// More about it, for people.
    package let detail: String

    package init(
        _ kind: Kind, _ location: ObjectLocation? = nil, start: Milliseconds? = nil, end: Milliseconds? = nil,
        detail: String = ""
    ) {
        self.kind = kind
        self.location = location
        self.start = start
        self.end = end
        self.detail = detail
    }

    /// How a finding counts.
    package enum Verdict: Hashable, Sendable {
        case good
        /// Nothing could be found out; to look again may help.
        case unknown
        /// Somebody has been at the log, or could have been unseen.
        case bad
    }

    /// How the finding counts.
    package var verdict: Verdict {
        switch kind {
        case .logFileValid, .digestValid: .good
        case .logFileUnreadable, .digestUnreadable: .unknown
        case .logFileMissing, .logFileAltered, .logFileUnsigned, .digestMissing, .digestAltered, .digestUnsigned,
            .digestSignatureInvalid, .digestKeyUnknown, .digestMoved, .digestOutsideChain, .gap, .endsEarly,
            .noDigests:
            .bad
        }
    }
}
