// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import PKI
import RPC

/// Who may call what: the roles of every RPC, whether it changes anything, and the caller's accounts.
///
/// A certificate says its role and accounts in a SAN URI, `trailhound://ROLE/ACCOUNTS`. An RPC that is missing from
/// the table can be called by nobody.
package enum Access {
    /// What a call does to the service's state.
    package enum Effect: Sendable {
        case reading
        /// Every call leaves an entry in the audit log.
        case changing
    }

    /// The row of an RPC.
    package struct Rule: Sendable {
        package let roles: Set<Role>
        package let effect: Effect
        /// Whether it touches every account, so that a certificate of some accounts is not enough.
        package var isServiceWide = false

        /// Reads only.
        package static func reading(_ roles: Role...) -> Rule { Rule(roles: Set(roles), effect: .reading) }
        /// Changes something.
        package static func changing(_ roles: Role...) -> Rule { Rule(roles: Set(roles), effect: .changing) }
        /// Changes something that concerns every account.
        package static func changingEverything(_ roles: Role...) -> Rule {
            Rule(roles: Set(roles), effect: .changing, isServiceWide: true)
        }
        /// Open to every certificate, and reads only.
        package static let open = Rule(roles: Set(Role.allCases), effect: .reading)
    }

    /// The rules by RPC path. Health and reflection are open to every certificate.
    package static let table: [String: Rule] = [
        "/trailhound.v1.IngestService/SubmitEvents": .changing(.admin, .collector),
        "/trailhound.v1.IngestService/ReportLogFindings": .changing(.admin, .collector),
        "/trailhound.v1.AlertService/SubscribeAlerts": .reading(.admin, .analyst, .subscriber),
        "/trailhound.v1.AlertService/ListAlerts": .reading(.admin, .analyst, .subscriber),
        "/trailhound.v1.AlertService/GetAlert": .reading(.admin, .analyst, .subscriber),
        "/trailhound.v1.AlertService/UpdateAlert": .changing(.admin, .analyst),
        "/trailhound.v1.AlertService/AnswerDuet": .changing(.admin, .analyst, .subscriber),
        "/trailhound.v1.AccountService/OnboardAccount": .changing(.admin),
        "/trailhound.v1.AccountService/ListAccounts": .reading(.admin, .analyst, .collector),
        "/trailhound.v1.AccountService/GetAccount": .reading(.admin, .analyst, .collector),
        "/trailhound.v1.AccountService/UpdateAccount": .changing(.admin),
        "/trailhound.v1.AccountService/OffboardAccount": .changing(.admin),
        "/trailhound.v1.AccountService/VerifyAccount": .reading(.admin, .analyst),
        "/trailhound.v1.AuditService/TailAudit": .reading(.admin),
        "/trailhound.v1.DetectionService/ListDetections": .reading(.admin, .analyst),
        "/trailhound.v1.DetectionService/GetDetection": .reading(.admin, .analyst),
        "/trailhound.v1.DetectionService/SetDetectionState": .changingEverything(.admin),
        "/trailhound.v1.DetectionService/TuneDetection": .changing(.admin),
        "/trailhound.v1.DetectionService/CreateDetectionException": .changing(.admin),
        "/trailhound.v1.DetectionService/ListDetectionExceptions": .reading(.admin, .analyst),
        "/trailhound.v1.DetectionService/DeleteDetectionException": .changing(.admin),
        "/trailhound.v1.DetectionService/ReloadRules": .changingEverything(.admin),
        "/trailhound.v1.DetectionService/ValidateRules": .reading(.admin, .analyst),
        "/trailhound.v1.DetectionService/ExplainDetection": .reading(.admin, .analyst),
        "/trailhound.v1.InvestigationService/GetTimeline": .reading(.admin, .analyst),
        "/trailhound.v1.InvestigationService/GetLineage": .reading(.admin, .analyst),
        "/trailhound.v1.InvestigationService/GetStatus": .reading(.admin, .analyst, .collector, .subscriber),
        "/trailhound.v1.RemediationService/SendCommands": .changing(.admin, .analyst),
        "/trailhound.v1.RemediationService/ServeExecutor": .changing(.executor),
        "/trailhound.v1.RemediationService/GetPolicy": .reading(.admin, .analyst),
        "/trailhound.v1.RemediationService/SetPolicy": .changing(.admin),
        "/trailhound.v1.RemediationService/ApproveRemediation": .changing(.admin, .analyst),
        "/trailhound.v1.RemediationService/RollbackRemediation": .changing(.admin, .analyst),
        "/trailhound.v1.RemediationService/GetRemediation": .reading(.admin, .analyst),
        "/trailhound.v1.RemediationService/ListRemediations": .reading(.admin, .analyst),
        "/trailhound.v1.RemediationService/GetFreeze": .reading(.admin, .analyst),
        "/trailhound.v1.RemediationService/SetFreeze": .changingEverything(.admin, .analyst),
        "/trailhound.v1.DeadLetterService/ListDeadLetters": .reading(.admin, .analyst),
        "/trailhound.v1.DeadLetterService/GetDeadLetter": .reading(.admin, .analyst),
        "/trailhound.v1.DeadLetterService/ResubmitDeadLetters": .changing(.admin),
        "/trailhound.v1.DeadLetterService/PurgeDeadLetters": .changing(.admin),
        "/grpc.health.v1.Health/Check": .open,
        "/grpc.health.v1.Health/Watch": .open,
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": .open,
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": .open,
    ]
}

