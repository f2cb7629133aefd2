// SPDX-License-Identifier: Apache-2.0

/// What an event brings to one correlation: who it counts for, and what it adds.
public struct CorrelationObservation: Hashable, Sendable {
    /// The index of the correlation in its plan.
    public var correlation: Int
    /// The place of the rule, or of the correlation below, in the correlation's list.
    public var member: Int
    /// The group that it counts in.
    public var group: CorrelationKey
    /// What the condition's field has, as the correlation's kind needs it: a hash of the value, or the bits of the
    /// number that it is. Nil where the event has no value.
    public var value: UInt64?

    public init(correlation: Int, member: Int, group: CorrelationKey, value: UInt64? = nil) {
        self.correlation = correlation
        self.member = member
        self.group = group
        self.value = value
    }
}

/// An event on which a rule holds, as correlations see it.
public struct CorrelationEvent: Hashable, Sendable {
    /// The event's own identity: the same one again changes nothing.
    public struct ID: Hashable, Comparable, Sendable {
        public var high: UInt64
        public var low: UInt64

        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        public static func < (left: ID, right: ID) -> Bool {
            (left.high, left.low) < (right.high, right.low)
        }
    }

    /// What it brings, from `CorrelationPlan.observations`.
    public struct Observations: Hashable, Sendable {
        /// For correlations that count the rule.
        public var direct: [CorrelationObservation] = []
        /// For correlations that count it only through others.
        public var indirect: [CorrelationObservation] = []

        public init() {}
    }

    public var id: ID
    /// Milliseconds since 1970, by the event's own clock.
    public var time: Int64
    /// Whom it belongs to, as `CorrelationPlan.observations` was told: the events of one tenant move the time on by
    /// which windows that wait are settled.
    public var tenant: UInt64
    public var observations: Observations
    /// Bytes that are kept with the event and given back with each hit.
    public var context: [UInt8]

    public init(id: ID, time: Int64, tenant: UInt64 = 0, observations: Observations, context: [UInt8] = []) {
        self.id = id
        self.time = time
        self.tenant = tenant
        self.observations = observations
        self.context = context
    }
}

/// An event stands in a window in which a correlation holds. It is told once.
public struct CorrelationHit: Hashable, Sendable {
    /// The index in the plan.
    public var correlation: Int
    public var group: CorrelationKey
    public var id: CorrelationEvent.ID
    /// Milliseconds since 1970.
    public var time: Int64
    /// `CorrelationEvent.context` of the event.
    public var context: [UInt8]
}

/// Until when the windows in which an event stands wait, in milliseconds since 1970.
public struct CorrelationWait: Hashable, Sendable {
    /// The index in the plan.
    public var correlation: Int
    /// They are judged once the tenant has an event that is later; nil where its events say nothing of them,
    public var due: Int64?
    /// or once the caller's clock is.
    public var deadline: Int64
}
