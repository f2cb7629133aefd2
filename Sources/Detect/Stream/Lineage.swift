// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// A session whose maker is not known, or not for certain: the events of it may yet get another actor.
package struct PendingSession: Hashable, Sendable {
    /// Stands for the session among all: a hash of its key, else of its id.
    package let id: UInt64
    package let identity: SessionIdentity
    /// What to look up again when it becomes known, as hashes.
    package let watched: [CorrelationKey]

    package init(identity: SessionIdentity, watched: [CorrelationKey]) {
        let name = identity.accessKeyID.isEmpty ? identity.principalID : identity.accessKeyID
        id = Lineage.hash(.key, name).high
        self.identity = identity
        self.watched = watched
    }
}

/// Who stands behind sessions: what the events that made them say. A value that does no I/O.
///
/// A session's event is joined with the event that made it by the issued key, which is exact; else by the role's id with
/// the session name, else by the source identity, each where all that is known of it leads to one caller. What it finds
/// follows from the set of events alone. Bounded in sessions and in time.
///
/// A record is believed about what its account can know, since a collector of one account could write anything of another:
/// the caller's account knows who of its own called, the role's account that a session of its own was made. Of a caller of
/// another account it knows no more than an id, which leads no further. Where the role's account tells of a session's
/// making, another account's record of it counts only for the caller's account that the role's account names.
///
/// Of the events that lead to one caller a join keeps the earliest, and of the callers those whose earliest is first: more
/// are not asked for, since where two callers disagree it leads to neither. So however many made sessions of one name,
/// what is kept does not depend on the order in which they came.
///
/// Of events that are too many those of the account that told the most go first: by `FairShare`, so that the sessions that
/// one account's records make up displace none of another's.
package struct Lineage: Sendable {
    /// Who acts, as far as is known.
    package struct Resolution: Equatable, Sendable {
        package let principal: String
        /// The session to ask for again when more is known; nil where nothing can change any more.
        package let pending: PendingSession?
    }

    enum Join: UInt64 { case key = 11, role = 12, source = 13 }

    /// One event that made a session, as one of its joins knows it.
    private struct Origin: Sendable, Equatable {
        let caller: Issuance.Caller
        let reference: EventReference
        /// When it, or one that leads to the same caller, came, in seconds.
        var touched: UInt32

        /// Across accounts one call has two events; the caller's own account knows more of who it was.
        let rank: Int
        /// The account that received the event.
        let recorder: AccountID
        let callerAccount: AccountID?
        let sessionAccount: AccountID

        /// Whether the event is of the account whose session was made.
        var isOfSessionsAccount: Bool { recorder == sessionAccount }
        /// Whether the event speaks of a caller of its own account, or of one that is of none.
        var knowsCaller: Bool { callerAccount == nil ? isOfSessionsAccount : callerAccount == recorder }

        /// An event's word, nil where its account can't know it.
        init?(_ issuance: Issuance, touched: UInt32) {
            (caller, reference, self.touched) = (issuance.caller, issuance.reference, touched)
            (recorder, callerAccount) = (issuance.accountID, issuance.callerAccount)
            sessionAccount = issuance.sessionAccount
            guard recorder == sessionAccount || recorder == callerAccount else { return nil }
            if let callerAccount, callerAccount != recorder {
                // AWS tells the role's account no name of a stranger.
                guard issuance.caller.account == nil else { return nil }
            }
            switch issuance.caller {
            case .service: rank = 3
            case .principal(let name): rank = name.hasPrefix("arn:") ? 2 : 0
            case .session(let session): rank = session.principal.hasPrefix("arn:") ? 1 : 0
            }
        }

        /// Whether two are counted against one bound: what one account tells displaces nothing of another's.
        func isRival(of other: Origin) -> Bool {
            rank == other.rank && recorder == other.recorder && sessionAccount == other.sessionAccount
        }

        /// Whether two lead to the same caller, whatever key he used.
        func agrees(_ other: Origin) -> Bool {
            switch (caller, other.caller) {
            case (.session(let first), .session(let second)):
                first.principalID == second.principalID && first.principal == second.principal
            default: caller == other.caller
            }
        }
    }

    private var origins: [CorrelationKey: [Origin]] = [:]
    /// Origins by the account whose record told of them.
    private var told = Holdings<AccountID>()
    private var log: [Issuance] = []
    private let capacity: Int
    /// Origins of sessions forgotten before their time, since there were too many.
    package private(set) var evicted = 0

    package init(capacity: Int = DetectLimits.lineageSessions) { self.capacity = max(1, capacity) }

    static func hash(_ join: Join, _ text: String) -> CorrelationKey {
        var hasher = CorrelationHasher(join.rawValue)
        hasher.combine(text)
        return hasher.key
    }

    /// A source identity means somebody within one account.
    private static func source(_ session: SessionIdentity) -> CorrelationKey {
        let parts = session.principal.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return hash(.source, "\(parts.count == 6 ? parts[4] : "") \(session.sourceIdentity)")
    }

    /// How many joins are known.
    package var count: Int { origins.count }

    /// What it takes in memory, about: the table's buckets, the list of each join, and two names of an origin, which the
    /// joins of one event share.
    var bytes: Int { origins.count * 96 + told.total * (MemoryLayout<Origin>.stride + 96) }

    /// Takes in an event that made a session.
    /// - Returns: what is known anew, as hashes that pending sessions watch.
    package mutating func learn(_ issuance: Issuance, now: Milliseconds) -> [CorrelationKey] {
        guard let origin = Origin(issuance, touched: now.wholeSeconds) else { return [] }
        let changed = Self.joins(issuance).filter { insert(origin, $0) }
        if !changed.isEmpty { log.append(issuance) }
        if told.total > capacity { evict() }
        return changed
    }

    /// The hashes under which an event is known. A source identity is known by who set it, not by who handed it on.
    private static func joins(_ issuance: Issuance) -> [CorrelationKey] {
        let session = issuance.session
        var joins: [CorrelationKey] = []
        if !session.accessKeyID.isEmpty { joins.append(hash(.key, session.accessKeyID)) }
        if !session.principalID.isEmpty { joins.append(hash(.role, session.principalID)) }
        if !session.sourceIdentity.isEmpty, case .principal = issuance.caller {
            joins.append(source(session))
        }
        return joins
    }

    /// Whether anything else may follow from what a join knows.
    private mutating func insert(_ origin: Origin, _ key: CorrelationKey) -> Bool {
        var known = origins[key] ?? []
        if let place = known.firstIndex(where: { $0.isRival(of: origin) && $0.agrees(origin) }) {
            if known[place].reference <= origin.reference {
                origins[key]?[place].touched = max(known[place].touched, origin.touched)
                return false
            }
            known.remove(at: place)
        }
        let place = known.firstIndex { $0.reference > origin.reference } ?? known.count
        known.insert(origin, at: place)
        if known.count(where: { $0.isRival(of: origin) }) > DetectLimits.lineageCallers,
            let last = known.lastIndex(where: { $0.isRival(of: origin) })
        {
            known.remove(at: last)
            if last == place { return false }
        }
        set(known, key)
        return true
    }

    /// Replaces what a join knows.
    private mutating func set(_ known: [Origin], _ key: CorrelationKey) {
        for origin in origins[key] ?? [] { told.add(-1, to: origin.recorder) }
        for origin in known { told.add(1, to: origin.recorder) }
        origins[key] = known.isEmpty ? nil : known
    }

    /// What a join knows of a session of an account, in the order of events. Of one whose account nothing tells, what
    /// callers' own accounts say of them.
    private func believed(_ key: CorrelationKey, _ account: AccountID?) -> [Origin]? {
        guard let known = origins[key] else { return nil }
        guard let account else { return known.filter(\.knowsCaller) }
        let meant = known.filter { $0.sessionAccount == account }
        let own = meant.filter(\.isOfSessionsAccount)
        guard !own.isEmpty, own.count < meant.count else { return meant }
        let callers = Set(own.map(\.callerAccount))
        return meant.filter { $0.isOfSessionsAccount || callers.contains($0.callerAccount) }
    }

    /// The best of what an exact join knows.
    private func exact(_ key: CorrelationKey, _ account: AccountID?) -> Origin? {
        believed(key, account)?.max { ($0.rank, $1.reference) < ($1.rank, $0.reference) }
    }

    /// What a join knows where it leads to one caller, as it was at a time.
    private func unanimous(_ key: CorrelationKey, _ account: AccountID?, _ time: Milliseconds) -> Origin? {
        guard let known = believed(key, account) else { return nil }
        var best: Int?
        var isUnanimous = true
        // In the order of events: the first of the best rank is the one that is meant.
        for index in known.indices where known[index].reference.time <= time {
            if let first = best, known[index].rank <= known[first].rank {
                if known[index].rank == known[first].rank {
                    isUnanimous = isUnanimous && known[index].agrees(known[first])
                }
            } else {
                (best, isUnanimous) = (index, true)
            }
        }
        return isUnanimous ? best.map { known[$0] } : nil
    }

    /// Who stands behind an event's actor.
    ///
    /// - Parameter time: sessions made later than this don't count, where it is not the key that tells.
    package func resolve(_ actor: Actor, asOf time: Milliseconds = .max) -> Resolution {
        guard let session = actor.session else { return Resolution(principal: actor.principal, pending: nil) }
        return resolve(session, asOf: time)
    }

    /// Who stands behind a session.
    package func resolve(_ session: SessionIdentity, asOf time: Milliseconds = .max) -> Resolution {
        var watched: [CorrelationKey] = []
        var current = session
        var account = session.account
        var principal = session.principal
        search: for _ in 0..<DetectLimits.lineageDepth {
            if !current.principal.isEmpty { principal = current.principal }
            let origin = origin(of: current, account, &watched, asOf: time)
            switch origin?.caller {
            case nil, .service: break search
            case .principal(let name):
                principal = name
                break search
            case .session(let next):
                guard next != current else { break search }
                current = next
                account = next.account ?? origin?.callerAccount
                guard origin?.knowsCaller == true else {
                    if !next.principal.isEmpty { principal = next.principal }
                    break search
                }
            }
        }
        return Resolution(
            principal: principal,
            pending: watched.isEmpty ? nil : PendingSession(identity: session, watched: watched))
    }

    private func origin(
        of session: SessionIdentity, _ account: AccountID?, _ watched: inout [CorrelationKey],
        asOf time: Milliseconds = .max
    ) -> Origin? {
        if !session.accessKeyID.isEmpty {
            let key = Self.hash(.key, session.accessKeyID)
            let found = exact(key, account)
            // What another account tells of the session may be overruled by the session's own.
            if found.map({ $0.rank == 0 || !$0.isOfSessionsAccount }) ?? true { watched.append(key) }
            if let found { return found }
        }
        if !session.principalID.isEmpty {
            let key = Self.hash(.role, session.principalID)
            watched.append(key)
            if let found = unanimous(key, account, time) { return found }
        }
        if !session.sourceIdentity.isEmpty {
            let key = Self.source(session)
            watched.append(key)
            if let found = unanimous(key, account, time) { return found }
        }
        return nil
    }

    /// Who made a session, as far as is known for certain, and the account that he is of.
    ///
    /// - Parameter account: the session's account, where its ARN does not name it.
    package func caller(
        of session: SessionIdentity, in account: AccountID? = nil
    ) -> Maker? {
        var watched: [CorrelationKey] = []
        return origin(of: session, session.account ?? account, &watched).map {
            Maker(
                caller: $0.caller, account: $0.callerAccount, leadsOn: $0.knowsCaller, reference: $0.reference,
                recorder: $0.recorder)
        }
    }

    /// The caller who made a session, and the event that tells.
    package struct Maker: Sendable {
        package let caller: Issuance.Caller
        package let account: AccountID?
        /// False of a stranger to the account that tells: his own session is not looked up.
        package let leadsOn: Bool
        package let reference: EventReference
        /// The account that received the event.
        package let recorder: AccountID
    }

    /// Forgets sessions that can't live any more.
    package mutating func expire(now: Milliseconds) {
        let now = now.wholeSeconds
        // A clock that ran ahead may have touched them.
        for (key, known) in origins where known.contains(where: { $0.touched > now }) {
            for place in known.indices { origins[key]?[place].touched = min(known[place].touched, now) }
        }
        let horizon = now > DetectLimits.lineageSeconds ? now - DetectLimits.lineageSeconds : 0
        for (key, known) in origins where known.contains(where: { $0.touched < horizon }) {
            set(known.filter { $0.touched >= horizon }, key)
        }
    }

    private mutating func evict() {
        let entries = origins.lazy.flatMap { key, known in
            known.map { origin in
                FairShare.Entry(
                    tenant: origin.recorder, age: origin.touched,
                    key: Place(join: key, recorder: origin.recorder, reference: origin.reference))
            }
        }
        let surplus = FairShare.surplus(leaving: capacity - max(1, capacity / 10), of: told, entries)
        for place in surplus {
            let left = (origins[place.join] ?? []).filter {
                $0.recorder != place.recorder || $0.reference != place.reference
            }
            set(left, place.join)
        }
        evicted += surplus.count
    }

    /// Where an origin stands.
    private struct Place: Comparable {
        let join: CorrelationKey
        let recorder: AccountID
        let reference: EventReference

        static func < (left: Self, right: Self) -> Bool {
            (left.join, left.recorder, left.reference) < (right.join, right.recorder, right.reference)
        }
    }
}

// MARK: The log

extension Lineage: StreamPart {
    mutating func expire(_ marks: Watermarks, now: Milliseconds) { expire(now: now) }

    mutating func correctClock(now: Milliseconds) { expire(now: now) }

    /// What was learned since the last call.
    mutating func takeLog() -> [UInt8] {
        var writer = FieldWriter()
        for issuance in log { IssuanceCodec.write(issuance, to: &writer) }
        log = []
        return writer.bytes
    }

    /// Takes in what `takeLog` or `live` gave.
    mutating func replay(_ bytes: [UInt8], now: Milliseconds) {
        for issuance in IssuanceCodec.read(bytes) { _ = learn(issuance, now: now) }
        log = []
    }

    /// What still counts of bytes that `takeLog` gave.
    func live(_ bytes: [UInt8]) -> [UInt8] {
        var writer = FieldWriter()
        for issuance in IssuanceCodec.read(bytes) {
            let isLive = Self.joins(issuance).contains { key in
                origins[key]?.contains { $0.reference == issuance.reference } ?? false
            }
            if isLive { IssuanceCodec.write(issuance, to: &writer) }
        }
        return writer.bytes
    }
}
