// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// Asks an exception about stored records, one after the other. Belongs to one thread.
package final class ExceptionProbe {
    private let exception: DetectionException
    private let extractor: RecordExtractor
    private let evaluator: Evaluator
    private var matches: [Int] = []

    /// Compiles the exception's filter. Throws `PlanError`.
    package init(_ exception: DetectionException) throws {
        self.exception = exception
        let plan = try Plan([exception.filter.rule])
        extractor = RecordExtractor(plan.fields)
        evaluator = Evaluator(plan)
    }

    /// Whether the exception covers a record.
    ///
    /// - Parameters:
    ///   - record: one JSON object; one that can't be read is not covered.
    ///   - account: the account that it belongs to.
    ///   - time: its event time.
    package func covers(_ record: UnsafeRawBufferPointer, of account: AccountID, at time: Milliseconds) -> Bool {
        guard exception.covers(account, time) else { return false }
        do throws(JSONError) { try extractor.extract(record) } catch { return false }
        matches.removeAll(keepingCapacity: true)
        evaluator.evaluate(extractor, into: &matches)
        // The filter holds on what it lets through.
        return matches.isEmpty
    }
}
