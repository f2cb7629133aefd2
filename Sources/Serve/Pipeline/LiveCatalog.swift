// SPDX-License-Identifier: Apache-2.0

import Detect
import Synchronization

/// The detections as they run now. A new set is compiled beside the old one and swapped in whole; workers take it up with
/// their next batch, so no batch sees half of each.
package final class LiveCatalog: Sendable {
    private struct State {
        var catalog: Catalog
        /// What an admin switched, over what the rule's author set.
        var switched: [String: Bool]
        var plan: DetectionPlan
    }

    /// The folder that the rules are read from.
    package let folder: String
    private let state: Mutex<State>

    /// Reads the rules folder. Rules with errors are left out and named in `problems`.
    package init(folder: String, switched: [String: Bool]) throws {
        self.folder = folder
        let catalog = try Catalog.load(folder: folder)
        let plan = try Self.plan(catalog, switched)
        state = Mutex(State(catalog: catalog, switched: switched, plan: plan))
    }

    /// What the workers evaluate.
    package var plan: DetectionPlan { state.withLock { $0.plan } }

    package var catalog: Catalog { state.withLock { $0.catalog } }

    package var enabledCount: Int {
        state.withLock { state in state.catalog.all.count { state.switched[$0.id] ?? $0.enabledByDefault } }
    }

    package func isEnabled(_ detection: Detection) -> Bool {
        state.withLock { $0.switched[detection.id] ?? detection.enabledByDefault }
    }

    /// Switches a detection on or off.
    package func setEnabled(_ enabled: Bool, id: String) throws {
        try state.withLock { state in
            var switched = state.switched
            switched[id] = enabled
            state.plan = try Self.plan(state.catalog, switched)
            state.switched = switched
        }
    }

    /// Puts a sound set in the place of the one that runs; what was switched stays switched.
    package func replace(_ fresh: Catalog) throws {
        try state.withLock { state in
            state.plan = try Self.plan(fresh, state.switched)
            state.catalog = fresh
        }
    }

    private static func plan(_ catalog: Catalog, _ switched: [String: Bool]) throws -> DetectionPlan {
        try DetectionPlan(catalog) { switched[$0.id] ?? $0.enabledByDefault }
    }
}
