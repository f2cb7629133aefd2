// SPDX-License-Identifier: Apache-2.0

/// What became of the records.
package struct SubmitTally: Sendable, Equatable {
    /// One refused record.
    package struct Refusal: Sendable, Equatable {
        package let file: String
        /// Counted from 1 within the file, as a person counts; nil where the whole file was refused.
        package let record: UInt64?
        package let reason: String
        package let detail: String
        /// The record's place in the decompressed data, where it is known.
        package let offset: UInt64?
        package let extent: UInt64?

        package init(
            file: String, record: UInt64?, reason: String, detail: String, offset: UInt64? = nil, extent: UInt64? = nil
        ) {
            self.file = file
            self.record = record
            self.reason = reason
            self.detail = detail
            self.offset = offset
            self.extent = extent
        }
    }

    package private(set) var accepted: UInt64 = 0
    package private(set) var duplicate: UInt64 = 0
    package private(set) var rejected: UInt64 = 0
    package private(set) var refusals: [Refusal] = []
    /// Rejections by reason.
    package private(set) var reasons: [String: UInt64] = [:]

    package init() {}

    /// Records that have been answered.
    package var answered: UInt64 { accepted + duplicate + rejected }

    /// Adds an acknowledgement.
    package mutating func add(accepted: UInt32, duplicate: UInt32, rejected: UInt32, refusals: [Refusal]) {
        self.accepted += UInt64(accepted)
        self.duplicate += UInt64(duplicate)
        self.rejected += UInt64(rejected)
        for refusal in refusals { note(refusal) }
    }

    /// Adds refusals to their reasons that are not listed one by one.
    package mutating func add(unlisted: [String: UInt64]) {
        for (reason, count) in unlisted where count > 0 { reasons[reason, default: 0] += count }
    }

    /// Adds something that was refused before it was sent.
    package mutating func addLocal(_ refusal: Refusal) {
        rejected += 1
        note(refusal)
    }

    private mutating func note(_ refusal: Refusal) {
        reasons[refusal.reason, default: 0] += 1
        if refusals.count < Limits.listedRejections { refusals.append(refusal) }
    }

    /// `2,900 accepted, 0 duplicate, 0 rejected in 1.2 s (2,416/s)`.
    package func summary(seconds: Double) -> String {
        let rate = seconds > 0 ? Double(answered) / seconds : 0
        return "\(Numbers.grouped(accepted)) accepted, \(Numbers.grouped(duplicate)) duplicate, "
            + "\(Numbers.grouped(rejected)) rejected in \(Numbers.duration(seconds)) "
            + "(\(Numbers.grouped(UInt64(max(0, rate.rounded()))))/s)"
    }

    /// For each reason, most frequent first, how often and the first few cases.
    package var explanation: [String] {
        let remedy =
            reasons["account_not_onboarded"] == nil
            ? []
            : [
                "The service keeps refused records: trailhound dead-letters list shows them. Once their account is "
                    + "onboarded, trailhound dead-letters resubmit --account ACCOUNT-ID brings them in."
            ]
        let ordered = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return ordered.flatMap { reason, count in
            let cases = refusals.lazy.filter { $0.reason == reason }.prefix(Limits.shownRejectionsPerReason)
            return ["rejected, \(reason): \(Numbers.grouped(count))"]
                + cases.map { refusal in
                    var place = refusal.record.map { "\(refusal.file), record \($0)" } ?? refusal.file
                    if let offset = refusal.offset, let extent = refusal.extent {
                        place += " (byte \(offset), \(extent) bytes)"
                    }
                    return "  \(place)" + (refusal.detail.isEmpty ? "" : ": \(refusal.detail)")
                }
        } + remedy
    }

    /// The result for programs.
    package func json(files: Int, seconds: Double) -> JSONNode {
        .object([
            .init("accepted", .unsigned(accepted)),
            .init("duplicate", .unsigned(duplicate)),
            .init("rejected", .unsigned(rejected)),
            .init("files", .unsigned(UInt64(files))),
            .init("seconds", .decimal(seconds)),
            .init("rejections", .array(refusals.map(Self.json))),
        ])
    }

    private static func json(_ refusal: Refusal) -> JSONNode {
        .sparse([
            .init("file", .string(refusal.file)),
            .init("record", refusal.record.map { .unsigned($0) } ?? .null),
            .init("reason", .string(refusal.reason)),
            .init("detail", .string(refusal.detail)),
            .init("offset", refusal.offset.map { .unsigned($0) } ?? .null),
            .init("extent", refusal.extent.map { .unsigned($0) } ?? .null),
        ])
    }
}
