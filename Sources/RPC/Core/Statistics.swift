// SPDX-License-Identifier: Apache-2.0

/// What a server has seen since it was made: counters that only grow, but for those named open. A sum over its event
/// loops at about one moment.
public struct TransportStatistics: Sendable, Hashable {
    /// Connections that came up, TLS included.
    public var connectionsEstablished = 0
    /// Connections that are up now.
    public var connectionsOpen = 0
    /// Connections that are in their TLS handshake or before their HTTP/2 preface now.
    public var handshakesOpen = 0
    /// Connections that never came up, by reason.
    public var handshakeFailures: [HandshakeFailure: Int] = [:]
    /// Connections ended because the peer flooded them with frames.
    public var connectionsEndedForFlood = 0
    /// Connections ended because the peer did not answer a keepalive.
    public var connectionsEndedForSilence = 0
    /// Streams that are open now: of calls, also of those whose status the client has yet to take, and of other requests.
    public var streamsOpen = 0
    /// Calls that began.
    public var callsStarted = 0
    /// Calls that ended with OK.
    public var callsSucceeded = 0
    /// Calls that ended with another status.
    public var callsFailed = 0
    /// Requests that were no gRPC, or of no known method.
    public var requestsRefused = 0
    /// Bytes that came over the connections, as they came (TLS records).
    public var bytesReceived = 0
    /// Bytes handed to the connections, as they go.
    public var bytesSent = 0
    /// Room that messages on their way in have reserved now (`Limits.maxReceivingBytes`).
    public var reservedBytes = 0
    /// Bytes of messages that came without a reservation and wait now.
    public var heldBytes = 0
    /// Bytes of answers that peers have not taken.
    public var unsentBytes = 0
    /// What peers were refused by a limit, by the limit.
    public var refusals: [LimitName: Int] = [:]
    /// The registered methods, in the order of their paths.
    public var methods: [MethodStatistics] = []

    /// Calls that are open now.
    public var callsOpen: Int { callsStarted - callsSucceeded - callsFailed }
}

/// What a server has seen of one method.
public struct MethodStatistics: Sendable, Hashable {
    /// The method.
    public var method: MethodDescriptor
    /// Calls that began.
    public var started = 0
    /// Calls that ended, by status. Codes that gRPC does not know count as UNKNOWN.
    public var finished: [StatusCode: Int] = [:]
    /// From a call's headers to its status.
    public var latency = LatencyHistogram()

    /// Calls that are open now.
    public var open: Int { started - finished.values.reduce(0, +) }
}

/// How long calls took: counts by duration, in buckets that double.
public struct LatencyHistogram: Sendable, Hashable {
    /// The upper bound of each bucket but the last in nanoseconds: 2^16 ns (66 µs), 2^17, … 2^36 (69 s).
    public static let upperBounds: [Int64] = (firstExponent...lastExponent).map { Int64(1) << Int64($0) }

    /// Calls in each bucket, not cumulated; the last one is for what took longer than every bound.
    public var counts = [Int](repeating: 0, count: bucketCount)
    /// The sum of all durations in nanoseconds.
    public var totalNanoseconds = 0

    static let firstExponent = 16
    static let lastExponent = 36
    static let bucketCount = lastExponent - firstExponent + 2

    /// The bucket of a duration: the first whose bound is not below it.
    static func bucket(nanoseconds: Int64) -> Int {
        guard nanoseconds > 1 << firstExponent else { return 0 }
        // The exponent of the next power of two.
        let exponent = Int64.bitWidth - (nanoseconds - 1).leadingZeroBitCount
        return min(exponent - firstExponent, bucketCount - 1)
    }

    /// An empty histogram.
    public init() {}

    /// Calls in all buckets.
    public var count: Int { counts.reduce(0, +) }

    /// The upper bound in nanoseconds of the bucket in which the part `quantile` (0 … 1) of all calls lies; nil without
    /// calls, and where it lies beyond every bound.
    public func upperBound(ofQuantile quantile: Double) -> Int64? {
        let rank = Int((Double(count) * quantile).rounded(.up))
        guard rank > 0 else { return nil }
        var seen = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return index < Self.upperBounds.count ? Self.upperBounds[index] : nil }
        }
        return nil
    }
}
