// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// By what and within what time the matches of a detection merge into one alert: `trailhound: merge`.
package struct Merging: Hashable, Sendable {
    /// What matches of one alert have in common, beside the detection and the account.
    package enum Key: Hashable, Sendable {
        case actor
        case account
        /// The values of fields; the actor where a record has none of them.
        case fields([String])
    }

    package var key: Key
    /// How far a match may lie from an alert that it joins, in milliseconds; nil for the service's own.
    package var window: Milliseconds?

    package init(key: Key = .actor, window: Milliseconds? = nil) {
        self.key = key
        self.window = window
    }
}

/// A key of `trailhound` that can't be used, and where.
struct StreamKeyError: Error {
    let message: String
    let node: YAMLNode

    init(_ message: String, _ node: YAMLNode) {
        self.message = message
        self.node = node
    }
}

/// Reads the keys of `trailhound` that ask for what the stream remembers.
enum StreamKeys {
    static func baseline(_ node: YAMLNode, isRare: Bool) throws(StreamKeyError) -> Baseline {
        let name = isRare ? "rare" : "first_seen"
        guard let members = node.mapping else { throw StreamKeyError("'\(name)' has to be a mapping", node) }
        var baseline = Baseline(fields: [], days: 30, atMost: isRare ? 2 : 0)
        for member in members {
            let value = member.value
            switch member.key.string {
            case "fields": baseline.fields = try fields(value, "fields")
            case "scope":
                guard let scope = value.string.flatMap(Baseline.Scope.init) else {
                    throw StreamKeyError("'scope' is account or actor", value)
                }
                baseline.scope = scope
            case "days":
                baseline.days = try number(
                    value, "days", 1...(isRare ? DetectLimits.rareDays : DetectLimits.baselineDays))
            case "at_most" where isRare: baseline.atMost = try number(value, "at_most", 1...DetectLimits.rareDays)
            case "learning":
                let time = try duration(value, "learning", longest: DetectLimits.longestMergeWindow)
                baseline.learningHours = Int(time / 3_600_000)
            default: throw StreamKeyError("'\(name)' has no key '\(member.key.text ?? "?")'", member.key)
            }
        }
        guard !baseline.fields.isEmpty else { throw StreamKeyError("'\(name)' needs 'fields'", node) }
        return baseline
    }

    static func unless(_ node: YAMLNode) throws(StreamKeyError) -> Unless {
        guard let members = node.mapping else { throw StreamKeyError("'unless' has to be a mapping", node) }
        var unless = Unless(rule: "", fields: [], within: 0)
        for member in members {
            let value = member.value
            switch member.key.string {
            case "rule":
                guard let rule = value.string, !rule.isEmpty else {
                    throw StreamKeyError("'rule' is the id or name of a rule", value)
                }
                unless.rule = rule
            case "by": unless.fields = try fields(value, "by")
            case "within": unless.within = try duration(value, "within", longest: DetectLimits.longestHold)
            case "late": unless.lateness = try duration(value, "late", longest: DetectLimits.longestHold)
            default: throw StreamKeyError("'unless' has no key '\(member.key.text ?? "?")'", member.key)
            }
        }
        guard !unless.rule.isEmpty else { throw StreamKeyError("'unless' needs 'rule': whose events clear", node) }
        guard !unless.fields.isEmpty else {
            throw StreamKeyError("'unless' needs 'by': the fields that both events have in common", node)
        }
        guard unless.within > 0 else { throw StreamKeyError("'unless' needs 'within': for how long", node) }
        return unless
    }

    /// - Parameter placeholders: what the operator knows: names and, of these, networks.
    static func travel(
        _ node: YAMLNode, _ placeholders: [String: [String]]
    ) throws(StreamKeyError) -> ImpossibleTravel {
        guard let members = node.mapping else { throw StreamKeyError("'impossible_travel' has to be a mapping", node) }
        var travel = ImpossibleTravel()
        var ignored = ImpossibleTravel.usuallyIgnored.filter { placeholders[$0] != nil }
        for member in members {
            let value = member.value
            switch member.key.string {
            case "speed": travel.speed = Double(try number(value, "speed", DetectLimits.travelSpeeds))
            case "distance": travel.distance = Double(try number(value, "distance", DetectLimits.travelDistances))
            case "ignore":
                ignored = (value.sequence ?? []).compactMap(\.string)
                guard ignored.count == value.sequence?.count else {
                    throw StreamKeyError("'ignore' is a list of placeholders that stand for networks", value)
                }
            default: throw StreamKeyError("'impossible_travel' has no key '\(member.key.text ?? "?")'", member.key)
            }
        }
        var networks: [SigmaNetwork] = []
        for name in ignored {
            guard let texts = placeholders[name] else {
                throw StreamKeyError("the placeholder '%\(name)%' has no value here", node)
            }
            for text in texts {
                guard let network = SigmaNetwork(text) else {
                    throw StreamKeyError("the placeholder '%\(name)%' has '\(text)', which is no network", node)
                }
                networks.append(network)
            }
        }
        travel.ignored = SigmaNetworkSet(networks)
        return travel
    }

    static func merging(_ node: YAMLNode) throws(StreamKeyError) -> Merging {
        guard let members = node.mapping else { throw StreamKeyError("'merge' has to be a mapping", node) }
        var merging = Merging()
        for member in members {
            let value = member.value
            switch member.key.string {
            case "by":
                switch value.string {
                case "actor": merging.key = .actor
                case "account": merging.key = .account
                default: merging.key = .fields(try fields(value, "by"))
                }
            case "window":
                merging.window = try duration(value, "window", longest: DetectLimits.longestMergeWindow)
            default: throw StreamKeyError("'merge' has no key '\(member.key.text ?? "?")'", member.key)
            }
        }
        return merging
    }

    private static func fields(_ node: YAMLNode, _ name: String) throws(StreamKeyError) -> [String] {
        let paths = (node.sequence ?? []).compactMap(\.string)
        guard let elements = node.sequence, !paths.isEmpty, paths.count == elements.count else {
            throw StreamKeyError("'\(name)' has to be a list of field paths", node)
        }
        guard paths.count <= DetectLimits.combinedFields else {
            throw StreamKeyError("'\(name)' has at most \(DetectLimits.combinedFields) fields", node)
        }
        for path in paths {
            var set = FieldSet()
            do throws(FieldSet.PathError) { try set.insert(path) } catch {
                throw StreamKeyError(error.description, node)
            }
        }
        return paths
    }

    private static func number(
        _ node: YAMLNode, _ name: String, _ range: ClosedRange<Int>
    ) throws(StreamKeyError) -> Int {
        guard case .integer(let number, _) = node.value, let whole = Int(exactly: number), range.contains(whole) else {
            throw StreamKeyError("'\(name)' is a number from \(range.lowerBound) to \(range.upperBound)", node)
        }
        return whole
    }

    /// A time such as 30m, 48h or 7d, in milliseconds.
    private static func duration(
        _ node: YAMLNode, _ name: String, longest: Milliseconds
    ) throws(StreamKeyError) -> Milliseconds {
        let text = node.text ?? ""
        let units: [Character: Milliseconds] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Milliseconds(text.dropLast()), number >= 0,
            number <= longest / unit
        else {
            throw StreamKeyError(
                "'\(name)' is a number with m, h or d behind it, of at most \(longest / 86_400_000) days", node)
        }
        return number * unit
    }
}
