// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// The enabled detections, compiled: an immutable snapshot that all workers share. A reload or a switched detection
/// makes a new one, which each worker takes up with its next batch.
package final class DetectionPlan: Sendable {
    /// The detections by the index that the compiled rules have.
    package let detections: [Detection]
    /// The compiled rules, whose fields include the envelope's and the evidence's: one pass reads all.
    let rules: Plan
    let envelope: EnvelopeFields
    /// The slots of each detection's evidence fields.
    let evidenceSlots: [[Slot]]

    /// Compiles the enabled detections of a catalog.
    package init(_ catalog: Catalog, isEnabled: (Detection) -> Bool = \.enabledByDefault) throws {
        let enabled = catalog.detections.indices.filter { isEnabled(catalog.detections[$0]) }
        detections = enabled.map { catalog.detections[$0] }
        var paths = FieldSet()
        envelope = try EnvelopeFields(adding: &paths)
        var evidence: [[Slot]] = []
        for detection in detections {
            var slots: [Slot] = []
            for path in detection.evidenceFields { slots.append(try paths.insert(path)) }
            evidence.append(slots)
        }
        evidenceSlots = evidence
        rules = try Plan(
            enabled.map { catalog.rules[$0] }, indexFields: ["eventSource", "eventName"], extraFields: paths)
    }

    /// A plan without detections: it checks records and finds nothing.
    package convenience init() throws { try self.init(Catalog()) }
}
