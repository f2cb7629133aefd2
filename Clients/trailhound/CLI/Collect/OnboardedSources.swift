// SPDX-License-Identifier: Apache-2.0

import AWS
import Messages
import Synchronization

/// Sources to collect from, as onboarding recorded them: accounts that share a queue or a bucket are one.
package struct OnboardedSources: Sendable, Equatable {
    /// A role to read with.
    package struct Access: Sendable, Hashable {
        /// Empty for the collector's own credentials.
        package let roleARN: String
        package let externalID: String
        /// The region of the account's trail; empty where it is not recorded.
        package let region: String
    }

    /// A source and how it can be read.
    package struct Entry: Sendable, Equatable {
        package var source: CollectSource
        /// The accounts whose log files lie there, in order.
        package var accounts: [String]
        /// The ways to read it, the likeliest first.
        package var access: [Access]

        /// The source without its accounts: it stays the same when one joins.
        package var place: CollectSource {
            var place = source
            place.accounts = []
            return place
        }

        /// The accounts and the place in words.
        package var text: String {
            "\(accounts.count == 1 ? "account" : "accounts") \(accounts.joined(separator: ", ")): \(source.text)"
        }
    }

    /// The sources, by their first account.
    package private(set) var entries: [Entry] = []
    /// Accounts of which neither a bucket nor a queue is recorded.
    package private(set) var without: [String] = []

    package init(_ accounts: [Account]) {
        var places: [CollectSource: Int] = [:]
        var owners: [Int: String] = [:]
        for account in accounts.sorted(by: { $0.accountID < $1.accountID }) {
            guard account.state != .offboarded else { continue }
            let connection = account.connection ?? AccountConnection()
            guard !connection.bucket.isEmpty || !connection.queueURL.isEmpty else {
                without.append(account.accountID)
                continue
            }
            var source = CollectSource()
            if !connection.queueURL.isEmpty { source.queueURL = connection.queueURL }
            if !connection.bucket.isEmpty { source.bucket = connection.bucket }
            source.keyPrefix = CollectCommand.keyPrefix(connection.keyPrefix)
            let access = Access(
                roleARN: connection.roleArn, externalID: account.externalID, region: connection.region)
            let place = places[source] ?? entries.count
            if place == entries.count {
                places[source] = place
                owners[place] = source.queueURL.flatMap { (try? QueueAddress($0))?.accountID }
                entries.append(Entry(source: source, accounts: [], access: []))
            }
            entries[place].accounts.append(account.accountID)
            // Whoever owns the queue can read it without anybody's leave.
            let isOwner = owners[place] == account.accountID
            entries[place].access.insert(access, at: isOwner ? 0 : entries[place].access.endIndex)
        }
        for index in entries.indices { entries[index].source.accounts = Set(entries[index].accounts) }
    }
}

/// The sources that are recorded now, shared between who asks for them and who collects from them.
final class SourceRegistry: Sendable {
    private let entries = Mutex<[CollectSource: OnboardedSources.Entry]>([:])

    /// Takes what is recorded now. The entries of places that were not known before.
    func replace(_ now: [OnboardedSources.Entry]) -> [OnboardedSources.Entry] {
        entries.withLock { entries in
            let fresh = now.filter { entries[$0.place] == nil }
            entries = Dictionary(now.map { ($0.place, $0) }) { first, _ in first }
            return fresh
        }
    }

    /// The record of a place; nil once there is none.
    func entry(_ place: CollectSource) -> OnboardedSources.Entry? { entries.withLock { $0[place] } }
}
