// SPDX-License-Identifier: Apache-2.0

/// What a check of a store found.
package struct StoreReport: Sendable {
    /// Something that is not what was written.
    package struct Finding: Hashable, Sendable {
        /// The table, block, alert or other part at fault.
        package let place: String
        package let problem: String

        package init(_ place: String, _ problem: String) {
            self.place = place
            self.problem = problem
        }
    }

    /// Things of a kind that were read.
    package struct Count: Hashable, Sendable {
        package let kind: String
        package var read = 0
        package var damaged = 0
    }

    /// Records that can't be read any more: those of a block, or of a day's blocks whose rows are gone.
    package struct Loss: Hashable, Sendable {
        /// The UTC day on which the service received them.
        package let day: Day
        /// The block; nil for blocks whose rows can't be read.
        package let block: BlockID?
        package let records: Int64
        /// Their event times, in milliseconds since 1970; nil where those can't be read either.
        package let times: ClosedRange<Int64>?
        /// The accounts that have records in readable blocks of that day: the lost ones are likely theirs.
        package var accounts: [String] = []
    }

    /// Records of an account that are missing from a store from which no day was dropped.
    package struct Shortfall: Hashable, Sendable {
        package let account: String
        package let missing: Int64
        package let stored: Int64
    }

    package internal(set) var counts: [Count] = []
    /// Up to `JournalLimits.checkFindings`; the counts are whole.
    package internal(set) var findings: [Finding] = []
    package internal(set) var findingCount = 0
    package internal(set) var losses: [Loss] = []
    package internal(set) var shortfalls: [Shortfall] = []

    package init() {}

    /// Nothing is damaged.
    package var isClean: Bool { findingCount == 0 }

    /// Records that are lost.
    package var lostRecords: Int64 { losses.reduce(0) { $0 + $1.records } }

    package mutating func add(_ place: String, _ problem: String) {
        findingCount += 1
        if findings.count < JournalLimits.checkFindings { findings.append(Finding(place, problem)) }
    }

    mutating func add(_ error: any Error, at place: String) {
        let error = JournalError.wrapping(error)
        guard let error = error as? JournalError else { return add(place, "\(error)") }
        // The message of damage begins with its place.
        let own = error.place ?? place
        let prefix = own + ": "
        add(own, error.message.hasPrefix(prefix) ? String(error.message.dropFirst(prefix.count)) : error.message)
    }

    /// Counts a thing of a kind.
    mutating func count(_ kind: String, isDamaged: Bool = false) {
        let index = counts.firstIndex { $0.kind == kind } ?? counts.count
        if index == counts.count { counts.append(Count(kind: kind)) }
        counts[index].read += 1
        if isDamaged { counts[index].damaged += 1 }
    }
}

/// The bytes that the journal keeps for its caller, as the caller reads them: each returns what is wrong, nil for nothing.
package struct PayloadChecks: Sendable {
    package var alert: @Sendable ([UInt8]) -> String? = { _ in nil }
    package var remediation: @Sendable (RemediationRow) -> String? = { _ in nil }
    package var policy: @Sendable (RemediationPolicyRow) -> String? = { _ in nil }
    package var state: @Sendable (_ name: String, _ value: [UInt8]) -> String? = { _, _ in nil }

    package init() {}
}
