// SPDX-License-Identifier: Apache-2.0

import AWS

/// What a trail's event selectors take, in either of their forms.
package struct EventCoverage: Sendable, Hashable {
    /// What is missing of all management events, for people.
    package var missing: [String] = []
    /// The kinds of data events: `AWS::S3::Object`.
    package var data: [String] = []
    /// The event sources of network activity events.
    package var network: [String] = []

    /// Reads selectors.
    package init(_ selectors: Trails.EventSelectors) {
        if let advanced = selectors.advanced, !advanced.isEmpty {
            read(advanced)
        } else {
            read(selectors.basic ?? [])
        }
        data = Array(Set(data)).sorted()
        network = Array(Set(network)).sorted()
    }

    private mutating func read(_ selectors: [Trails.EventSelectors.Basic]) {
        var kinds: Set<String> = []
        for selector in selectors {
            data += (selector.dataResources ?? []).map(\.type)
            guard selector.includesManagementEvents ?? true else { continue }
            let excluded = selector.excludedManagementEventSources ?? []
            if !excluded.isEmpty { missing.append("leaves out \(excluded.sorted().joined(separator: ", "))") }
            switch selector.readWriteType ?? "All" {
            case "ReadOnly": kinds.insert("read")
            case "WriteOnly": kinds.insert("write")
            default: kinds.formUnion(["read", "write"])
            }
        }
        note(kinds)
    }

    private mutating func note(_ kinds: Set<String>) {
        if kinds.isEmpty {
            missing.append("takes no management events")
        } else if let absent = Set(["read", "write"]).subtracting(kinds).first {
            missing.append("takes no management events that \(absent)")
        }
    }

    private mutating func read(_ selectors: [Trails.EventSelectors.Advanced]) {
        var kinds: Set<String> = []
        for selector in selectors {
            let value = { (name: String) in selector.fields.first { $0.field == name } }
            switch value("eventCategory")?.equals?.first {
            case "Management":
                switch value("readOnly")?.equals?.first {
                case "true": kinds.insert("read")
                case "false": kinds.insert("write")
                default: kinds.formUnion(["read", "write"])
                }
                let known: Set = ["eventCategory", "readOnly"]
                for field in selector.fields where !known.contains(field.field) {
                    missing.append("takes management events by \(field.field) alone")
                }
            case "Data": data += value("resources.type")?.equals ?? []
            case "NetworkActivity": network += value("eventSource")?.equals ?? []
            default: break
            }
        }
        note(kinds)
    }
}
