// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPC
import Testing

private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

/// A moment after the start.
private func at(_ seconds: Double) -> NIODeadline { start + .nanoseconds(Int64(seconds * 1e9)) }

/// The server's connection, moment by moment.
@Suite struct ServerConnectionMachineTests {
    private static func machine(_ configure: (inout ServerConfiguration) -> Void = { _ in }) -> ServerConnectionMachine
    {
        var configuration = ServerConfiguration(addresses: [])
        configuration.keepalive = KeepaliveConfiguration(interval: nil)
        configure(&configuration)
        return ServerConnectionMachine(configuration, now: start)
    }

    private static func serving(_ configure: (inout ServerConfiguration) -> Void = { _ in }) -> ServerConnectionMachine
    {
        var machine = machine(configure)
        machine.settingsReceived(now: start)
        return machine
    }

    @Test func slowHandshakeEnds() {
        var machine = Self.machine { $0.limits.handshakeTimeout = .seconds(3) }
        #expect(machine.nextTimer == at(3))
        #expect(machine.timer(now: at(2.9)) == .none)
        #expect(machine.timer(now: at(3)) == .endForHandshake)
        #expect(machine.timer(now: at(4)) == .none)
        var quick = Self.machine()
        quick.settingsReceived(now: at(1))
        #expect(quick.nextTimer == nil)
    }

    @Test func drainsInTwoSteps() {
        var machine = Self.serving()
        machine.streamOpened()
        #expect(machine.drain(grace: .seconds(5), now: at(10)) == .announce(nil))
        #expect(machine.drain(grace: .seconds(9), now: at(10)) == .none)
        #expect(machine.pong() == .goAway)
        #expect(machine.pong() == .none)
        #expect(machine.timer(now: at(14.9)) == .none)
        #expect(machine.timer(now: at(15)) == .endForGrace)
    }

    @Test func drainingWaitsForThePongOnlySoLong() {
        var machine = Self.serving()
        #expect(machine.drain(grace: nil, now: at(10)) == .announce(nil))
        #expect(machine.timer(now: at(11.9)) == .none)
        #expect(machine.timer(now: at(12)) == .goAway)
        #expect(machine.nextTimer == nil)
    }

    @Test func idleConnectionsAreDrained() {
        var machine = Self.serving { $0.maxConnectionIdle = .seconds(60) }
        #expect(machine.nextTimer == at(60))
        machine.streamOpened()
        #expect(machine.nextTimer == nil)
        machine.streamClosed(now: at(100))
        #expect(machine.timer(now: at(159)) == .none)
        #expect(machine.timer(now: at(160)) == .announce(.maxConnectionIdle))
    }

    @Test func oldConnectionsAreDrainedAndCut() {
        var machine = Self.serving {
            $0.maxConnectionAge = .seconds(100)
            $0.maxConnectionAgeGrace = .seconds(10)
        }
        machine.streamOpened()
        #expect(machine.timer(now: at(100)) == .announce(.maxConnectionAge))
        #expect(machine.pong() == .goAway)
        #expect(machine.timer(now: at(109)) == .none)
        #expect(machine.timer(now: at(110)) == .endForGrace)
    }

    @Test func silenceIsAskedAndThenEnds() {
        var machine = Self.serving {
            $0.keepalive = KeepaliveConfiguration(interval: .seconds(30), timeout: .seconds(5))
        }
        machine.heard(now: at(10))
        #expect(machine.timer(now: at(30)) == .none)
        #expect(machine.timer(now: at(40)) == .ping)
        #expect(machine.timer(now: at(44)) == .none)
        machine.heard(now: at(44))
        #expect(machine.timer(now: at(45)) == .none)
        #expect(machine.timer(now: at(74)) == .ping)
        #expect(machine.timer(now: at(79)) == .endForSilence)
        #expect(machine.timer(now: at(200)) == .none)
    }

