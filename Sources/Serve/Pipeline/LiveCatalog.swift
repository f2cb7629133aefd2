// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Synchronization

/// The detections as they run now. A new set is compiled beside the old one and swapped in whole; workers take it up with
/// their next batch, so no event sees half of each.
package final class LiveCatalog: Sendable {
    private struct State {
        var catalog: Catalog
        /// What operators changed, over what the rules' authors set.
        var tuning: Tuning
        var plan: DetectionPlan
    }

    /// The folder that the rules are read from.
    package let folder: String
    /// What the names that rules `expand` stand for.
    package let placeholders: [String: [String]]
    /// Where addresses are.
    package let geography: Geography
    private let state: Mutex<State>

    /// Reads the rules folder. Rules with errors are left out and named in `problems`.
    package init(
        folder: String, placeholders: [String: [String]] = [:], tuning: Tuning = Tuning(),
        geography: Geography = .none
    ) throws {
        self.geography = geography
        self.folder = folder
        self.placeholders = placeholders
        let catalog = try Catalog.load(folder: folder, placeholders: placeholders)
        let plan = try DetectionPlan(catalog, tuning: tuning, geography: geography)
        state = Mutex(State(catalog: catalog, tuning: tuning, plan: plan))
    }

    /// What the workers evaluate.
    package var plan: DetectionPlan { state.withLock { $0.plan } }

    package var catalog: Catalog { state.withLock { $0.catalog } }

    /// What operators changed.
    package var tuning: Tuning { state.withLock { $0.tuning } }

    package var enabledCount: Int {
        state.withLock { state in state.catalog.all.count { state.tuning.standing(of: $0).isEnabled } }
    }

    /// Changes the tuning, and swaps the plan that follows from it in. Nothing changes where that can't be compiled.
    package func tune(_ change: (inout Tuning) -> Void) throws {
        try state.withLock { state in
            var tuning = state.tuning
            change(&tuning)
            state.plan = try DetectionPlan(state.catalog, tuning: tuning, geography: geography)
            state.tuning = tuning
        }
    }

    /// Puts a sound set in the place of the one that runs; what was switched stays switched.
    package func replace(_ fresh: Catalog) throws {
        try state.withLock { state in
            state.plan = try DetectionPlan(fresh, tuning: state.tuning, geography: geography)
            state.catalog = fresh
        }
    }
}
