// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Contract
import Detect
import Journal
import Messages
import RPC

/// Checks of requests: each failure is INVALID_ARGUMENT and names its field.
enum Validation {
    static func failure(_ field: String, _ problem: String) -> RPCError {
        RPCError.invalidArgument(field, problem)
    }

    static func account(_ text: String, field: String = "account_id") throws -> AccountID {
        guard let account = AccountID(text) else {
            throw failure(field, "has to be the twelve digits of an AWS account")
        }
        return account
    }

    static func text(_ text: String, field: String, bytes limit: Int) throws -> String {
        guard text.utf8.count <= limit else {
            throw failure(field, "has \(text.utf8.count) bytes; the limit is \(limit)")
        }
        return text
    }

    /// A region's name, or an empty text where none has to be given.
    static func region(_ text: String, field: String) throws {
        guard text.isEmpty || EndpointResolver.isRegion(text) else { throw failure(field, "is no region's name") }
    }

    static func pageSize(_ size: UInt32) throws -> Int {
        guard size <= UInt32(Limits.largestPage) else {
            throw failure("page_size", "is \(size); the limit is \(Limits.largestPage)")
        }
        return size == 0 ? Limits.defaultPage : Int(size)
    }

    /// The statuses that a listing is narrowed to; UNSPECIFIED narrows nothing.
    static func statuses(_ statuses: [Messages.AlertStatus]) throws -> [Int] {
        guard statuses.count <= Limits.filterValues else {
            throw failure("statuses", "names \(statuses.count) values; the limit is \(Limits.filterValues)")
        }
        return try statuses.enumerated().compactMap { index, status in
            guard (0...4).contains(status.rawValue) else {
                let field = index == 0 ? "status" : "statuses[\(index - 1)]"
                throw failure(field, "is \(status.rawValue), which is no status")
            }
            return status == .unspecified ? nil : Int(status.rawValue)
        }
    }

    static func order(_ order: Messages.AlertOrder) throws -> AlertListOrder {
        switch order {
        case .unspecified, .raised: .created
        case .lastSeen: .lastSeen
        default: throw failure("order", "is \(order.rawValue), which is no order")
        }
    }

    /// The filter of a listing or subscription, within the caller's accounts.
    static func alertFilter(
        accounts: [String], detections: [String], minSeverity: Messages.Severity, audience: Messages.Audience,
        caller: Caller
    ) throws -> AlertFilter {
        var filter = AlertFilter()
        for (field, count) in [("account_ids", accounts.count), ("detection_ids", detections.count)]
        where count > Limits.filterValues {
            throw failure(field, "names \(count) values; the limit is \(Limits.filterValues)")
        }
        for (index, account) in accounts.enumerated() {
            let id = try Self.account(account, field: "account_ids[\(index)]")
            try caller.require(id)
            filter.accountIDs.append(id.description)
        }
        if accounts.isEmpty, let scope = caller.accounts { filter.accountIDs = scope.map(\.description).sorted() }
        filter.detectionIDs = detections.map { $0.lowercased() }
        guard (0...5).contains(minSeverity.rawValue) else {
            throw failure("min_severity", "is \(minSeverity.rawValue), which is no severity")
        }
        guard (0...2).contains(audience.rawValue) else {
            throw failure("audience", "is \(audience.rawValue), which is no audience")
        }
        if minSeverity != .unspecified { filter.minimumSeverity = Int(minSeverity.rawValue) }
        if audience != .unspecified { filter.audience = Int(audience.rawValue) }
        return filter
    }
}

extension AlertFilter {
    /// Whether a revision passes: the same answer that the journal's own query gives.
    func accepts(_ alert: Detect.Alert) -> Bool {
        (accountIDs.isEmpty || accountIDs.contains(alert.accountID.description))
            && (detectionIDs.isEmpty || detectionIDs.contains(alert.detectionID))
            && Int(alert.severity.rawValue) >= minimumSeverity ?? 0
            && (audience == nil || Int(alert.audience.rawValue) == audience)
    }
}
