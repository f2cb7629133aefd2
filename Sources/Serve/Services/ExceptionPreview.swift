// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages

/// What an exception would have kept from being alerts: it is asked about the stored events of the newest alerts that its
/// rules raised.
struct ExceptionPreviewQuery: Sendable {
    let exception: Detect.DetectionException
    /// The rules that it is for; empty for all.
    let detectionIDs: [String]
    /// The accounts that the caller may see; nil for all.
    let scope: Set<AccountID>?

    /// Reads the newest alerts, the newest first, until a limit or the budget ends it; what is left out is said.
    func run(_ reader: Reader, _ budget: ReadBudget) throws -> ExceptionPreview {
        var preview = ExceptionPreview()
        var filter = AlertFilter()
        if let accounts = accounts { filter.accountIDs = accounts.map(\.description) }
        guard accounts?.isEmpty != true else { return preview }
        // So many ids go into one filter; an exception of more rules is for about all of them.
        if detectionIDs.count <= JournalLimits.pageRows { filter.detectionIDs = detectionIDs }
        let probe = try ExceptionProbe(exception)
        let page = try reader.alerts(filter, order: .lastSeen, limit: Limits.previewedAlerts)
        preview.more = page.nextPageToken != nil
        for row in page.alerts {
            guard !budget.isSpent, preview.eventCount < UInt32(Limits.previewedEvents) else {
                preview.more = true
                break
            }
            try budget.check()
            try add(try AlertCodec.decode(row.payload), probe, reader, budget, to: &preview)
        }
        return preview
    }

    /// The accounts of the exception that the caller may see, ascending; nil for all.
    private var accounts: [AccountID]? {
        guard !exception.accounts.isEmpty else { return scope?.sorted() }
        return exception.accounts.filter { scope?.contains($0) ?? true }.sorted()
    }

    private func add(
        _ alert: Detect.Alert, _ probe: ExceptionProbe, _ reader: Reader, _ budget: ReadBudget,
        to preview: inout ExceptionPreview
    ) throws {
        var (looked, covered) = (0, 0)
        for event in alert.events where !budget.isSpent {
            try budget.check()
            guard let record = try reader.records(EventID(event.text), of: [alert.accountID])?.first else { continue }
            looked += 1
            let isCovered = record.bytes.withUnsafeBytes {
                probe.covers($0, of: alert.accountID, at: event.time)
            }
            if isCovered { covered += 1 }
        }
        guard looked > 0 else { return }
        preview.alertCount += 1
        preview.eventCount += UInt32(looked)
        preview.exceptedEventCount += UInt32(covered)
        // Whole: each of its events is kept, was looked at and is covered.
        guard covered == looked, alert.matchCount == UInt64(looked) else { return }
        preview.exceptedAlertCount += 1
        if preview.exceptedAlertIDs.count < Limits.previewedAlertIDs { preview.exceptedAlertIDs.append(alert.id) }
    }
}
