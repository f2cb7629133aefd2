// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages
import RPC

/// Follows a key, a session or an event back to who started it, in the archive.
struct LineageQuery: Sendable {
    let value: String
    /// The accounts that the caller may see; nil for all.
    let accounts: Set<AccountID>?

    /// The calls that make sessions. Each look-up asks for one by name beside the session, so that it reads few blocks.
    private static let calls = [
        "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "GetSessionToken",
        "GetFederationToken", "SwitchRole",
    ]

    private struct Step {
        let event: EventSummary
        let issuance: Issuance
        let arn: String
    }

    /// The chain, or nil where no stored event carries the value.
    func run(_ reader: Reader, _ budget: ReadBudget) throws -> GetLineageResponse? {
        let events = try EventReader()
        var lineage = Lineage()
        var steps: [Step] = []
        guard let start = try start(reader, events, budget) else { return nil }
        var actor = start.principal
        var session = start.session
        var account: AccountID?
        chain: while let current = session, steps.count < DetectLimits.lineageDepth {
            let candidates = try made(current, reader, events, budget)
            for step in candidates { _ = lineage.learn(step.issuance, now: 0) }
            guard let origin = lineage.caller(of: current, in: account),
                let step = candidates.first(where: {
                    $0.issuance.reference == origin.reference && $0.issuance.accountID == origin.recorder
                })
            else { break }
            steps.append(step)
            account = origin.account
            switch origin.caller {
            case .service:
                actor = current.principal
                session = nil
            case .principal(let name):
                actor = name
                session = nil
            case .session(let next):
                actor = next.principal
                session = next == current ? nil : next
                // What is told of a stranger's session leads no further.
                guard origin.leadsOn else { break chain }
            }
        }
        return GetLineageResponse(
            actor: actor, steps: steps.reversed().map(Self.message), isComplete: session == nil)
    }

    /// The actor of the event, key or session that is asked for, and its session.
    private func start(
        _ reader: Reader, _ events: EventReader, _ budget: ReadBudget
    ) throws -> (principal: String, session: SessionIdentity?)? {
        for record in try reader.records(EventID(value), within: accounts, budget) {
            if let event = try? record.bytes.withUnsafeBytes({ try events.read($0) }), event.reference.text == value,
                accepts(event)
            {
                return (event.actor.principal, event.actor.session)
            }
        }
        // An event of the session says the most; else the call that made it.
        var found: CloudTrail.Actor?
        _ = try reader.search(tokens: [LookupToken(value)], limit: 1, budget: budget) { bytes in
            guard let event = try? events.read(bytes), accepts(event) else { return false }
            let actor = event.actor
            guard [actor.accessKeyID, actor.principalID, actor.arn].contains(value) else { return false }
            found = actor
            return true
        }
        if let found { return (found.principal, found.session) }
        for step in try search(
            LookupToken(value), reader, events, budget,
            where: { step in
                [step.issuance.session.accessKeyID, step.issuance.session.principalID, step.arn].contains(value)
            })
        {
            let session = step.issuance.session
            return (session.principal.isEmpty ? step.event.actor.principal : session.principal, session)
        }
        return nil
    }

    /// The stored calls that may have made a session.
    private func made(
        _ session: SessionIdentity, _ reader: Reader, _ events: EventReader, _ budget: ReadBudget
    ) throws -> [Step] {
        var found: [Step] = []
        if !session.accessKeyID.isEmpty {
            found = try search(LookupToken(session.accessKeyID), reader, events, budget) {
                $0.issuance.session.accessKeyID == session.accessKeyID
            }
        }
        if found.isEmpty, !session.principalID.isEmpty {
            found = try search(LookupToken(session.principalID), reader, events, budget) {
                $0.issuance.session.principalID == session.principalID
            }
        }
        return found
    }

    private func search(
        _ token: LookupToken, _ reader: Reader, _ events: EventReader, _ budget: ReadBudget,
        where isMeant: (Step) -> Bool
    ) throws -> [Step] {
        var steps: [Step] = []
        for call in Self.calls {
            _ = try reader.search(
                tokens: [token, LookupToken(call)], limit: DetectLimits.lineageOrigins, budget: budget
            ) { bytes in
                guard let event = try? events.read(bytes), event.eventName == call, accepts(event),
                    let made = events.issuance(bytes)
                else { return false }
                let step = Step(event: event, issuance: made.issuance, arn: made.arn)
                guard isMeant(step) else { return false }
                steps.append(step)
                return true
            }
            // A search that ran out has ended early, and what it left out may be the call that is looked for.
            guard !budget.isSpent else {
                throw RPCError(
                    .resourceExhausted,
                    "The lineage takes more than \(Limits.lineageTime) or \(Limits.lineageBytes) bytes of the archive.")
            }
        }
        return steps
    }

    private func accepts(_ event: EventSummary) -> Bool { accounts?.contains(event.account) ?? true }

    private static func message(_ step: Step) -> LineageStep {
        let session = step.issuance.session
        return LineageStep(
            eventID: step.event.reference.text, eventTime: Timestamp(milliseconds: step.event.reference.time),
            accountID: step.event.account.description, eventName: step.event.eventName,
            caller: step.event.eventName == "SwitchRole" ? callerName(step) : step.event.actor.principal,
            callerAccessKeyID: step.event.actor.accessKeyID, sourceIP: step.event.actor.sourceIP,
            sessionArn: step.arn, sessionAccessKeyID: session.accessKeyID, sessionPrincipalID: session.principalID,
            sourceIdentity: session.sourceIdentity)
    }

    /// A SwitchRole event is the session's own; it names who switched.
    private static func callerName(_ step: Step) -> String {
        if case .principal(let name) = step.issuance.caller { return name }
        return ""
    }
}
