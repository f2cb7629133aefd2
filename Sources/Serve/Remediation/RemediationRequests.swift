// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Detect
import Messages
import Respond

extension Respond.RemediationPolicy {
    /// What it lets an action do, for the audit log.
    var summary: String {
        func list(_ name: String, _ texts: [String]) -> String {
            texts.isEmpty ? "" : ", \(name) \(texts.joined(separator: " "))"
        }
        return "\(mode.rawValue) from \(minimumSeverity.name), \(hourlyCap) an hour"
            + (actsOnDuets ? ", DUETs too" : "") + ", records up to \(maximumAge / 60_000) min old"
            + list("detections", detections.sorted()) + list("never", never.map(\.text))
            + list("always", always.map(\.text))
    }
}

extension AccountAccess {
    /// How the account is reached, for the audit log.
    var summary: String {
        way == .executor ? "an executor" : roleARN.isEmpty ? "the service's own credentials" : roleARN
    }
}

/// Reads and checks what people ask of remediation: each failure is INVALID_ARGUMENT and names its field.
enum RemediationRequests {
    static func action(_ action: Messages.RemediationAction, field: String) throws -> Respond.RemediationAction {
        guard let known = action.action else {
            throw Validation.failure(field, "is \(action.rawValue), which is no action")
        }
        return known
    }

    /// A policy as it is to be stored.
    static func policy(_ message: Messages.RemediationPolicy, by name: String) throws -> StoredPolicy {
        guard let mode = message.mode.mode else {
            throw Validation.failure("policy.mode", "has to be OFF, DRY_RUN, APPROVE or AUTO")
        }
        let severity: Detect.Severity
        if message.minSeverity == .unspecified {
            severity = .high
        } else {
            guard let given = UInt8(exactly: message.minSeverity.rawValue).flatMap(Detect.Severity.init(rawValue:))
            else {
                throw Validation.failure("policy.min_severity", "is \(message.minSeverity.rawValue), no severity")
            }
            severity = given
        }
        guard message.detectionIDs.count <= Limits.filterValues else {
            throw Validation.failure(
                "policy.detection_ids",
                "names \(message.detectionIDs.count) detections; the limit is \(Limits.filterValues)")
        }
        let cap = message.hourlyCap == 0 ? RespondLimits.hourlyCap : Int(message.hourlyCap)
        guard cap <= Limits.largestHourlyCap else {
            throw Validation.failure("policy.hourly_cap", "is \(cap); the limit is \(Limits.largestHourlyCap)")
        }
        let age = message.maxAgeMinutes == 0 ? RespondLimits.actingAge : Milliseconds(message.maxAgeMinutes) * 60_000
        guard age <= RespondLimits.longestActingAge else {
            throw Validation.failure(
                "policy.max_age_minutes",
                "is \(message.maxAgeMinutes); the limit is \(RespondLimits.longestActingAge / 60_000)")
        }
        return StoredPolicy(
            policy: Respond.RemediationPolicy(
                mode: mode, minimumSeverity: severity,
                detections: Set(message.detectionIDs.map { $0.lowercased() }),
                never: try patterns(message.never, field: "policy.never"),
                always: try patterns(message.always, field: "policy.always"), hourlyCap: cap,
                actsOnDuets: message.actsOnDuets, maximumAge: age),
            changedAt: Clock.milliseconds(), changedBy: name)
    }

    private static func patterns(_ texts: [String], field: String) throws -> [TargetPattern] {
        guard texts.count <= RespondLimits.patterns else {
            throw Validation.failure(field, "has \(texts.count) entries; the limit is \(RespondLimits.patterns)")
        }
        return try texts.enumerated().map { index, text in
            guard let pattern = TargetPattern(text) else {
                throw Validation.failure(
                    "\(field)[\(index)]",
                    "is none of key/ID, user/NAME, role/NAME, path/PATH/, tag/NAME=VALUE, trail/NAME")
            }
            return pattern
        }
    }

    /// How an account is to be reached. A role has to be of that very account.
    static func access(_ message: Messages.RemediationAccess, account: AccountID) throws -> AccountAccess {
        let way: AccountAccess.Way
        switch message.way {
        case .role: way = .role
        case .executor: way = .executor
        default: throw Validation.failure("access.way", "has to be ROLE or EXECUTOR")
        }
        let role = try Validation.text(message.roleArn, field: "access.role_arn", bytes: Limits.accountNameBytes)
        if !role.isEmpty {
            let parts = role.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[5].hasPrefix("role/") else {
                throw Validation.failure("access.role_arn", "has to be arn:aws:iam::ACCOUNT:role/NAME")
            }
            guard parts[4] == account.description else {
                throw Validation.failure("access.role_arn", "is of account \(parts[4]), not of \(account)")
            }
            guard way == .role else {
                throw Validation.failure(
                    "access.role_arn", "goes with the way ROLE; an executor has its own credentials")
            }
        }
        try Validation.region(message.region, field: "access.region")
        return AccountAccess(way: way, roleARN: role, region: message.region)
    }

    /// Whom or what a person's command acts on.
    static func target(
        _ message: Messages.RemediationTarget?, _ action: Respond.RemediationAction, account: AccountID
    ) throws -> Respond.RemediationTarget {
        guard let message else { throw Validation.failure("run.target", "is missing") }
        func text(_ value: String, _ field: String) throws -> String {
            guard !value.isEmpty else { throw Validation.failure("run.target.\(field)", "is empty") }
            guard value.utf8.count <= RespondLimits.patternBytes, !value.contains(where: \.isNewline) else {
                throw Validation.failure("run.target.\(field)", "is no name")
            }
            return value
        }
        let subject: Respond.RemediationTarget.Subject
        switch action {
        case .deactivateAccessKey:
            subject = .accessKey(
                try text(message.accessKeyID, "access_key_id"),
                userName: try message.userName.isEmpty ? nil : text(message.userName, "user_name"))
        case .revokeRoleSessions: subject = .role(try text(message.roleName, "role_name"))
        case .denyUser, .disableConsoleLogin: subject = .user(try text(message.userName, "user_name"))
        case .restoreLogging:
            try Validation.region(message.region, field: "run.target.region")
            let trail = try text(message.trail, "trail")
            let region = message.region.isEmpty ? homeRegion(ofTrail: trail) ?? "us-east-1" : message.region
            subject = .trail(trail, region: region)
        }
        let target = Respond.RemediationTarget(accountID: account.description, subject: subject)
        if let flaw = target.flaw {
            throw Validation.failure("run.target.\(field(of: action))", "is no target: \(flaw)")
        }
        return target
    }

    /// The field that names the target of an action.
    private static func field(of action: Respond.RemediationAction) -> String {
        switch action {
        case .deactivateAccessKey: "access_key_id"
        case .revokeRoleSessions: "role_name"
        case .denyUser, .disableConsoleLogin: "user_name"
        case .restoreLogging: "trail"
        }
    }

    /// The region of `arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME`, where alone a trail can be started; nil for a name.
    private static func homeRegion(ofTrail trail: String) -> String? {
        let parts = trail.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "cloudtrail", EndpointResolver.isRegion(String(parts[3]))
        else { return nil }
        return String(parts[3])
    }
}
