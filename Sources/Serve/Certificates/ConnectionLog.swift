// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Logging
import RPC
import Synchronization

/// Tells the log of connections: failed handshakes as warnings, so many and the others in sum (`HandshakeTally`); all else at
/// the level `debug`, since whoever can reach the port could fill the log otherwise. A client whose certificate ends soon is
/// warned of.
final class ConnectionLog: ServerObserver {
    private let certificates: CertificateKeeper?
    private let log: Logger
    private let tally = Mutex(HandshakeTally())

    init(certificates: CertificateKeeper?, log: Logger) {
        self.certificates = certificates
        self.log = log
    }

    func connectionEstablished(_ peer: Peer) {
        guard let certificate = peer.certificate else { return }
        log.debug("connected", metadata: ["peer": "\(peer.address)", "subject": "\(certificate.subject)"])
        certificates?.warn(of: certificate, now: Clock.milliseconds() / 1_000)
    }

    func connectionClosed(_ peer: Peer) { log.debug("disconnected", metadata: ["peer": "\(peer.address)"]) }

    func handshakeFailed(_ failure: HandshakeFailure, address: String) {
        let isTold = tally.withLock { $0.failed(failure, now: Clock.monotonic()) }
        log.log(
            level: isTold ? .warning : .debug, "handshake failed",
            metadata: ["peer": "\(address)", "reason": "\(failure.rawValue)"])
    }

    /// Tells the sums that are due.
    func tell(now: Milliseconds) {
        let sums = tally.withLock { $0.take(now: now) }
        for (reason, count) in sums.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            log.warning("further handshakes failed", metadata: ["reason": "\(reason.rawValue)", "count": "\(count)"])
        }
    }

    func refused(by limit: LimitName, peer: Peer) {
        log.debug("refused", metadata: ["peer": "\(peer.address)", "limit": "\(limit.rawValue)"])
    }
}
