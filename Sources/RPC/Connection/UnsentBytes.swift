// SPDX-License-Identifier: Apache-2.0

/// What the streams of one connection hold in all for a peer that does not take it: the sum of what their writers have
/// left in `OutboundBuffer`s. A value; nothing the peer does is an error here.
///
/// Over the limit a writer waits until its stream has sent everything, so that each stream holds one message at most
/// while one that the peer reads goes on. Once half of the limit is left, all go on.
package struct UnsentBytes: Equatable {
    /// Bytes that wait now.
    package private(set) var total = 0
    /// More than the limit has been reached, and half of it not been left behind since.
    package private(set) var isOver = false
    private let limit: Int

    /// Nothing waits.
    package init(limit: Int) { self.limit = limit }

    /// A stream holds so many bytes more, or fewer. True when writers that wait for the connection may go on.
    package mutating func change(by count: Int) -> Bool {
        total += count
        if isOver {
            isOver = total > limit / 2
            return !isOver
        }
        isOver = total > limit
        return false
    }
}
