// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// What an attack may cost at most: far less than what the attackers could make a server without limits hold.
private let mostGrowthBytes = 96 << 20

/// Runs an attack beside a neighbour that calls all the time, over a connection of its own that is up before.
func underAttack(
    _ transport: Transport = .socket,
    _ configure: (inout ServerConfiguration) -> Void = { _ in },
    router: (inout Router) -> Void = EchoService.add,
    _ attack: (Int, Rig) async throws -> Void
) async throws {
    try await Rig.run(transport, server: configure, router: router) { rig in
        _ = try await rig.client.unary(EchoService.unary, [])
        let before = ResidentMemory.bytes()
        let isOver = Signal()
        let served = Counter()
        let neighbour = Task {
            while true {
                let number = UInt8(truncatingIfNeeded: served.add())
                let response = try await rig.client.unary(EchoService.unary, [number])
                #expect(response == [number])
                if isOver.isRaised { return }
            }
        }
        do { try await attack(try #require(rig.address?.port), rig) } catch {
            isOver.raise()
            throw error
        }
        // Once more after everything that the attackers have sent.
        isOver.raise()
        try await neighbour.value
        #expect(served.value > 0)
        #expect(ResidentMemory.bytes() - before < mostGrowthBytes)
    }
}
