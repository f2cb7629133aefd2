// SPDX-License-Identifier: Apache-2.0

/// What a server remembers of streams that are gone, to tell late frames from wrong ones (RFC 9113 section 5.1).
///
/// nghttp2 passes over frames of closed streams; the RFC asks for more. A frame of a stream that the client ended is
/// STREAM_CLOSED, one of an id that it skipped a PROTOCOL_ERROR, and one of a stream that we reset was on its way.
package struct ClosedStreams: Equatable {
    /// What a stream that is not open is.
    package enum Kind: Equatable {
        /// The client has not come to it yet.
        case idle
        /// The client has passed over it, which closed it (section 5.1.1).
        case skipped
        /// This side reset it: what comes was on its way.
        case resetHere
        /// Both sides ended it, or the client reset it.
        case ended
    }

    private var next: Int32 = 1
    private var skipped: [ClosedRange<Int32>] = []
    private var reset: [Int32] = []
    private var oldest = 0
    /// The newest of those resets that are not in mind any more: nothing wrong is held against streams up to it.
    private var forgotten: Int32 = 0

    /// How many there are of each that a connection keeps in mind.
    static let kept = 64

    /// No stream yet.
    package init() {}

    /// HEADERS of the client opened the stream.
    package mutating func opened(_ id: Int32) {
        guard id >= next, id & 1 == 1 else { return }
        // Who skips often is believed to skip on: the oldest gaps are forgotten, and count as streams that ended.
        if id > next, skipped.count < Self.kept { skipped.append(next...(id - 2)) }
        next = id > Int32.max - 2 ? Int32.max : id + 2
        if id == Int32.max { isUsedUp = true }
    }

    private var isUsedUp = false

    /// This side reset the stream.
    package mutating func resetHere(_ id: Int32) {
        guard reset.count == Self.kept else { return reset.append(id) }
        forgotten = max(forgotten, reset[oldest])
        reset[oldest] = id
        oldest = (oldest + 1) % Self.kept
    }

    /// The client has not come to the stream yet; or it would be the server's own, which has none.
    package func isIdle(_ id: Int32) -> Bool { id & 1 == 0 || (id >= next && !isUsedUp) }

    /// What a stream that is not open is. Streams of the server's own are idle: it has none.
    package func kind(_ id: Int32) -> Kind {
        if isIdle(id) { return .idle }
        if skipped.contains(where: { $0.contains(id) }) { return .skipped }
        return id <= forgotten || reset.contains(id) ? .resetHere : .ended
    }
}
