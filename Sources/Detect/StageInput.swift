// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// One thing that an accepted record brings to the detection stage.
package enum StageInput: Sendable {
    /// The record made a session.
    case issuance(eventIndex: Int, Issuance)
    /// It clears matches that are held.
    case clearing(Clearing)
    /// A detection holds on it.
    case match(Match)
    /// A detection on trial holds on it, which makes no alert.
    case trialMatch(Match)
    /// A rule holds on it, and an exception suppresses the match.
    case excepted(ExceptedMatch)
    /// It is to be compared with other records.
    case observation(StreamObservation)

    /// The record's place among the accepted ones of its batch.
    package var eventIndex: Int {
        switch self {
        case .issuance(let index, _): index
        case .clearing(let clearing): clearing.eventIndex
        case .match(let match), .trialMatch(let match): match.eventIndex
        case .excepted(let match): match.eventIndex
        case .observation(let observation): observation.eventIndex
        }
    }

    /// Kinds of inputs, so that what a batch has none of is not looked for.
    package struct Kinds: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let issuance = Kinds(rawValue: 1)
        package static let clearing = Kinds(rawValue: 2)
        package static let match = Kinds(rawValue: 4)
        package static let observation = Kinds(rawValue: 8)
    }

    var kind: Kinds {
        switch self {
        case .issuance: .issuance
        case .clearing: .clearing
        case .match, .trialMatch, .excepted: .match
        case .observation: .observation
        }
    }
}

/// A record that is to be compared with others before it makes a match.
package enum StreamObservation: Sendable {
    case baseline(BaselineObservation)
    case travel(TravelObservation)
    case correlated(Observation)

    /// The record's place among the accepted ones of its batch.
    package var eventIndex: Int {
        switch self {
        case .baseline(let observation): observation.match.eventIndex
        case .travel(let observation): observation.match.eventIndex
        case .correlated(let observation): observation.eventIndex
        }
    }

    /// Its turn among those of one record.
    fileprivate var turn: Int {
        switch self {
        case .baseline: 0
        case .travel: 1
        case .correlated: 2
        }
    }
}

extension EvaluatedBatch {
    /// Gives the observations record by record, and of one record its baselines, then its travels, then what correlations
    /// count: time must not run ahead for one kind of them while another is looked at.
    ///
    /// - Parameter new: the records that count.
    package func forEachObservation(
        in new: NewEvents, _ body: (StreamObservation) throws -> Void
    ) rethrows {
        guard kinds.contains(.observation) else { return }
        var start = 0
        while start < inputs.count {
            let place = inputs[start].eventIndex
            var end = start + 1
            while end < inputs.count, inputs[end].eventIndex == place { end += 1 }
            if new[place] { try forEachObservation(of: start..<end, body) }
            start = end
        }
    }

    private func forEachObservation(of record: Range<Int>, _ body: (StreamObservation) throws -> Void) rethrows {
        for turn in 0...2 {
            for index in record {
                if case .observation(let observation) = inputs[index], observation.turn == turn {
                    try body(observation)
                }
            }
        }
    }
}

/// The inputs of one kind, in the order of events.
extension EvaluatedBatch {
    package var matches: [Match] {
        inputs.compactMap { if case .match(let match) = $0 { match } else { nil } }
    }

    package var trialMatches: [Match] {
        inputs.compactMap { if case .trialMatch(let match) = $0 { match } else { nil } }
    }

    package var baselines: [BaselineObservation] {
        inputs.compactMap { if case .observation(.baseline(let observation)) = $0 { observation } else { nil } }
    }

    package var travels: [TravelObservation] {
        inputs.compactMap { if case .observation(.travel(let observation)) = $0 { observation } else { nil } }
    }

    package var observations: [Observation] {
        inputs.compactMap { if case .observation(.correlated(let observation)) = $0 { observation } else { nil } }
    }

    package var excepted: [ExceptedMatch] {
        inputs.compactMap { if case .excepted(let match) = $0 { match } else { nil } }
    }
}
