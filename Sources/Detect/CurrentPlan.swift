// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The plan that workers take up with their next batch. A reload replaces it; batches under way end with the old one.
package final class CurrentPlan: Sendable {
    private let plan: Mutex<DetectionPlan>

    package init(_ plan: DetectionPlan) { self.plan = Mutex(plan) }

    /// The plan of now.
    package var value: DetectionPlan { plan.withLock { $0 } }

    /// Replaces the plan.
    package func replace(with next: DetectionPlan) { plan.withLock { $0 = next } }
}
