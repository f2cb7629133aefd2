// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counters in one run of memory. One thread writes, at the cost of a load and a store; any thread reads.
///
/// Sendable because every element is an atomic, and the memory lives as long as this object.
final class CounterArray: @unchecked Sendable {
    private let elements: UnsafeMutablePointer<Atomic<Int>>
    let count: Int

    init(count: Int) {
        self.count = count
        elements = .allocate(capacity: count)
        for index in 0..<count { (elements + index).initialize(to: Atomic(0)) }
    }

    deinit {
        elements.deinitialize(count: count)
        elements.deallocate()
    }

    /// Adds to an element. On the one thread that writes.
    func add(_ amount: Int, at index: Int) {
        guard index >= 0, index < count else { return }
        let element = elements + index
        element.pointee.store(element.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    subscript(index: Int) -> Int {
        guard index >= 0, index < count else { return 0 }
        return elements[index].load(ordering: .relaxed)
    }
}

/// What one event loop of a server counts. Written on that loop only, so that counting takes no lock and shares no
/// cache line with another loop's work; a reader sums over the loops.
final class LoopCounters: Sendable {
    /// The counters that are not a method's, a reason's or a limit's.
    enum Plain: Int, CaseIterable {
        case connectionsStarted, connectionsEstablished, connectionsClosed, handshakesEnded
        case endedForFlood, endedForSilence, requestsRefused, bytesReceived, bytesSent, openStreams
    }

    private let plain = CounterArray(count: Plain.allCases.count)
    private let failures = CounterArray(count: HandshakeFailure.allCases.count)
    private let refusals = CounterArray(count: LimitName.allCases.count)
    /// For each method: calls started, nanoseconds, a counter for each status, then the buckets.
    private let methods: CounterArray

    private static let statusCount = 17
    private static let startedOffset = 0
    private static let nanosecondsOffset = 1
    private static let statusOffset = 2
    private static let bucketOffset = statusOffset + statusCount
    private static let methodStride = bucketOffset + LatencyHistogram.bucketCount
    private static let failureIndex = Dictionary(
        uniqueKeysWithValues: HandshakeFailure.allCases.enumerated().map { ($1, $0) })
    private static let limitIndex = Dictionary(uniqueKeysWithValues: LimitName.allCases.enumerated().map { ($1, $0) })

    init(methodCount: Int) { methods = CounterArray(count: methodCount * Self.methodStride) }

    func add(_ counter: Plain, _ amount: Int = 1) { plain.add(amount, at: counter.rawValue) }
    func add(_ failure: HandshakeFailure) { failures.add(1, at: Self.failureIndex[failure] ?? -1) }
    func add(_ limit: LimitName) { refusals.add(1, at: Self.limitIndex[limit] ?? -1) }

    /// Streams of requests that are open on this loop, those of calls that have their status included.
    var openStreams: Int { plain[Plain.openStreams.rawValue] }

    /// Connections that are up on this loop.
    var openConnections: Int {
        plain[Plain.connectionsEstablished.rawValue] - plain[Plain.connectionsClosed.rawValue]
    }

    /// A call of the method with this index began.
    func callStarted(_ method: Int) {
        methods.add(1, at: method * Self.methodStride + Self.startedOffset)
    }

    /// A call of the method ended, after so long.
    func callEnded(_ method: Int, _ code: StatusCode, nanoseconds: Int64) {
        let base = method * Self.methodStride
        let status = code.rawValue >= 0 && code.rawValue < Self.statusCount ? code : .unknown
        methods.add(1, at: base + Self.statusOffset + status.rawValue)
        methods.add(Int(nanoseconds), at: base + Self.nanosecondsOffset)
        methods.add(1, at: base + Self.bucketOffset + LatencyHistogram.bucket(nanoseconds: nanoseconds))
    }

    /// Adds what this loop counted to the sum; `statistics.methods` has an entry for each method.
    func add(to statistics: inout TransportStatistics) {
        statistics.connectionsEstablished += plain[Plain.connectionsEstablished.rawValue]
        statistics.connectionsOpen += openConnections
        statistics.handshakesOpen += plain[Plain.connectionsStarted.rawValue] - plain[Plain.handshakesEnded.rawValue]
        statistics.connectionsEndedForFlood += plain[Plain.endedForFlood.rawValue]
        statistics.connectionsEndedForSilence += plain[Plain.endedForSilence.rawValue]
        statistics.streamsOpen += openStreams
        statistics.requestsRefused += plain[Plain.requestsRefused.rawValue]
        statistics.bytesReceived += plain[Plain.bytesReceived.rawValue]
        statistics.bytesSent += plain[Plain.bytesSent.rawValue]
        for (index, failure) in HandshakeFailure.allCases.enumerated() where failures[index] > 0 {
            statistics.handshakeFailures[failure, default: 0] += failures[index]
        }
        for (index, limit) in LimitName.allCases.enumerated() where refusals[index] > 0 {
            statistics.refusals[limit, default: 0] += refusals[index]
        }
        for index in statistics.methods.indices { addMethod(index, to: &statistics) }
    }

    private func addMethod(_ index: Int, to statistics: inout TransportStatistics) {
        let base = index * Self.methodStride
        let started = methods[base + Self.startedOffset]
        guard started > 0 else { return }
        statistics.callsStarted += started
        statistics.methods[index].started += started
        statistics.methods[index].latency.totalNanoseconds += methods[base + Self.nanosecondsOffset]
        for status in 0..<Self.statusCount {
            let count = methods[base + Self.statusOffset + status]
            guard count > 0 else { continue }
            statistics.methods[index].finished[StatusCode(rawValue: status), default: 0] += count
            if status == 0 { statistics.callsSucceeded += count } else { statistics.callsFailed += count }
        }
        for bucket in 0..<LatencyHistogram.bucketCount {
            statistics.methods[index].latency.counts[bucket] += methods[base + Self.bucketOffset + bucket]
        }
    }
}
