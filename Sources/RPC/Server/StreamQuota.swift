// SPDX-License-Identifier: Apache-2.0

/// How the streams that a server may have open are shared among its connections, on one event loop. A hard bound:
/// whatever peers do, there are never more than `Limits.maxCalls` in all.
///
/// Each connection that the server may ever have is sure of `guaranteed` streams. Of the others the first half goes to
/// whoever comes; the second one is divided among the connections that are there, so that none can take it all.
package struct StreamQuota: Equatable, Sendable {
    /// What every connection may open whatever the others have: at least one, else its part of half the limit.
    package let guaranteed: Int
    /// What is open when first come is first served no longer …
    private let common: Int
    /// … and when only guaranteed streams are still opened.
    private let total: Int

    /// A loop's part of the limits.
    package init(_ limits: Limits, loops: Int) {
        guaranteed = max(1, limits.maxCalls / 2 / max(1, limits.maxConnections))
        let (set, overflow) = guaranteed.multipliedReportingOverflow(by: max(1, limits.maxConnections))
        let others = max(limits.maxCalls / 2, overflow ? 0 : limits.maxCalls - set)
        total = others / max(1, loops)
        common = total / 2
    }

    /// Whether a stream more may open.
    /// - Parameters:
    ///   - open: the streams that are open on the loop.
    ///   - own: those of them that are the connection's.
    ///   - connections: the connections that are up on the loop.
    package func admits(open: Int, own: Int, connections: Int) -> Bool {
        if own < guaranteed || open < common { return true }
        return open < total && own < (total - common) / max(1, connections)
    }
}
