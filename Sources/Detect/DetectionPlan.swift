// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// The enabled detections, compiled: an immutable snapshot that all workers share. A reload or a switched detection
/// makes a new one, which each worker takes up with its next batch.
package final class DetectionPlan: Sendable {
    /// The detections by the index that the compiled rules have.
    package let detections: [Detection]
    let fields: CompiledFields
    let envelope: EnvelopeFields

    /// A plan without detections: it checks records and finds nothing.
    package init() throws(FieldSet.PathError) {
        var paths = FieldSet()
        envelope = try EnvelopeFields(adding: &paths)
        fields = paths.compile()
        detections = []
    }
}
