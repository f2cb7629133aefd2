// SPDX-License-Identifier: Apache-2.0

import Cryptography

/// An entry in its place in the audit log.
package struct AuditRecord: Hashable, Sendable {
    /// Its number: 1 for the first entry, and one more for each.
    package let sequence: Int64
    /// What was written.
    package let entry: AuditEntry
    /// SHA-256 over the hash of the entry before (32 zero bytes before the first) and the entry's canonical bytes.
    package let hash: [UInt8]

    /// A record as it was read.
    package init(sequence: Int64, entry: AuditEntry, hash: [UInt8]) {
        self.sequence = sequence
        self.entry = entry
        self.hash = hash
    }

    /// Its place in the chain.
    package var head: AuditHead { AuditHead(sequence: sequence, hash: hash) }
}

/// The end of an audit log: whoever knows it can tell later whether the log still has all that it had then, unchanged.
///
/// The chain alone can't tell that: who may write the database can cut the last entries off, or compute a chain anew.
/// A head that was noted where that person can't write (the service's log on another machine, a monitoring system, the
/// file of a regular `audit verify` elsewhere) can.
package struct AuditHead: Hashable, Sendable, CustomStringConvertible {
    /// The number of the last entry; 0 for an empty log.
    package let sequence: Int64
    /// Its hash.
    package let hash: [UInt8]

    /// The head of an empty log.
    package static let empty = AuditHead(sequence: 0, hash: [UInt8](repeating: 0, count: SHA256.byteCount))

    /// A head of these parts.
    package init(sequence: Int64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Reads `SEQUENCE:HASH`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = Int64(parts[0]), sequence >= 0,
            let hash = Hexadecimal.decode(parts[1]), hash.count == SHA256.byteCount
        else { return nil }
        self.init(sequence: sequence, hash: hash)
    }

    /// `SEQUENCE:HASH`, the hash in hexadecimal digits.
    package var description: String { "\(sequence):\(Hexadecimal.encode(hash))" }

    /// The record of the next entry.
    package func next(_ entry: AuditEntry) -> AuditRecord {
        let number = sequence + 1
        return AuditRecord(
            sequence: number, entry: entry, hash: SHA256.hash(hash + entry.canonical(sequence: number)))
    }
}

/// Where an audit log is not what was written.
package struct AuditBreak: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Kind: Hashable, Sendable {
        /// The entry is not there, and later ones are.
        case missing
        /// The entry, its hash, or the hash of the one before it is not what was written.
        case altered
        /// The log ends before a head that it once had.
        case cut
        /// The entry is not the one that a noted head was made of: the chain was computed anew.
        case rewritten
        /// No entry tells of the cut up to this one: the beginning was taken off by somebody else.
        case unprovenCut
    }

    /// The number of the first entry that is wrong.
    package let sequence: Int64
    /// What is wrong with it.
    package let kind: Kind

    /// A break at an entry.
    package init(sequence: Int64, kind: Kind) {
        self.sequence = sequence
        self.kind = kind
    }

    /// For a person.
    package var description: String {
        switch kind {
        case .missing: "entry \(sequence) is missing"
        case .altered: "entry \(sequence) was altered: its hash does not fit it and the entry before"
        case .cut: "entry \(sequence) is missing: the end of the log was cut off"
        case .unprovenCut:
            "the log begins after entry \(sequence), and no entry of it says that the retention cut it there"
        case .rewritten: "entry \(sequence) is not the one that was noted: the log was written anew"
        }
    }
}

/// Walks an audit log from its first entry, or from where the retention cut it, and finds the first break. A value without
/// I/O.
package struct AuditVerifier: Sendable {
    /// The last entry that was found to be right.
    package private(set) var head = AuditHead.empty
    /// Heads that were noted of entries which the retention took: nothing can be said of them any more.
    package private(set) var forgotten: [AuditHead] = []
    private var noted: [AuditHead]
    /// Where the log begins; nil for its first entry.
    package private(set) var anchor: AuditAnchor?
    private var isCutProven = false

    /// - Parameter noted: heads that the log had before, in any order; each must still be in it, or before its cut.
    package init(noted: [AuditHead] = []) {
        self.noted = noted.sorted { $0.sequence < $1.sequence }.filter { $0.sequence > 0 }
    }

    /// Begins behind a cut of the retention, before the first record. That the retention made it must be told by an entry
    /// behind it, which the chain protects.
    package mutating func begin(after anchor: AuditAnchor) throws(AuditBreak) {
        self.anchor = anchor
        head = anchor.head
        for old in noted where old.sequence == anchor.head.sequence {
            guard old.hash == anchor.head.hash else {
                throw AuditBreak(sequence: old.sequence, kind: .rewritten)
            }
        }
        forgotten = noted.filter { $0.sequence < anchor.head.sequence }
        noted.removeAll { $0.sequence <= anchor.head.sequence }
    }

    /// Takes the next record. Throws where it breaks the chain; nothing more should be asked then.
    package mutating func check(_ record: AuditRecord) throws(AuditBreak) {
        let number = head.sequence + 1
        guard record.sequence == number else {
            throw AuditBreak(sequence: number, kind: record.sequence > number ? .missing : .altered)
        }
        let expected = head.next(record.entry)
        guard expected.hash == record.hash else { throw AuditBreak(sequence: number, kind: .altered) }
        while let next = noted.first, next.sequence == number {
            guard next.hash == record.hash else { throw AuditBreak(sequence: number, kind: .rewritten) }
            noted.removeFirst()
        }
        head = expected.head
        if let anchor, AuditAnchor.isTold(anchor.head, by: record.entry) { isCutProven = true }
    }

    /// Says that there are no more records. Throws where the log should be longer.
    package func finish() throws(AuditBreak) {
        if !noted.isEmpty { throw AuditBreak(sequence: head.sequence + 1, kind: .cut) }
        if let anchor, !isCutProven { throw AuditBreak(sequence: anchor.head.sequence, kind: .unprovenCut) }
    }
}
