// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Keeps what another provider gave until shortly before it ends. However many calls need credentials at once, the
/// provider is asked once.
package actor CachedCredentials: CredentialsProvider {
    private let source: any CredentialsProvider
    private let clock: AWSClock
    private var current: Credentials?
    private var refused: Credentials?
    private var retryAt: Date?
    private var renewal: Task<Credentials, any Error>?

    /// Caches `source`.
    package init(_ source: any CredentialsProvider, clock: AWSClock = .system) {
        self.source = source
        self.clock = clock
    }

    package func credentials() async throws -> Credentials {
        let now = clock.now()
        if let current, current != refused {
            guard let remaining = current.remaining(at: now) else { return current }
            if remaining > AWSLimits.refreshAhead { return current }
            if let retryAt, now < retryAt, remaining > AWSLimits.expiryMargin { return current }
        }
        do {
            return try await renewed()
        } catch {
            // What still holds is better than nothing while the source is down.
            let now = clock.now()
            guard !Task.isCancelled, let current, current != refused, let remaining = current.remaining(at: now),
                remaining > AWSLimits.expiryMargin
            else { throw error }
            retryAt = now.addingTimeInterval(AWSLimits.refreshRetry.inSeconds)
            return current
        }
    }

    package func invalidate(_ refused: Credentials) async {
        self.refused = refused
        await source.invalidate(refused)
    }

    /// Joins the renewal that is under way, or starts one. It is a task of its own, so that a caller who is cancelled
    /// does not take it from the others.
    private func renewed() async throws -> Credentials {
        if let renewal { return try await renewal.value }
        let task = Task { try await source.credentials() }
        renewal = task
        defer { renewal = nil }
        let fresh = try await task.value
        current = fresh
        retryAt = nil
        return fresh
    }
}
