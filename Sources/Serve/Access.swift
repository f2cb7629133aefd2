// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import PKI
import RPC

/// Who may call what: the roles of every RPC, and the caller's accounts.
///
/// A certificate says its role and accounts in a SAN URI, `trailhound://ROLE/ACCOUNTS`. An RPC that is missing from
/// the table can be called by nobody.
package enum Access {
    /// Roles by RPC path. Health and reflection are open to every certificate.
    package static let table: [String: Set<Role>] = [
        "/trailhound.v1.IngestService/SubmitEvents": [.admin, .collector],
        "/trailhound.v1.AlertService/SubscribeAlerts": [.admin, .analyst, .subscriber],
        "/trailhound.v1.AlertService/ListAlerts": [.admin, .analyst, .subscriber],
        "/trailhound.v1.AlertService/GetAlert": [.admin, .analyst, .subscriber],
        "/trailhound.v1.AlertService/UpdateAlert": [.admin, .analyst],
        "/trailhound.v1.AlertService/AnswerDuet": [.admin, .analyst, .subscriber],
        "/trailhound.v1.AccountService/OnboardAccount": [.admin],
        "/trailhound.v1.AccountService/ListAccounts": [.admin, .analyst, .collector],
        "/trailhound.v1.AccountService/GetAccount": [.admin, .analyst, .collector],
        "/trailhound.v1.AccountService/UpdateAccount": [.admin],
        "/trailhound.v1.AccountService/OffboardAccount": [.admin],
        "/trailhound.v1.DetectionService/ListDetections": [.admin, .analyst],
        "/trailhound.v1.DetectionService/GetDetection": [.admin, .analyst],
        "/trailhound.v1.DetectionService/SetDetectionState": [.admin],
        "/trailhound.v1.DetectionService/ReloadRules": [.admin],
        "/trailhound.v1.DetectionService/ValidateRules": [.admin, .analyst],
        "/trailhound.v1.InvestigationService/GetTimeline": [.admin, .analyst],
        "/trailhound.v1.InvestigationService/GetLineage": [.admin, .analyst],
        "/trailhound.v1.InvestigationService/GetStatus": [.admin, .analyst, .collector, .subscriber],
        "/grpc.health.v1.Health/Check": Set(Role.allCases),
        "/grpc.health.v1.Health/Watch": Set(Role.allCases),
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": Set(Role.allCases),
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Set(Role.allCases),
    ]
}

/// Who calls, as far as the service cares.
package struct Caller: Sendable {
    package let role: Role
    /// The accounts that the certificate covers; nil for all.
    package let accounts: Set<AccountID>?

    /// Whether the caller may know of an account.
    package func covers(_ account: AccountID) -> Bool { accounts?.contains(account) ?? true }

    /// Throws PERMISSION_DENIED for an account that the caller's certificate does not cover.
    func require(_ account: AccountID) throws {
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
        guard let allowed = Access.table[context.path] else {
            throw RPCError(.permissionDenied, "No role may call \(context.path).")
        }
        guard allowed.contains(caller.role) else {
            let roles = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            throw RPCError(
                .permissionDenied, "The certificate's role is \(caller.role.rawValue); \(context.path) needs \(roles).")
        }
        try await next()
    }

    /// Reads the caller from the certificate of the connection.
    package func caller(_ context: CallContext) throws -> Caller {
        if isPlaintext { return Caller(role: .admin, accounts: nil) }
        guard let certificate = context.peer.certificate, let identity = ClientIdentity(uris: certificate.uris) else {
            throw RPCError(
                .unauthenticated, "The client certificate has no SAN URI of the form trailhound://ROLE/ACCOUNTS.")
        }
        switch identity.accounts {
        case .all: return Caller(role: identity.role, accounts: nil)
        case .some(let accounts):
            return Caller(role: identity.role, accounts: Set(accounts.compactMap { AccountID($0) }))
        }
    }
}
