// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// How a client uses several addresses of one service.
public enum LoadBalancing: Sendable, Hashable {
    /// All calls go to the first address that answers, tried in order; to the next when it fails.
    case pickFirst
    /// Calls go to all addresses in turn, of those that answer. A host name stands for each address that it has.
    case roundRobin
}

/// Picks a connection for each call among the addresses of a service. Each address has a dialler of its own, and so a
/// backoff of its own.
///
/// Sendable because it is confined to its event loop; other threads only hand it to that loop.
final class Balancer: @unchecked Sendable {
    private let configuration: ClientConfiguration
    private let scheduler: LoopScheduler
    private let makeDialler: (_ target: ClientTarget, _ host: String?) -> Dialler
    private var diallers: [Dialler]
    /// The last one picked.
    private var current = 0
    private var isClosed = false
    private var resolved: NIODeadline?
    private var isResolving = false

    init(
        configuration: ClientConfiguration, scheduler: LoopScheduler,
        makeDialler: @escaping (_ target: ClientTarget, _ host: String?) -> Dialler
    ) {
        self.configuration = configuration
        self.scheduler = scheduler
        self.makeDialler = makeDialler
        diallers = ([configuration.target] + configuration.alternatives).map { makeDialler($0, $0.host) }
    }

    /// A connection that takes calls. On the event loop.
    func connection(waitsForReady: Bool, deadline: NIODeadline?) async throws -> ClientConnection {
        switch configuration.loadBalancing {
        case .pickFirst:
            if diallers.count == 1 {
                return try await diallers[0].connection(waitsForReady: waitsForReady, deadline: deadline)
            }
            return try await first(waitsForReady: waitsForReady, deadline: deadline)
        case .roundRobin:
            if needsResolving { await resolve() }
            return try await next(waitsForReady: waitsForReady, deadline: deadline)
        }
    }

    // MARK: Pick first

    private func first(waitsForReady: Bool, deadline: NIODeadline?) async throws -> ClientConnection {
        if let ready = diallers[current].ready { return ready }
        var failure = RPCError(.unavailable, "There is no address.")
        for (index, dialler) in diallers.enumerated() {
            do {
                let connection = try await dialler.connection(waitsForReady: false, deadline: deadline)
                current = index
                return connection
            } catch let error as RPCError where error.code == .unavailable && !isClosed { failure = error }
        }
        guard waitsForReady else { throw failure }
        return try await whichever(waitsForReady: true, deadline: deadline)
    }

    // MARK: Round robin

    private func next(waitsForReady: Bool, deadline: NIODeadline?) async throws -> ClientConnection {
        for dialler in diallers { dialler.wake() }
        for step in 1...diallers.count {
            let index = (current + step) % diallers.count
            guard let ready = diallers[index].ready else { continue }
            current = index
            return ready
        }
        return try await whichever(waitsForReady: waitsForReady, deadline: deadline)
    }

    /// Whichever address answers first; the last failure when none does.
    private func whichever(waitsForReady: Bool, deadline: NIODeadline?) async throws -> ClientConnection {
        try await withThrowingTaskGroup(of: ClientConnection.self) { group in
            for dialler in diallers {
                group.addTask(executorPreference: scheduler) {
                    try await dialler.connection(waitsForReady: waitsForReady, deadline: deadline)
                }
            }
            var failure: any Error = RPCError(.unavailable, "There is no address.")
            while let result = await group.nextResult() {
                switch result {
                case .success(let connection):
                    group.cancelAll()
                    return connection
                case .failure(let error): failure = error
                }
            }
            // Perhaps the names stand for other addresses by now.
            if configuration.loadBalancing == .roundRobin { resolved = nil }
            throw failure
        }
    }

    // MARK: Names

    private var needsResolving: Bool {
        guard !isResolving, !isClosed else { return false }
        guard let resolved else { return lastResolved.map { .now() - $0 >= Self.resolvePause } ?? true }
        return .now() - resolved >= Self.resolveInterval
    }

    /// A name is looked up again no sooner than this after failures, and so often without them.
    private static let resolvePause = FixedLimits.minResolveInterval.timeAmount
    private static let resolveInterval = FixedLimits.resolveInterval.timeAmount
    private var lastResolved: NIODeadline?

    /// Asks the system for the addresses of the names, and keeps the diallers of those that stay.
    private func resolve() async {
        isResolving = true
        let targets = [configuration.target] + configuration.alternatives
        var found: [(target: ClientTarget, host: String?)] = []
        for target in targets {
            let addresses = await Self.addresses(of: target)
            for address in addresses where !found.contains(where: { $0.target == address }) {
                found.append((address, target.host))
            }
        }
        isResolving = false
        resolved = .now()
        lastResolved = resolved
        // Without an answer the old addresses are the best there are.
        guard !found.isEmpty, !isClosed else { return }
        let old = diallers
        diallers = found.map { entry in
            old.first { $0.configuration.target == entry.target } ?? makeDialler(entry.target, entry.host)
        }
        for dialler in old where !diallers.contains(where: { $0 === dialler }) {
            dialler.close(cuttingCalls: false)
            retired.append(dialler)
        }
        retired.removeAll { $0.isDrained }
        current = 0
    }

    /// Diallers of addresses that are no longer named; their calls go on.
    private var retired: [Dialler] = []

    private static func addresses(of target: ClientTarget) async -> [ClientTarget] {
        guard case .tcp(let host, let port) = target, (try? SocketAddress(ipAddress: host, port: port)) == nil else {
            return [target]
        }
        let resolved = try? await NIOThreadPool.singleton.runIfActive { HostNames.addresses(of: host) }
        return (resolved ?? []).map { .tcp(host: $0, port: port) }
    }

    // MARK: End

    func close(cuttingCalls: Bool) {
        isClosed = true
        for dialler in diallers + retired { dialler.close(cuttingCalls: cuttingCalls) }
    }

    var isDrained: Bool { (diallers + retired).allSatisfy(\.isDrained) }
}
