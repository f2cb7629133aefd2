// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// One fact that explains a match.
package struct Evidence: Hashable, Sendable {
    /// A field's path, for example `requestParameters.userName`.
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// What an alert needs of an event that some detection matched. Shared by reference among the event's matches.
package final class MatchedEvent: Sendable {
    package let reference: EventReference
    /// The account that the event belongs to.
    package let accountID: AccountID
    /// Of runs of events by one caller the same object.
    private let shared: SharedActor
    package let region: String
    package let eventSource: String
    package let eventName: String
    /// Empty where the call succeeded.
    package let errorCode: String

    package convenience init(
        reference: EventReference, accountID: AccountID, actor: Actor, region: String, eventSource: String,
        eventName: String, errorCode: String = ""
    ) {
        self.init(
            reference: reference, accountID: accountID, shared: SharedActor(actor), region: region,
            eventSource: eventSource, eventName: eventName, errorCode: errorCode)
    }

    init(
        reference: EventReference, accountID: AccountID, shared: SharedActor, region: String, eventSource: String,
        eventName: String, errorCode: String
    ) {
        self.reference = reference
        self.accountID = accountID
        self.shared = shared
        self.region = region
        self.eventSource = eventSource
        self.eventName = eventName
        self.errorCode = errorCode
    }

    package var actor: Actor { _read { yield shared.actor } }
}

/// An actor that events share.
final class SharedActor: Sendable {
    let actor: Actor

    init(_ actor: Actor) { self.actor = actor }
}

extension MatchedEvent {
    /// The event with another principal of its actor.
    func attributed(to principal: String) -> MatchedEvent {
        if principal == actor.principal { return self }
        var actor = actor
        actor.principal = principal
        return MatchedEvent(
            reference: reference, accountID: accountID, actor: actor, region: region, eventSource: eventSource,
            eventName: eventName, errorCode: errorCode)
    }
}

/// A rule that correlations count held on an event.
package struct Observation: Sendable {
    /// The event's place among the accepted records of its batch.
    package let eventIndex: Int
    /// The rule, as an index into the plan's `rules`.
    package let rule: Int
    package let event: MatchedEvent
    /// What it brings to the plan's correlations.
    package let observations: CorrelationEvent.Observations
    /// What it is grouped and counted by.
    package let evidence: [Evidence]
}

/// A rule held on an event, and an exception covers it.
package struct ExceptedMatch: Sendable {
    /// The event's place among the accepted records of its batch.
    package let eventIndex: Int
    /// The first exception that covers it.
    package let exceptionID: String
    package let event: MatchedEvent
}

/// A detection held on an event.
package struct Match: Sendable {
    /// The event's place among the accepted records of its batch.
    package let eventIndex: Int
    package let detection: Detection
    /// The detection's own, or what operators made of it.
    package let severity: Severity
    package let event: MatchedEvent
    package let evidence: [Evidence]
    /// The session that the event is of, where its actor may yet change.
    package let pending: PendingSession?
    /// What it merges by in place of the actor; nil for the actor.
    package let mergeKey: String?
    /// What keeps it back until nothing can clear it; nil where nothing does.
    package let hold: Hold?

    /// - Parameter severity: nil for the detection's own.
    package init(
        eventIndex: Int = 0, detection: Detection, severity: Severity? = nil, event: MatchedEvent,
        evidence: [Evidence] = [], pending: PendingSession? = nil, mergeKey: String? = nil, hold: Hold? = nil
    ) {
        self.eventIndex = eventIndex
        self.detection = detection
        self.severity = severity ?? detection.severity
        self.event = event
        self.evidence = evidence
        // Where the actor is not what merges, alerts need not follow it.
        self.pending = mergeKey == nil ? pending : nil
        self.mergeKey = mergeKey
        self.hold = hold
    }

    /// The match with a fact more.
    func with(_ fact: Evidence) -> Match {
        Match(
            eventIndex: eventIndex, detection: detection, severity: severity, event: event, evidence: evidence + [fact],
            pending: pending, mergeKey: mergeKey, hold: hold)
    }

    /// The match with the actor that stands behind it.
    package func attributed(to resolution: Lineage.Resolution) -> Match {
        if resolution.principal == event.actor.principal, resolution.pending == pending { return self }
        return Match(
            eventIndex: eventIndex, detection: detection, severity: severity,
            event: event.attributed(to: resolution.principal), evidence: evidence, pending: resolution.pending,
            mergeKey: mergeKey, hold: hold)
    }
}
