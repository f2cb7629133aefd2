// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// One worker's parser and evaluator for one plan.
final class RecordEngine {
    let plan: DetectionPlan
    let extractor: RecordExtractor

    init(_ plan: DetectionPlan) {
        self.plan = plan
        extractor = RecordExtractor(plan.fields)
    }

    /// Evaluates the record that the extractor holds.
    func appendMatches(_ envelope: Envelope, eventIndex: Int, to builder: inout BatchBuilder) {}
}
