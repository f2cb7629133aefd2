// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// One service at several addresses.
@Suite(.timeLimit(.minutes(2))) struct AddressTests {
    private static func server(_ name: UInt8, port: Int = 0) async throws -> (Server, Int) {
        var router = Router()
        router.unary(EchoService.unary) { _, _ in [name] }
        let settings = ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: port)])
        let server = try Server(configuration: settings, router: router)
        let address = try #require(try await server.start().first)
        return (server, address.port)
    }

    private static func client(_ ports: [Int], _ balancing: LoadBalancing) throws -> Client {
        let targets = ports.map { ClientTarget.tcp(host: "127.0.0.1", port: $0) }
        var settings = ClientConfiguration(target: try #require(targets.first))
        settings.alternatives = Array(targets.dropFirst())
        settings.loadBalancing = balancing
        settings.backoff.initial = .milliseconds(10)
        settings.backoff.maximum = .milliseconds(50)
        return try Client(configuration: settings)
    }

    private static let patient = CallOptions(waitsForReady: true, retry: RetryPolicy())

    @Test func theFirstAddressThatAnswersIsUsed() async throws {
        let (first, firstPort) = try await Self.server(1)
        let (second, secondPort) = try await Self.server(2)
        let client = try Self.client([LoopbackPort.free(), firstPort, secondPort], .pickFirst)
        for _ in 0..<5 {
            let answer = try await client.unary(EchoService.unary, [])
            #expect(answer == [1])
        }
        #expect(second.statistics.connectionsEstablished == 0)
        await first.shutdown(gracePeriod: .zero)
        try await eventually { try await client.unary(EchoService.unary, [], options: Self.patient) == [2] }
        await second.shutdown(gracePeriod: .zero)
        let error = await rpcError { while true { _ = try await client.unary(EchoService.unary, []) } }
        #expect(error.code == .unavailable)
        await client.close()
    }

    @Test func aClientWaitsForAnyAddress() async throws {
        let ports = [LoopbackPort.free(), LoopbackPort.free()]
        let client = try Self.client(ports, .pickFirst)
        let answer = Task { try await client.unary(EchoService.unary, [], options: Self.patient) }
        let (server, _) = try await Self.server(7, port: ports[1])
        #expect(try await answer.value == [7])
        await client.close()
        await server.shutdown(gracePeriod: .zero)
    }

    @Test func callsAreSpreadOverTheAddressesThatAnswer() async throws {
        var servers: [Server] = []
        var ports: [Int] = []
        for name in UInt8(0)..<3 {
            let (server, port) = try await Self.server(name)
            servers.append(server)
            ports.append(port)
        }
        let client = try Self.client(ports + [LoopbackPort.free()], .roundRobin)
        // Once all three are up they take turns.
        try await eventually {
            var seen: [UInt8] = []
            for _ in 0..<6 { seen += try await client.unary(EchoService.unary, []) }
            return seen.sorted() == [0, 0, 1, 1, 2, 2]
        }
        await servers[1].shutdown(gracePeriod: .zero)
        try await eventually {
            var seen: [UInt8] = []
            for _ in 0..<6 { seen += try await client.unary(EchoService.unary, [], options: Self.patient) }
            return seen.sorted() == [0, 0, 0, 2, 2, 2]
        }
        let (again, _) = try await Self.server(9, port: ports[1])
        try await eventually { try await client.unary(EchoService.unary, []) == [9] }
        await client.close()
        for server in servers + [again] { await server.shutdown(gracePeriod: .zero) }
    }

    @Test func namesAreLookedUp() async throws {
        let (server, port) = try await Self.server(5)
        var settings = ClientConfiguration(target: .tcp(host: "localhost", port: port))
        settings.loadBalancing = .roundRobin
        let client = try Client(configuration: settings)
        let answer = try await client.unary(EchoService.unary, [])
        #expect(answer == [5])
        settings.target = .tcp(host: "no-such-host.invalid", port: port)
        let lost = try Client(configuration: settings)
        let error = await rpcError { _ = try await lost.unary(EchoService.unary, []) }
        #expect(error.code == .unavailable)
        await client.close()
        await lost.close()
        await server.shutdown(gracePeriod: .zero)
    }

    @Test func noAddressInTimeIsAnError() async throws {
        let client = try Self.client([LoopbackPort.free(), LoopbackPort.free()], .roundRobin)
        let error = await rpcError {
            _ = try await client.unary(
                EchoService.unary, [], options: CallOptions(timeout: .milliseconds(100), waitsForReady: true))
        }
        #expect(error.code == .deadlineExceeded)
        await client.close()
    }
}