/// Who calls, as far as the service cares.
package struct Caller: Sendable {
    package let role: Role
    /// The accounts that the certificate covers; nil for all.
    package let accounts: Set<AccountID>?
    /// Who it is, for the audit log.
    package let actor: AuditActor

    package init(role: Role, accounts: Set<AccountID>?, actor: AuditActor) {
        self.role = role
        self.accounts = accounts
        self.actor = actor
    }

    /// The name that the room for dead letters is shared by: the certificate's, which a renewed one has too.
    package var submitter: String { actor.subject.isEmpty ? actor.role : actor.subject }

    /// Whether the caller may know of an account.
    package func covers(_ account: AccountID) -> Bool { accounts?.contains(account) ?? true }

    /// Throws PERMISSION_DENIED for an account that the caller's certificate does not cover.
    package func require(_ account: AccountID) throws {
        guard covers(account) else {
            throw RPCError(.permissionDenied, "The certificate does not cover account \(account).")
        }
    }
}

/// Stands before every call: without a role that the table allows, no handler runs.
package struct AccessControl: ServerInterceptor {
    /// Without TLS everyone on the loopback is an admin; the service listens nowhere else then.
    package let isPlaintext: Bool

    package init(isPlaintext: Bool) { self.isPlaintext = isPlaintext }

    package func intercept(_ context: CallContext, next: @Sendable () async throws -> Void) async throws {
        let caller = try caller(context)
        guard let rule = Access.table[context.path] else {
            throw RPCError(.permissionDenied, "No role may call \(context.path).")
        }
        guard rule.roles.contains(caller.role) else {
            let roles = rule.roles.map(\.rawValue).sorted().joined(separator: ", ")
            throw RPCError(
                .permissionDenied, "The certificate's role is \(caller.role.rawValue); \(context.path) needs \(roles).")
        }
        guard !rule.isServiceWide || caller.accounts == nil else {
            throw RPCError(
                .permissionDenied, "\(context.path) concerns every account, and the certificate covers some only.")
        }
        try await next()
    }

    /// Reads the caller from the certificate of the connection.
    package func caller(_ context: CallContext) throws -> Caller {
        if isPlaintext { return Caller(role: .admin, accounts: nil, actor: actor(context)) }
        guard let certificate = context.peer.certificate, let identity = ClientIdentity(uris: certificate.uris) else {
            throw RPCError(
                .unauthenticated, "The client certificate has no SAN URI of the form trailhound://ROLE/ACCOUNTS.")
        }
        let actor = actor(context)
        switch identity.accounts {
        case .all: return Caller(role: identity.role, accounts: nil, actor: actor)
        case .some(let accounts):
            return Caller(role: identity.role, accounts: Set(accounts.compactMap { AccountID($0) }), actor: actor)
        }
    }

    /// Who calls, as far as it is known; for the audit log also of those who may not.
    package func actor(_ context: CallContext) -> AuditActor {
        let peer = context.peer
        if isPlaintext { return AuditActor(role: Role.admin.rawValue, address: peer.address) }
        guard let certificate = peer.certificate else { return AuditActor(role: "", address: peer.address) }
        return AuditActor(
            role: ClientIdentity(uris: certificate.uris)?.role.rawValue ?? "", subject: certificate.subject,
            serial: certificate.serial, fingerprint: certificate.fingerprint, address: peer.address)
    }
}
