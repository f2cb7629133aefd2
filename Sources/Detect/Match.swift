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
    package let actor: Actor
    package let region: String
    package let eventSource: String
    package let eventName: String
    /// Empty where the call succeeded.
    package let errorCode: String

    package init(
        reference: EventReference, accountID: AccountID, actor: Actor, region: String, eventSource: String,
        eventName: String, errorCode: String = ""
    ) {
        self.reference = reference
        self.accountID = accountID
        self.actor = actor
        self.region = region
        self.eventSource = eventSource
        self.eventName = eventName
        self.errorCode = errorCode
    }
}

/// A rule that correlations count held on an event.
package struct Observation: Sendable {
    /// The event's place among the accepted records of its batch.
    package let eventIndex: Int
    /// The rule, as an index into the plan's `detections`.
    package let rule: Int
    package let event: MatchedEvent
    /// What it brings to the plan's correlations.
    package let observations: CorrelationEvent.Observations
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

    /// - Parameter severity: nil for the detection's own.
    package init(
        eventIndex: Int = 0, detection: Detection, severity: Severity? = nil, event: MatchedEvent,
        evidence: [Evidence] = []
    ) {
        self.eventIndex = eventIndex
        self.detection = detection
        self.severity = severity ?? detection.severity
        self.event = event
        self.evidence = evidence
    }
}
