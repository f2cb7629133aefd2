// SPDX-License-Identifier: Apache-2.0

import Logging
import RPC

/// Tells the log of connections: at the level `debug`, since whoever can reach the port could fill the log otherwise. A
/// client whose certificate ends soon is warned of.
struct ConnectionLog: ServerObserver {
    let certificates: CertificateKeeper?
    let log: Logger

    func connectionEstablished(_ peer: Peer) {
        guard let certificate = peer.certificate else { return }
        log.debug("connected", metadata: ["peer": "\(peer.address)", "subject": "\(certificate.subject)"])
        certificates?.warn(of: certificate, now: Clock.milliseconds() / 1_000)
    }

    func connectionClosed(_ peer: Peer) { log.debug("disconnected", metadata: ["peer": "\(peer.address)"]) }

    func handshakeFailed(_ failure: HandshakeFailure, address: String) {
        log.debug("handshake failed", metadata: ["peer": "\(address)", "reason": "\(failure.rawValue)"])
    }

    func refused(by limit: LimitName, peer: Peer) {
        log.debug("refused", metadata: ["peer": "\(peer.address)", "limit": "\(limit.rawValue)"])
    }
}
