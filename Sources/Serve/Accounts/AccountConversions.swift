// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Journal
import Messages
import Onboard
import RPC

// Accounts between the journal, the contract and onboarding.

extension Reader {
    /// Every account, by ascending identifier.
    func allAccounts() throws -> [AccountRow] {
        var rows: [AccountRow] = []
        while true {
            let page = try accounts(after: rows.last?.accountID ?? "", limit: Limits.largestPage)
            rows += page
            if page.count < Limits.largestPage { return rows }
        }
    }
}

extension AccountSettings {
    /// Replaces how the account is reached.
    mutating func take(_ connection: AccountConnection) {
        roleARN = connection.roleArn
        region = connection.region
        trail = connection.trail
        bucket = connection.bucket
        keyPrefix = connection.keyPrefix
        organizationID = connection.organizationID
        queueURL = connection.queueURL
        consoleRole = connection.consoleRole
    }
}

extension AccountSettings {
    /// How the account is reached, for the audit log.
    var summary: String {
        let parts = [
            ("role", roleARN), ("region", region), ("trail", trail), ("bucket", bucket), ("prefix", keyPrefix),
            ("organisation", organizationID), ("queue", queueURL), ("console role", consoleRole),
        ]
        return parts.filter { !$0.1.isEmpty }.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: " ")
    }
}

extension AccountConnection {
    init(_ settings: AccountSettings) {
        self.init(
            roleArn: settings.roleARN, region: settings.region, trail: settings.trail, bucket: settings.bucket,
            keyPrefix: settings.keyPrefix, organizationID: settings.organizationID, queueURL: settings.queueURL,
            consoleRole: settings.consoleRole)
    }
}

extension Messages.Account {
    /// - Parameter now: The service's clock: an account learns for some days.
    package init(_ row: AccountRow, now: Milliseconds) {
        self.init()
        let settings = row.settings
        accountID = row.accountID
        name = row.name
        owner = row.owner
        onboardedAt = Timestamp(milliseconds: row.onboardedAt)
        lastEventAt = row.lastEventAt.map(Timestamp.init(milliseconds:))
        eventCount = UInt64(clamping: row.eventCount)
        externalID = settings.externalID
        connection = AccountConnection(settings)
        switch StoredAccountState(rawValue: row.state) {
        case .offboarded: state = .offboarded
        case nil: state = .unspecified
        case .onboarded where settings.degradedSince != nil:
            state = .degraded
            stateReason = settings.degradedReason ?? ""
            degradedSince = settings.degradedSince.map(Timestamp.init(milliseconds:))
        case .onboarded where row.eventCount == 0: state = .pending
        case .onboarded where now - row.onboardedAt < Milliseconds(Limits.learningDays) * 86_400_000:
            state = .learning
        case .onboarded: state = .active
        }
    }
}

extension Messages.AccountCheck {
    init(_ check: Onboard.AccountCheck) {
        let status: CheckStatus
        switch check.status {
        case .passed: status = .passed
        case .failed: status = .failed
        case .unknown: status = .unknown
        }
        self.init(name: check.name.rawValue, status: status, detail: check.detail, remedy: check.remedy)
    }
}

extension VerifiedAccount {
    /// - Parameter access: how remediations reach the account.
    init(_ row: AccountRow, remediatedBy access: AccountAccess) {
        self.init(accountID: row.accountID)
        let settings = row.settings
        roleARN = settings.roleARN
        externalID = settings.externalID
        region = settings.region
        trail = settings.trail
        bucket = settings.bucket
        keyPrefix = settings.keyPrefix
        organizationID = settings.organizationID
        queueURL = settings.queueURL
        consoleRole = settings.consoleRole
        isActedByExecutor = access.way == .executor
        respondRoleARN = access.roleARN
    }
}

extension Validation {
    /// Checks how an account is to be reached.
    static func connection(_ connection: AccountConnection, of account: AccountID) throws {
        let texts = [
            ("role_arn", connection.roleArn), ("region", connection.region), ("trail", connection.trail),
            ("bucket", connection.bucket), ("key_prefix", connection.keyPrefix),
            ("organization_id", connection.organizationID), ("queue_url", connection.queueURL),
            ("console_role", connection.consoleRole),
        ]
        for (name, value) in texts {
            let field = "connection." + name
            _ = try text(value, field: field, bytes: Limits.connectionBytes)
            guard value.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
                throw failure(field, "has blanks or control characters in it")
            }
        }
        try region(connection.region, field: "connection.region")
        if !connection.queueURL.isEmpty {
            do throws(EndpointError) { _ = try QueueAddress(connection.queueURL) } catch {
                throw failure("connection.queue_url", error.message)
            }
        }
        // It stands in the policies and templates that are printed.
        guard connection.consoleRole.isEmpty || RoleNames.isName(connection.consoleRole) else {
            throw failure(
                "connection.console_role", "is no role's name: 1 to 64 letters, digits and any of _ + = , . @ -")
        }
        let role = connection.roleArn
        if !role.isEmpty {
            let parts = role.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[4] == account.description,
                parts[5].hasPrefix("role/")
            else { throw failure("connection.role_arn", "is no role of account \(account): \(role)") }
        }
        if !connection.organizationID.isEmpty, !connection.organizationID.hasPrefix("o-") {
            throw failure("connection.organization_id", "has to begin with o-")
        }
    }
}
