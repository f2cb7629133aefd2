// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPC
import TestKit
import Testing

private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

private func at(_ milliseconds: Int64) -> NIODeadline { start + .milliseconds(milliseconds) }

/// Windows that grow with the traffic.
@Suite struct WindowEstimatorTests {
    private static func estimator(_ initial: Int = 64 * 1024, most: Int = 1024 * 1024) -> WindowEstimator {
        var limits = Limits()
        limits.initialWindowBytes = initial
        limits.maxWindowBytes = most
        return WindowEstimator(limits: limits)
    }

    private static func received(_ count: Int, _ now: NIODeadline, _ estimator: inout WindowEstimator) -> Bool {
        estimator.received(count, now: now)
    }

    private static func pong(_ now: NIODeadline, _ estimator: inout WindowEstimator) -> Int? {
        estimator.pong(now: now)
    }

    @Test func growsWhileTheWindowIsInTheWay() {
        var estimator = Self.estimator()
        var now: Int64 = 0
        var windows: [Int] = []
        for _ in 0..<10 {
            let window = estimator.window
            // A window's worth of bytes each 10 ms.
            guard estimator.received(window / 8, now: at(now)) else { break }
            #expect(!Self.received(window, at(now + 5), &estimator))
            if let window = estimator.pong(now: at(now + 10)) { windows.append(window) }
            now += 200
        }
        let measured = 64 * 1024 + 8 * 1024
        #expect(windows.first == measured * 2)
        #expect(windows.last == 1024 * 1024)
        #expect(windows == windows.sorted())
        // At the limit nothing is measured any more.
        #expect(!Self.received(1_000_000, at(1_000_000), &estimator))
    }

    @Test func staysWhereTheWindowIsNotInTheWay() {
        var estimator = Self.estimator()
        #expect(Self.received(10_000, at(0), &estimator))
        #expect(Self.pong(at(10), &estimator) == nil)
        #expect(estimator.window == 64 * 1024)
        // Measured more and more seldom.
        #expect(!Self.received(10_000, at(100), &estimator))
        #expect(Self.received(10_000, at(210), &estimator))
        #expect(Self.pong(at(220), &estimator) == nil)
        #expect(!Self.received(10_000, at(600), &estimator))
        #expect(Self.received(10_000, at(620), &estimator))
        #expect(Self.pong(at(10), &estimator) == nil)
        #expect(Self.pong(at(10), &estimator) == nil)
    }

    /// A message now and then is no reason to ask.
    @Test func isNotMeasuredWhereLittleComes() {
        var estimator = Self.estimator()
        for number in Int64(1)...7 { #expect(!Self.received(1024, at(number * 60_000), &estimator)) }
        #expect(Self.received(1024, at(8 * 60_000), &estimator), "an eighth of the window")
        #expect(Self.pong(at(8 * 60_000 + 10), &estimator) == nil)
        #expect(!Self.received(1024, at(9 * 60_000), &estimator))
    }

    /// The server asks how long the way is when data comes, and opens its windows when they were nearly filled meanwhile.
    @Test func theServerOpensItsWindows() async throws {
        try await Rig.run(.socket) { rig in
            let peer = try ScriptedPeer.connect(port: rig.address?.port ?? 0)
            peer.sendClientPreface()
            // The server's first windows count from here on.
            _ = await peer.next(type: 4)
            peer.send(type: 4, flags: 1)
            peer.sendRequest(stream: 1, path: EchoService.collect.path)
            let message = [UInt8](repeating: 7, count: 16_000)
            for _ in 0..<3 { peer.sendMessage(stream: 1, message) }
            let ping = try #require(await peer.next(type: 6))
            for _ in 0..<12 { peer.sendMessage(stream: 1, message) }
            peer.send(type: 6, flags: 1, ping.payload)
            let settings = try #require(await peer.next(type: 4))
            #expect(settings.payload.count == 6 && settings.payload.prefix(2) == [0, 4])
            let window = settings.payload.suffix(4).reduce(0) { $0 << 8 | Int($1) }
            #expect(window > Limits().initialWindowBytes)
            #expect(window <= Limits().maxWindowBytes)
            peer.send(type: 4, flags: 1)
            // What was collected comes back, and is more than a client's first windows hold.
            for stream: Int32 in [0, 1] { peer.send(type: 8, stream: stream, [0, 16, 0, 0]) }
            peer.sendMessage(stream: 1, [2], endStream: true)
            #expect(await peer.end(ofStream: 1)?.value("grpc-status") == "0")
        }
    }
}
