// SPDX-License-Identifier: Apache-2.0

import Journal
import RPC

/// Stands around every call, outside of the access control: refused calls are audited, and a state-changing call does
/// not end well without an entry. What changed only the handler knows, so that the entry itself is the handler's.
struct AuditInterceptor: ServerInterceptor {
    let audit: AuditLog
    let access: AccessControl

    func intercept(_ context: CallContext, next: @Sendable () async throws -> Void) async throws {
        let changes = Access.table[context.path]?.effect == .changing
        let scope = changes ? AuditScope() : nil
        do {
            if let scope {
                try await AuditScope.$current.withValue(scope) { try await next() }
            } else {
                try await next()
            }
        } catch {
            let status = RPCError.from(error)
            // A store that failed has no room for an entry of that either.
            let isUnwritten = scope.map { !$0.isMarked } ?? false && !(status.cause is JournalError)
            if Self.isRefusal(status.code) || (isUnwritten && status.code != .cancelled) {
                await audit.refused(entry(context, status.message, outcome: status.code.description))
            }
            throw error
        }
        if let scope, !scope.isMarked, context.method.shape == .unary {
            await audit.forgot(entry(context, "changed something that its entry does not tell"))
        }
    }

    private static func isRefusal(_ code: StatusCode) -> Bool { code == .permissionDenied || code == .unauthenticated }

    private func entry(
        _ context: CallContext, _ summary: String, outcome: String = AuditEntry.succeeded
    ) -> AuditEntry {
        AuditEntry(
            time: Clock.milliseconds(), actor: access.actor(context), method: context.path, summary: summary,
            outcome: outcome)
    }
}
