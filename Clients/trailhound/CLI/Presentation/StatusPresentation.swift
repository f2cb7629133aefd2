// SPDX-License-Identifier: Apache-2.0

import Messages

/// The service's state.
package enum StatusPresentation {
    /// Everything, under the contract's names.
    package static func json(_ status: GetStatusResponse, endpoint: Endpoint) -> JSONNode {
        .object([
            .init("server", .string(endpoint.description)),
            .init("version", .string(status.version)),
            .init("started_at", .time(status.startedAt)),
            .init("stored_records", .unsigned(status.storedRecords)),
            .init("stored_bytes", .unsigned(status.storedBytes)),
            .init("accepted", .unsigned(status.accepted)),
            .init("duplicate", .unsigned(status.duplicate)),
            .init("rejected", .unsigned(status.rejected)),
            .init("alerts", .unsigned(status.alerts)),
            .init("detections_enabled", .unsigned(UInt64(status.detectionsEnabled))),
            .init("accounts", .unsigned(UInt64(status.accounts))),
            .init("queued_batches", .unsigned(UInt64(status.queuedBatches))),
            .init("subscribers", .unsigned(UInt64(status.subscribers))),
        ])
    }

    /// For a person. `now` tells for how long the service has been up.
    package static func fields(_ status: GetStatusResponse, endpoint: Endpoint, now: Timestamp) -> FieldList {
        var fields = FieldList()
        fields.add("Server", endpoint.description)
        fields.add("Version", status.version)
        if let start = status.startedAt {
            let seconds = Double(max(0, now.seconds - min(now.seconds, start.seconds)))
            fields.add("Up for", "\(Numbers.duration(seconds)) (since \(start.rfc3339))")
        }
        fields.add("Accounts", Numbers.grouped(UInt64(status.accounts)))
        fields.add("Detections", "\(Numbers.grouped(UInt64(status.detectionsEnabled))) enabled")
        fields.add("Records", "\(Numbers.grouped(status.storedRecords)) in \(Numbers.bytes(status.storedBytes))")
        fields.add("Alerts", Numbers.grouped(status.alerts))
        fields.add("Accepted", Numbers.grouped(status.accepted))
        fields.add("Duplicate", Numbers.grouped(status.duplicate))
        fields.add("Rejected", Numbers.grouped(status.rejected), style: status.rejected > 0 ? .yellow : .plain)
        fields.add("Queued batches", Numbers.grouped(UInt64(status.queuedBatches)))
        fields.add("Subscribers", Numbers.grouped(UInt64(status.subscribers)))
        return fields
    }
}
