// SPDX-License-Identifier: Apache-2.0

import AWS

/// One check of an account's onboarding, and how it went.
package struct AccountCheck: Sendable, Hashable {
    /// The checks, in the order in which they are made. The raw values are stable: programs read them.
    package enum Name: String, Sendable, Hashable, CaseIterable {
        case assumeRole = "assume_role"
        case externalIDRequired = "external_id_required"
        case trailFound = "trail_found"
        case trailMultiRegion = "trail_multi_region"
        case trailGlobalEvents = "trail_global_events"
        case trailOrganization = "trail_organization"
        case trailValidation = "trail_log_file_validation"
        case trailDestination = "trail_destination"
        case trailLogging = "trail_logging"
        case trailDelivery = "trail_delivery"
        case trailNotification = "trail_notification"
        case trailDigest = "trail_digest_delivery"
        case managementEvents = "management_events"
        case dataEvents = "data_events"
        case networkEvents = "network_activity_events"
        case bucketListed = "bucket_listed"
        case newestObject = "newest_object_readable"
        case key = "kms_key"
        case queueReceive = "queue_receive"
        case queueDelete = "queue_delete"
        case digests = "digests"
        case remediationWay = "remediation_way"
        case remediationExternalID = "remediation_external_id_required"
        case deactivateAccessKey = "remediation_deactivate_access_key"
        case revokeRoleSessions = "remediation_revoke_role_sessions"
        case denyUser = "remediation_deny_user"
        case disableConsoleLogin = "remediation_disable_console_login"
        case restoreLogging = "remediation_restore_logging"
        case consoleRole = "console_role"
    }

    /// How it went.
    package enum Status: String, Sendable, Hashable {
        case passed
        case failed
        /// It could not be found out.
        case unknown
    }

    package let name: Name
    package let status: Status
    /// What was seen.
    package let detail: String
    /// What to do about it; empty where it passed.
    package let remedy: String

    package init(_ name: Name, _ status: Status, _ detail: String, remedy: String = "") {
        self.name = name
        self.status = status
        self.detail = detail
        self.remedy = remedy
    }

    static func passed(_ name: Name, _ detail: String) -> AccountCheck { AccountCheck(name, .passed, detail) }

    static func failed(_ name: Name, _ detail: String, remedy: String) -> AccountCheck {
        AccountCheck(name, .failed, detail, remedy: remedy)
    }

    static func unknown(_ name: Name, _ detail: String, remedy: String) -> AccountCheck {
        AccountCheck(name, .unknown, detail, remedy: remedy)
    }

    /// What a failed call says about a check: a refused one fails it, and what may pass by itself leaves it open.
    static func of(_ name: Name, _ error: any Error, remedy: String = "") -> AccountCheck {
        guard let error = error as? AWSError else {
            return unknown(name, "\(error)", remedy: "Try again.")
        }
        if error.isAccessDenied {
            return failed(
                name, error.description,
                remedy: remedy.isEmpty
                    ? "Allow \(error.action) to the role: trailhound account policy prints its policy." : remedy)
        }
        if error.kind == .service, !error.isTransient {
            return failed(
                name, error.description,
                remedy: remedy.isEmpty ? "Mend what the error names, then verify again." : remedy)
        }
        if error.kind == .credentials {
            return unknown(
                name, error.description,
                remedy: "Give credentials: by the environment, a profile or the machine's role.")
        }
        return unknown(name, error.description, remedy: "Try again; see whether AWS can be reached from here.")
    }
}

/// What is verified: an account, and where its CloudTrail is.
package struct VerifiedAccount: Sendable, Hashable {
    /// Twelve digits.
    package var accountID: String
    /// The role to read with; empty for the caller's own credentials.
    package var roleARN = ""
    /// What the role's trust policy asks for.
    package var externalID = ""
    /// The trail's home region; empty for the client's.
    package var region = ""
    /// The trail's name or ARN; empty for the one that fits best.
    package var trail = ""
    /// The trail's bucket; empty for what the trail says.
    package var bucket = ""
    /// The key prefix; empty for what the trail says.
    package var keyPrefix = ""
    /// `o-…` for an organisation's trail.
    package var organizationID = ""
    /// The queue; empty for none.
    package var queueURL = ""
    /// The role that remediations act with; empty where the credentials at hand act themselves.
    package var respondRoleARN = ""
    /// Whether an executor inside the account makes the calls of remediations, with credentials of its own.
    package var isActedByExecutor = false
    /// The ARNs that the executors act as which are connected now.
    package var executors: [String] = []
    /// Whether a remediation is enabled, so that a way that does not work is a fault.
    package var isRemediationEnabled = false
    /// The name of the analysts' role; empty for `TrailhoundAnalyst`.
    package var consoleRole = ""

    package init(accountID: String) { self.accountID = accountID }
}
