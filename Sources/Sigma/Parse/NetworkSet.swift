// SPDX-License-Identifier: Apache-2.0

/// Networks to look addresses up in: the time it takes grows with the number of different prefix lengths, not with that of
/// networks.
public struct SigmaNetworkSet: Hashable, Sendable {
    private struct Block: Hashable, Sendable {
        let high: UInt64
        let low: UInt64
    }

    private var blocks: [Int: Set<Block>] = [:]

    public init(_ networks: [SigmaNetwork] = []) {
        for network in networks {
            blocks[network.prefix, default: []].insert(Block(high: network.high, low: network.low))
        }
    }

    public var isEmpty: Bool { blocks.isEmpty }

    /// Whether an address is in one of the networks. Nil for a text that is no address.
    public func contains(_ address: String) -> Bool? {
        var address = address
        return address.withUTF8 { text in
            IPAddress(UnsafeRawBufferPointer(text)).map { address in
                blocks.contains { prefix, blocks in
                    let (high, low) = address.masked(prefix)
                    return blocks.contains(Block(high: high, low: low))
                }
            }
        }
    }
}
