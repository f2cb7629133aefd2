// SPDX-License-Identifier: Apache-2.0

import CTransport
import NIOCore

/// One TLS connection over memory: cipher text in, plain text out, and back. The only owner of an `SSL`.
///
/// WANT_READ is the case `incomplete`, and OpenSSL's error queue is cleared before each call, because it belongs to
/// the thread and not to the connection.
final class TLSSession {
    enum Handshake {
        case complete
        case incomplete
        case failed(HandshakeFailure)
    }

    enum Read {
        case bytes(Int)
        case incomplete
        /// The peer said that it is done.
        case endOfStream
        /// The peer's alert, or bytes that are none of this session's.
        case failed(HandshakeFailure)
    }

    private let ssl: OpaquePointer
    private let bio = ByteBIO()
    /// The settings that this session was made with.
    let context: TLSContext
    private(set) var isEstablished = false

    /// A session that speaks to `host` (for a client: its name is sent and verified).
    init?(context: TLSContext, host: String?) {
        guard let ssl = SSL_new(context.pointer), let sourceAndSink = bio.makeBIO() else { return nil }
        self.ssl = ssl
        self.context = context
        // One BIO for both directions; this takes over its one reference.
        SSL_set_bio(ssl, sourceAndSink, sourceAndSink)
        switch context.role {
        case .server:
            SSL_set_accept_state(ssl)
        case .client:
            SSL_set_connect_state(ssl)
            guard expect(server: context.configuration.serverName ?? host ?? "") else { return nil }
        }
    }

    deinit { SSL_free(ssl) }

    private func expect(server name: String) -> Bool {
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        if !isAddress, !name.isEmpty, CTransport_SSL_set_server_name(ssl, name) != 1 { return false }
        guard context.configuration.trustRoots != .none else { return true }
        if isAddress { return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1 }
        return SSL_set1_host(ssl, name) == 1
    }

    /// Makes the peer's bytes available while `body` runs. OpenSSL keeps what is left of an unfinished record.
    func feed(_ bytes: UnsafeRawBufferPointer, _ body: () -> Void) {
        bio.input = bytes
        body()
        bio.input = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Goes on with the handshake as far as the bytes reach.
    func handshake() -> Handshake {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result == 1 else {
            let error = SSL_get_error(ssl, result)
            if error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE { return .incomplete }
            return .failed(handshakeFailure())
        }
        guard hasH2 else { return .failed(.noApplicationProtocol) }
        isEstablished = true
        return .complete
    }

    private var hasH2: Bool {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        return UnsafeBufferPointer(start: name, count: Int(length)).elementsEqual(TLSContext.h2.dropFirst())
    }

    private func handshakeFailure() -> HandshakeFailure {
        let reason = HandshakeFailure.takeFromQueue()
        return HandshakeFailure(verifyResult: Int32(truncatingIfNeeded: SSL_get_verify_result(ssl))) ?? reason
    }

    /// Decrypts into `target`, one record at most.
    func read(into target: UnsafeMutableRawBufferPointer) -> Read {
        ERR_clear_error()
        let count = SSL_read(ssl, target.baseAddress, Int32(target.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .incomplete
        case SSL_ERROR_ZERO_RETURN: return .endOfStream
        default: return .failed(HandshakeFailure.takeFromQueue())
        }
    }

    /// Encrypts; the sink takes everything. False when the session is broken.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 0 else { return true }
        ERR_clear_error()
        return SSL_write(ssl, bytes.baseAddress, Int32(bytes.count)) == Int32(bytes.count)
    }

    /// Writes cipher text to this buffer from here on, where none is waiting.
    func lendOutput(_ buffer: inout ByteBuffer) {
        if bio.output.readableBytes == 0 { swap(&bio.output, &buffer) }
    }

    /// What is to be sent, or nil.
    func takeOutput() -> ByteBuffer? {
        guard bio.output.readableBytes > 0 else { return nil }
        let output = bio.output
        bio.output = ByteBuffer()
        return output
    }

    /// Says goodbye: the alert joins the output.
    func close() {
        ERR_clear_error()
        if isEstablished { SSL_shutdown(ssl) }
        ERR_clear_error()
    }

    /// The certificate that the peer proved to hold.
    func peerCertificate() -> PeerCertificate? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        return PeerCertificate(borrowing: certificate)
    }
}
