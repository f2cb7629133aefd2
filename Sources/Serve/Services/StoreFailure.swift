// SPDX-License-Identifier: Apache-2.0

import Journal
import Logging
import RPC

/// Failures of the store as callers hear of them: by name, and without what stands in it.
enum StoreFailure {
    /// The status of a failed call; nil for an error that is not the store's.
    static func status(_ error: any Error) -> RPCError? {
        guard let error = error as? JournalError else { return nil }
        switch error.code {
        case .full:
            return RPCError(
                .resourceExhausted, "The store is full: nothing was changed. Try again when its disk has room.",
                cause: error)
        case .inputOutput:
            return RPCError(
                .unavailable,
                "The store's disk failed: nothing was changed. Try again; the service's log has the reason.",
                cause: error)
        case .damaged:
            return RPCError(
                .dataLoss,
                "The store is damaged at \(error.place ?? "a place that SQLite does not name"). "
                    + "`trailhoundd check` tells what is lost.", cause: error)
        case .outOfBounds:
            return RPCError(.resourceExhausted, "A limit of the store: \(error.message).", cause: error)
        default:
            return RPCError(
                .unavailable, "The store failed: nothing was changed. Try again; the service's log has the reason.",
                cause: error)
        }
    }

    /// The status of a stream of records whose transaction failed: the collector comes again with all of it.
    static func ingest(_ error: any Error) -> RPCError {
        let message = status(error)?.message ?? "The store failed."
        return RPCError(.unavailable, message + " Send what was not acknowledged again.", cause: error)
    }

    /// Whether the disk is full or fails: what failed of that is right when the disk is.
    static func isOfDisk(_ error: any Error) -> Bool {
        guard let error = error as? JournalError else { return false }
        return error.code == .full || error.code == .inputOutput
    }

    static func isDamage(_ error: any Error) -> Bool { (error as? JournalError)?.code == .damaged }
}

/// Gives calls that failed of the store a status by name, and counts damage that they met.
struct StoreFailureInterceptor: ServerInterceptor {
    let damage: DamageTally
    let log: Logger

    func intercept(_ context: CallContext, next: @Sendable () async throws -> Void) async throws {
        do { try await next() } catch {
            guard let status = StoreFailure.status(error) else { throw error }
            if damage.note(error) { log.error("\(context.path) met damage: \(error)") }
            throw status
        }
    }
}
