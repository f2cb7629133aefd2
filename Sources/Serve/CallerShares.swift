// SPDX-License-Identifier: Apache-2.0

import PKI
import RPC

/// What the callers of each role may have on their way to and from the service. The certificates of one role and the same
/// accounts share a part, so that another certificate of theirs gives nobody more.
package enum CallerShares {
    /// The share of a peer; whoever has no role gets a reader's.
    package static func share(of peer: Peer) -> CallerShare {
        guard let certificate = peer.certificate else {
            return CallerShare(
                name: "plaintext", receivingBytes: Limits.receivingBytesOfCollector,
                unsentBytes: Limits.unsentBytesOfCaller)
        }
        guard let identity = ClientIdentity(uris: certificate.uris) else {
            return CallerShare(
                name: certificate.fingerprint, receivingBytes: Limits.receivingBytesOfReader,
                unsentBytes: Limits.unsentBytesOfCaller)
        }
        let accounts: String
        switch identity.accounts {
        case .all: accounts = certificate.fingerprint
        case .some(let some): accounts = some.sorted().joined(separator: ",")
        }
        return CallerShare(
            name: "\(identity.role.rawValue)/\(accounts)", receivingBytes: receivingBytes(of: identity.role),
            unsentBytes: Limits.unsentBytesOfCaller)
    }

    /// Room for messages on their way in.
    package static func receivingBytes(of role: Role) -> Int {
        switch role {
        case .collector, .admin: Limits.receivingBytesOfCollector
        case .analyst, .executor: Limits.receivingBytesOfAnalyst
        case .subscriber: Limits.receivingBytesOfReader
        }
    }
}