    @Test(arguments: [CountedFrame.settings, .reset, .empty]) func floodsEnd(_ frame: CountedFrame) {
        var machine = Self.serving {
            $0.limits.maxSettingsPerSecond = 5
            $0.limits.maxResetsPerSecond = 5
            $0.limits.maxEmptyFramesPerSecond = 5
        }
        for number in 0..<20 {
            // Five a second are fine for ever.
            #expect(machine.received(frame, now: at(Double(number) * 0.2)) == .none)
        }
        for _ in 0..<5 { #expect(machine.received(frame, now: at(10)) == .none) }
        #expect(machine.received(frame, now: at(10.5)) == .endForFlood(frame.limit))
        #expect(machine.received(frame, now: at(10.5)) == .none)
    }

    @Test func needlessPingsEnd() {
        var machine = Self.serving {
            $0.limits.minPingInterval = .seconds(10)
            $0.limits.maxPingStrikes = 2
        }
        for second in [0.0, 10, 20, 21, 22] { #expect(machine.received(.ping, now: at(second)) == .none) }
        machine.sentContent()
        for second in [23.0, 24, 25] { #expect(machine.received(.ping, now: at(second)) == .none) }
        #expect(machine.received(.ping, now: at(26)) == .endForFlood(.maxPingStrikes))
    }

    @Test func whatThePeerOwesIsDue() {
        var settings = Self.serving { $0.limits.settingsTimeout = .seconds(5) }
        settings.settingsSent(now: at(1))
        settings.settingsSent(now: at(3))
        #expect(settings.nextTimer == at(6))
        #expect(settings.timer(now: at(6)) == .endForSettings)
        var acknowledged = Self.serving()
        acknowledged.settingsSent(now: at(1))
        acknowledged.settingsAcknowledged()
        #expect(acknowledged.nextTimer == nil)
        var headers = Self.serving { $0.limits.headersTimeout = .seconds(5) }
        headers.headers(areOpen: true, now: at(1))
        #expect(headers.timer(now: at(5.9)) == .none)
        #expect(headers.timer(now: at(6)) == .endForSlowness(.headersTimeout))
        var blocked = Self.serving { $0.limits.sendTimeout = .seconds(5) }
        blocked.link(isBlocked: true, now: at(1))
        blocked.link(isBlocked: true, now: at(4))
        #expect(blocked.timer(now: at(6)) == .endForSlowness(.sendTimeout))
        var flowing = Self.serving()
        flowing.link(isBlocked: true, now: at(1))
        flowing.link(isBlocked: false, now: at(2))
        #expect(flowing.nextTimer == nil)
        // Before the preface there is one debt: the handshake.
        var early = Self.machine {
            $0.limits.handshakeTimeout = .seconds(9)
            $0.limits.settingsTimeout = .seconds(1)
        }
        early.settingsSent(now: at(0))
        #expect(early.timer(now: at(8)) == .none)
        #expect(early.timer(now: at(9)) == .endForHandshake)
    }

    @Test func windowUpdatesArePaidForByContent() {
        var machine = Self.serving { $0.limits.maxWindowUpdatesPerSecond = 5 }
        machine.sentContent(10)
        for _ in 0..<25 { #expect(machine.received(.windowUpdate, now: at(1)) == .none) }
        #expect(machine.received(.windowUpdate, now: at(1)) == .endForFlood(.maxWindowUpdatesPerSecond))
    }
}

/// Waits, retries and deadlines.
@Suite struct TimeTests {
    @Test func backoffGrowsToItsMaximum() {
        var backoff = BackoffConfiguration()
        backoff.initial = .seconds(1)
        backoff.multiplier = 2
        backoff.maximum = .seconds(5)
        backoff.jitter = 0.5
        #expect((1...5).map { backoff.wait(afterFailures: $0, random: 0) } == [1, 2, 4, 5, 5].map { .seconds($0) })
        #expect(backoff.wait(afterFailures: 1, random: 1) == .seconds(1.5))
        #expect(backoff.wait(afterFailures: 1, random: -1) == .seconds(0.5))
    }

    @Test func retriesFollowPolicyAndPushback() {
        var throttle = RetryThrottle()
        var policy = RetryPolicy()
        policy.backoff.initial = .seconds(1)
        let unavailable = RPCError(.unavailable, "")
        #expect(
            policy.decide(attempt: 1, error: unavailable, throttle: &throttle, random: 0.5)
                == .retry(after: .seconds(0.5)))
        #expect(
            policy.decide(attempt: 1, error: RPCError(.notFound, ""), throttle: &throttle, random: 0.5) == .giveUp)
        let later = RPCError(.unavailable, "", metadata: ["grpc-retry-pushback-ms": "70"])
        #expect(
            policy.decide(attempt: 1, error: later, throttle: &throttle, random: 0.5)
                == .retry(after: .milliseconds(70)))
        let never = RPCError(.unavailable, "", metadata: ["grpc-retry-pushback-ms": "-1"])
        #expect(policy.decide(attempt: 1, error: never, throttle: &throttle, random: 0.5) == .giveUp)
        #expect(policy.decide(attempt: 4, error: unavailable, throttle: &throttle, random: 0.5) == .giveUp)
    }

    /// gRPC's proposal A6: five attempts at most, and a server that wants no retries is a failure of any code.
    @Test func policiesHaveTheirLimits() {
        var throttle = RetryThrottle()
        var policy = RetryPolicy()
        policy.maxAttempts = 100
        let unavailable = RPCError(.unavailable, "")
        #expect(policy.decide(attempt: 4, error: unavailable, throttle: &throttle, random: 0) == .retry(after: .zero))
        #expect(policy.decide(attempt: 5, error: unavailable, throttle: &throttle, random: 0) == .giveUp)
        throttle = RetryThrottle()
        let never = RPCError(.notFound, "", metadata: ["grpc-retry-pushback-ms": "-1"])
        for _ in 0..<4 { #expect(policy.decide(attempt: 1, error: never, throttle: &throttle, random: 0) == .giveUp) }
        #expect(throttle.failed() == false)
    }

    @Test func throttleStopsRetriesUntilCallsSucceed() {
        var throttle = RetryThrottle()
        let answers = (0..<5).map { _ in throttle.failed() }
        #expect(answers == [true, true, true, true, false])
        for _ in 0..<20 { throttle.succeeded() }
        #expect(throttle.failed() == true)
    }

    private final class Timed: HasDeadline {
        let deadline: NIODeadline?
        var deadlineIndex = -1
        init(_ seconds: Double) { deadline = at(seconds) }
    }

    @Test func deadlinesComeInOrder() {
        var generator = SystemRandomNumberGenerator()
        let elements = (0..<200).shuffled(using: &generator).map { Timed(Double($0)) }
        var heap = DeadlineHeap<Timed>()
        for element in elements { heap.insert(element) }
        let removed = elements.filter { _ in Bool.random(using: &generator) }
        for element in removed {
            heap.remove(element)
            heap.remove(element)
        }
        var seen: [NIODeadline] = []
        while let due = heap.popDue(at(150)) { seen.append(due.deadline ?? .distantFuture) }
        let left = elements.filter { element in !removed.contains { $0 === element } }
        #expect(seen == left.compactMap(\.deadline).filter { $0 <= at(150) }.sorted())
        #expect(heap.earliest == left.compactMap(\.deadline).filter { $0 > at(150) }.min())
    }
}
