// SPDX-License-Identifier: Apache-2.0

import CTransport

/// The settings that all TLS sessions of a server or client share: certificate, key, trust, protocol.
///
/// Sendable because an SSL_CTX is only read after `init`, and counts its references atomically.
final class TLSContext: @unchecked Sendable {
    enum Role { case server, client }

    let role: Role
    let configuration: TLSConfiguration
    let pointer: OpaquePointer

    init(_ configuration: TLSConfiguration, role: Role) throws(TLSConfigurationError) {
        self.role = role
        self.configuration = configuration
        guard let pointer = SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method()) else {
            throw TLSConfigurationError(description: "TLS is not available: \(Self.lastError())")
        }
        self.pointer = pointer
        setProtocol()
        try loadIdentity()
        try loadTrust()
    }

    deinit { SSL_CTX_free(pointer) }

    private func setProtocol() {
        _ = CTransport_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION)
        SSL_CTX_set_options(
            pointer,
            UInt64(SSL_OP_NO_COMPRESSION_) | UInt64(SSL_OP_NO_RENEGOTIATION_) | UInt64(SSL_OP_CIPHER_SERVER_PREFERENCE_)
        )
        // An idle connection gives its record buffers back.
        CTransport_SSL_CTX_set_mode(pointer, SSL_MODE_RELEASE_BUFFERS_)
        // Connections live long: resumption buys little, and its state would cost memory for each.
        CTransport_SSL_CTX_disable_session_cache(pointer)
        SSL_CTX_set_num_tickets(pointer, 0)
        SSL_CTX_set_ciphersuites(
            pointer, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
        SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20")
        switch role {
        case .server: SSL_CTX_set_alpn_select_cb(pointer, selectH2, nil)
        case .client: Self.h2.withUnsafeBufferPointer { _ = SSL_CTX_set_alpn_protos(pointer, $0.baseAddress, 3) }
        }
    }

    private func loadIdentity() throws(TLSConfigurationError) {
        ERR_clear_error()
        if let file = configuration.certificateChainFile {
            guard SSL_CTX_use_certificate_chain_file(pointer, file) == 1 else {
                throw TLSConfigurationError(description: "\(file): no certificate chain in PEM: \(Self.lastError())")
            }
        } else if role == .server {
            throw TLSConfigurationError(description: "A server needs a certificate.")
        }
        if let file = configuration.privateKeyFile {
            guard SSL_CTX_use_PrivateKey_file(pointer, file, SSL_FILETYPE_PEM) == 1 else {
                throw TLSConfigurationError(
                    description: "\(file): no private key in PEM that fits the certificate: \(Self.lastError())")
            }
        } else if configuration.certificateChainFile != nil {
            throw TLSConfigurationError(description: "A certificate needs its private key.")
        }
    }

    private func loadTrust() throws(TLSConfigurationError) {
        ERR_clear_error()
        switch configuration.trustRoots {
        case .file(let file):
            guard SSL_CTX_load_verify_locations(pointer, file, nil) == 1 else {
                throw TLSConfigurationError(description: "\(file): no certificates in PEM: \(Self.lastError())")
            }
            if role == .server { SSL_CTX_set_client_CA_list(pointer, SSL_load_client_CA_file(file)) }
        case .system:
            SSL_CTX_set_default_verify_paths(pointer)
        case .none:
            if role == .server && configuration.clientCertificates != .none {
                throw TLSConfigurationError(description: "Client certificates need trust roots to be verified with.")
            }
        }
        try loadRevocations()
        // The callback finds this object by way of the SSL_CTX, which it owns and therefore outlives.
        SSL_CTX_set_ex_data(pointer, 0, Unmanaged.passUnretained(self).toOpaque())
        let hasSay = configuration.acceptsPeer != nil || configuration.revocationListFile != nil
        SSL_CTX_set_verify(pointer, verifyMode, hasSay ? verifyPeer : nil)
    }

    private func loadRevocations() throws(TLSConfigurationError) {
        guard let file = configuration.revocationListFile else { return }
        guard let store = SSL_CTX_get_cert_store(pointer),
            let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file()),
            X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) > 0
        else {
            throw TLSConfigurationError(description: "\(file): no revocation lists in PEM: \(Self.lastError())")
        }
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
    }

    private var verifyMode: Int32 {
        switch role {
        case .client:
            return configuration.trustRoots == .none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER
        case .server:
            switch configuration.clientCertificates {
            case .none: return SSL_VERIFY_NONE
            case .request: return SSL_VERIFY_PEER
            case .require: return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
            }
        }
    }

    /// ALPN's list with the one protocol.
    static let h2: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]

    /// The oldest error of this thread's queue, which it clears.
    static func lastError() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "unknown error" }
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &text, text.count)
        return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }
}

// OpenSSL defines these with shifts that the importer can't read.
private let SSL_OP_NO_COMPRESSION_ = 1 << 17
private let SSL_OP_CIPHER_SERVER_PREFERENCE_ = 1 << 22
private let SSL_OP_NO_RENEGOTIATION_ = 1 << 30
private let SSL_MODE_RELEASE_BUFFERS_ = 0x10

/// OpenSSL's question about each certificate of a peer's chain. An authority of the chain may be on no list there is, the
/// peer's own certificate may not; and on that one the configuration has the last word.
private func verifyPeer(_ isTrusted: Int32, _ store: OpaquePointer?) -> Int32 {
    let depth = X509_STORE_CTX_get_error_depth(store)
    if isTrusted != 1, depth > 0, X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL {
        X509_STORE_CTX_set_error(store, X509_V_OK)
        return 1
    }
    guard isTrusted == 1, depth == 0 else { return isTrusted }
    guard let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let owner = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(OpaquePointer(ssl)), 0)
    else { return 0 }
    let configuration = Unmanaged<TLSContext>.fromOpaque(owner).takeUnretainedValue().configuration
    guard let accepts = configuration.acceptsPeer else { return 1 }
    guard let certificate = X509_STORE_CTX_get_current_cert(store),
        let peer = PeerCertificate(borrowing: certificate)
    else { return 0 }
    if accepts(peer) { return 1 }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED)
    return 0
}

/// ALPN on a server: `h2` or a handshake that fails.
private func selectH2(
    _: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenLength: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    guard let offered, let chosen, let chosenLength else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    var position = 0
    while position < Int(offeredLength) {
        let length = Int(offered[position])
        guard position + 1 + length <= Int(offeredLength) else { break }
        let name = UnsafeBufferPointer(start: offered + position + 1, count: length)
        if name.elementsEqual(TLSContext.h2.dropFirst()) {
            chosen.pointee = offered + position + 1
            chosenLength.pointee = UInt8(length)
            return SSL_TLSEXT_ERR_OK
        }
        position += 1 + length
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
