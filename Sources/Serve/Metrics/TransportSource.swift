// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization

/// Where the statistics of the server's connections come from: the server is made after what answers with them.
package final class TransportSource: Sendable {
    private let source = Mutex<(@Sendable () -> TransportStatistics)?>(nil)

    package init() {}

    /// The server is there.
    func set(_ statistics: @escaping @Sendable () -> TransportStatistics) { source.withLock { $0 = statistics } }

    /// What connections do now; nil before there is a server.
    package var statistics: TransportStatistics? { source.withLock { $0 }?() }
}
