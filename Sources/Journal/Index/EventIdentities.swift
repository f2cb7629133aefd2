// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// The identities of the store: its secret, and up to where blocks were written before there was one.
///
/// Stores of earlier versions identified an event by its eventID alone. Their blocks keep those plain identities until
/// the retention drops them; a plain identity makes a record a duplicate only where the stored record is of its account.
struct EventIdentities {
    let key: EventIdentityKey
    /// The newest block whose identities are plain eventIDs; 0 where there is none.
    let plainThrough: BlockID

    /// Gives a store its secret.
    static func create(_ database: Database) throws {
        let newest = try Int64.fetchOne(database, sql: "SELECT coalesce(max(block), 0) FROM block") ?? 0
        try Mark.plainIdentities.write(database, newest)
        try Mark.identityKeyFirst.write(database, .random(in: .min ... .max))
        try Mark.identityKeySecond.write(database, .random(in: .min ... .max))
    }

    init(_ database: Database) throws {
        plainThrough = try Mark.plainIdentities.read(database, default: 0)
        guard let first = try Mark.identityKeyFirst.find(database),
            let second = try Mark.identityKeySecond.find(database)
        else { throw JournalError.damaged("table mark", "the key of the events' identities is lost") }
        key = EventIdentityKey(UInt64(bitPattern: first), UInt64(bitPattern: second))
    }
}

/// The accounts of the records of plain blocks that were asked for last.
struct PlainBlockAccounts {
    private var blocks: [(block: BlockID, accounts: [AccountID?])] = []

    /// The account of a record in a plain block; nil where the block is gone or the record names none.
    mutating func account(at location: EventLocation, _ database: Database, _ events: EventReader) throws -> AccountID?
    {
        if let known = blocks.first(where: { $0.block == location.block }) {
            return known.accounts.indices.contains(location.index) ? known.accounts[location.index] : nil
        }
        // A block that can't be read tells of no account: the record counts as new, and is stored again.
        let stored: StoredBlock?
        do { stored = try BlockTable.fetch(database, location.block) } catch let error as JournalError
            where error.code == .damaged
        { stored = nil }
        guard let stored else { return nil }
        let accounts = (0..<stored.records.count).map { index in
            stored.records.withRecord(index) { try? events.read($0).account }
        }
        if blocks.count == JournalLimits.plainBlocksRemembered { blocks.removeFirst() }
        blocks.append((location.block, accounts))
        return accounts.indices.contains(location.index) ? accounts[location.index] : nil
    }
}

extension Transaction {
    /// Stores the records of a block that their accounts do not have yet.
    ///
    /// - Parameters:
    ///   - block: what a `BlockBuilder` made.
    ///   - ids: the eventID of each record, in the block's order.
    ///   - accounts: the account that received each.
    ///   - receivedAt: the service's clock in milliseconds since 1970.
    package func append(
        _ block: Block, ids: [EventID], accounts: [AccountID], receivedAt: Int64
    ) throws -> Admission {
        guard ids.count == accounts.count else {
            throw JournalError(.outOfBounds, "\(accounts.count) accounts of \(ids.count) records")
        }
        let key = writer.identities.key
        let identities = ids.indices.map { key.identity(of: ids[$0], in: accounts[$0]) }
        return try append(
            block, ids: identities, receivedAt: receivedAt, besides: try storedPlain(ids, accounts))
    }

    /// Which records a plain block holds already; empty where no plain block is left.
    private func storedPlain(_ ids: [EventID], _ accounts: [AccountID]) throws -> [Bool] {
        let last = writer.identities.plainThrough
        guard writer.state.firstBlock <= last else { return [] }
        let locations = try writer.index.locations(ids)
        guard locations.contains(where: { $0 != 0 }) else { return [] }
        let events = try EventReader()
        return try ids.indices.map { index in
            guard locations[index] != 0 else { return false }
            let location = EventLocation(packed: locations[index])
            guard location.block <= last else { return false }
            return try writer.plainAccounts.account(at: location, database, events) == accounts[index]
        }
    }
}

extension Reader {
    /// The records of an eventID that some accounts received, one for each account that has one.
    ///
    /// Each account costs a look-up of its own in the index.
    ///
    /// - Returns: nil where the budget was used up before all accounts were asked.
    package func records(
        _ id: EventID, of accounts: some Collection<AccountID>, budget: ReadBudget? = nil
    ) throws -> [StoredRecord]? {
        try read { database in
            let identities = try EventIdentities(database)
            var found: [StoredRecord] = []
            func add(_ wanted: [EventID]) throws {
                for location in try EventLookup.locate(database, wanted) {
                    guard let block = try BlockTable.fetch(database, location.block),
                        location.index < block.records.count
                    else { continue }
                    budget?.take(block.records.rawBytes)
                    found.append(StoredRecord(location: location, bytes: block.records[location.index]))
                }
            }
            // A plain identity may be of any account: whoever asks checks the record's.
            if try Mark.firstBlock.read(database, default: 1) <= identities.plainThrough { try add([id]) }
            var rest = accounts[...]
            while !rest.isEmpty {
                try budget?.check()
                if budget?.isSpent == true { return nil }
                try add(rest.prefix(JournalLimits.identitiesPerLookup).map { identities.key.identity(of: id, in: $0) })
                rest = rest.dropFirst(JournalLimits.identitiesPerLookup)
            }
            return found
        }
    }
}
