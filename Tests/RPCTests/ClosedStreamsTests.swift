// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPC
import Testing

private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

private func at(_ milliseconds: Int64) -> NIODeadline { start + .milliseconds(milliseconds) }

/// What is remembered of streams that are gone.
@Suite struct ClosedStreamsTests {
    @Test func kindsOfStreams() {
        var streams = ClosedStreams()
        #expect(streams.kind(1) == .idle)
        streams.opened(1)
        streams.opened(9)
        streams.opened(3)
        #expect(streams.kind(1) == .ended)
        for id: Int32 in [3, 5, 7] { #expect(streams.kind(id) == .skipped) }
        #expect(streams.kind(9) == .ended)
        for id: Int32 in [2, 8, 11, 13] { #expect(streams.kind(id) == .idle) }
        streams.resetHere(9)
        #expect(streams.kind(9) == .resetHere)
    }

    @Test func whatIsRememberedHasALimit() {
        var streams = ClosedStreams()
        for number in Int32(0)..<1000 {
            streams.opened(4 * number + 1)
            streams.resetHere(4 * number + 1)
        }
        #expect(streams.kind(1) == .ended)
        #expect(streams.kind(3997) == .resetHere)
        streams.opened(.max)
        #expect(streams.kind(.max) == .ended)
    }
}

/// Windows that grow with the traffic.
@Suite struct WindowEstimatorTests {
    private static func estimator(_ initial: Int = 64 * 1024, most: Int = 1024 * 1024) -> WindowEstimator {
        var limits = Limits()
        limits.initialWindowBytes = initial
        limits.maxWindowBytes = most
        return WindowEstimator(limits: limits)
    }

    @Test func growsWhileTheWindowIsInTheWay() {
        var estimator = Self.estimator()
        var now: Int64 = 0
        var windows: [Int] = []
        for _ in 0..<10 {
            // A window's worth of bytes each 10 ms.
            guard estimator.received(1000, now: at(now)) else { break }
            #expect(!estimator.received(estimator.window, now: at(now + 5)))
            if let window = estimator.pong(now: at(now + 10)) { windows.append(window) }
            now += 200
        }
        #expect(windows.first == (64 * 1024 + 1000) * 2)
        #expect(windows.last == 1024 * 1024)
        #expect(windows == windows.sorted())
        // At the limit nothing is measured any more.
        #expect(!estimator.received(1000, now: at(1_000_000)))
    }

    @Test func staysWhereTheWindowIsNotInTheWay() {
        var estimator = Self.estimator()
        #expect(estimator.received(1000, now: at(0)))
        #expect(estimator.pong(now: at(10)) == nil)
        #expect(estimator.window == 64 * 1024)
        // Measured more and more seldom.
        #expect(!estimator.received(1000, now: at(100)))
        #expect(estimator.received(1000, now: at(210)))
        #expect(estimator.pong(now: at(220)) == nil)
        #expect(!estimator.received(1000, now: at(600)))
        #expect(estimator.received(1000, now: at(620)))
        #expect(estimator.pong(now: at(10)) == nil)
        #expect(estimator.pong(now: at(10)) == nil)
    }
}
