// SPDX-License-Identifier: Apache-2.0

internal import CPKI
import Glibc

/// Why a certificate was revoked (RFC 5280, section 5.3.1).
package enum RevocationReason: String, CaseIterable, Sendable {
    case unspecified
    case keyCompromise = "key-compromise"
    case affiliationChanged = "affiliation-changed"
    case superseded
    case cessationOfOperation = "cessation-of-operation"
    case privilegeWithdrawn = "privilege-withdrawn"

    /// The number in a revocation list.
    var code: Int {
        switch self {
        case .unspecified: 0
        case .keyCompromise: 1
        case .affiliationChanged: 3
        case .superseded: 4
        case .cessationOfOperation: 5
        case .privilegeWithdrawn: 9
        }
    }
}

/// A certificate revocation list (RFC 5280, section 5), as far as the service looks at it.
package struct RevocationList: Equatable, Sendable {
    /// The name of the authority that made it, as RFC 2253 writes it, in ASCII.
    package let issuer: String
    /// When it was made, in seconds since 1970.
    package let thisUpdate: Int64
    /// When the next one is due, in seconds since 1970: from then on this one is out of date. Nil where it does not say.
    package let nextUpdate: Int64?
    /// The serial numbers of the revoked certificates, in capital hexadecimal digits.
    package let serials: Set<String>
    /// The DER encoding.
    let der: [UInt8]

    /// Reads every list of PEM text; throws where there is none.
    package static func read(pem: [UInt8]) throws(PKIError) -> [RevocationList] {
        let bio = try memoryBIO(pem)
        defer { BIO_free(bio) }
        var lists: [RevocationList] = []
        while let crl = PEM_read_bio_X509_CRL(bio, nil, nil, nil) {
            defer { X509_CRL_free(crl) }
            lists.append(try RevocationList(crl))
        }
        guard !lists.isEmpty else { throw PKIError.openSSL("reading a revocation list") }
        // The end of the text is an error to the queue.
        ERR_clear_error()
        return lists
    }

    /// True where the list says that `authority` made it.
    package func names(_ authority: Certificate) -> Bool {
        with(authority) { X509_NAME_cmp(X509_CRL_get_issuer($0), X509_get_subject_name($1)) == 0 }
    }

    /// True where the holder of `authority`'s key signed this list.
    package func isSigned(by authority: Certificate) -> Bool {
        with(authority) { X509_CRL_verify($0, X509_get0_pubkey($1)) == 1 }
    }

    /// Asks OpenSSL about the list and a certificate.
    private func with(_ authority: Certificate, _ body: (OpaquePointer, OpaquePointer) -> Bool) -> Bool {
        guard let x509 = try? Certificate.decode(authority.der) else { return false }
        defer { X509_free(x509) }
        let crl = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_X509_CRL(nil, &start, buffer.count)
        }
        guard let crl else { return false }
        defer {
            X509_CRL_free(crl)
            ERR_clear_error()
        }
        return body(crl, x509)
    }

    private init(_ crl: OpaquePointer) throws(PKIError) {
        let name = X509_CRL_get_issuer(crl)
        issuer = String(
            decoding: try writing("reading an issuer") {
                X509_NAME_print_ex($0, name, 0, trailhound_pki_ascii_name_format())
            }, as: UTF8.self)
        thisUpdate = try Certificate.seconds(X509_CRL_get0_lastUpdate(crl))
        if let next = X509_CRL_get0_nextUpdate(crl) {
            nextUpdate = try Certificate.seconds(next)
        } else {
            nextUpdate = nil
        }
        var serials: Set<String> = []
        if let revoked = X509_CRL_get_REVOKED(crl) {
            for place in 0..<OPENSSL_sk_num(revoked) {
                guard let entry = OPENSSL_sk_value(revoked, place) else { continue }
                serials.insert(try Certificate.hexadecimal(X509_REVOKED_get0_serialNumber(OpaquePointer(entry))))
            }
        }
        self.serials = serials
        var encoded: UnsafeMutablePointer<UInt8>?
        let length = i2d_X509_CRL(crl, &encoded)
        guard length > 0, let encoded else { throw PKIError.openSSL("encoding a revocation list") }
        defer { CRYPTO_free(encoded, #file, #line) }
        der = Array(UnsafeBufferPointer(start: encoded, count: Int(length)))
    }
}

extension CertificateAuthority {
    /// A certificate that is to be on a revocation list.
    package struct Revoked: Equatable, Sendable {
        /// In hexadecimal digits.
        package var serial: String
        /// Seconds since 1970.
        package var time: Int64
        package var reason: RevocationReason

        package init(serial: String, time: Int64, reason: RevocationReason) {
            self.serial = serial
            self.time = time
            self.reason = reason
        }
    }

    /// Makes a revocation list in PEM.
    ///
    /// - Parameters:
    ///   - revoked: Everything that is revoked: a list replaces the one before it.
    ///   - number: Rises with each list of the authority (RFC 5280, section 5.2.3).
    ///   - now: Seconds since 1970.
    ///   - nextUpdate: When a next list is due, in seconds since 1970.
    package func revocationList(
        of revoked: [Revoked], number: Int64, now: Int64, nextUpdate: Int64
    ) throws(PKIError) -> [UInt8] {
        let crl = try checked(X509_CRL_new(), "allocating")
        defer { X509_CRL_free(crl) }
        let issuer = try Certificate.decode(certificate.der)
        defer { X509_free(issuer) }
        try checked(X509_CRL_set_version(crl, 1), "setting the version")
        try checked(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)), "setting the issuer")
        try Self.withTime(now) { X509_CRL_set1_lastUpdate(crl, $0) }
        try Self.withTime(nextUpdate) { X509_CRL_set1_nextUpdate(crl, $0) }
        for entry in revoked { try Self.add(entry, to: crl) }
        X509_CRL_sort(crl)
        let integer = try checked(ASN1_INTEGER_new(), "allocating")
        defer { ASN1_INTEGER_free(integer) }
        try checked(ASN1_INTEGER_set_int64(integer, number), "setting the number")
        try checked(X509_CRL_add1_ext_i2d(crl, NID_crl_number, integer, 0, 0), "setting the number")
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, nil, nil, crl, 0)
        let identifier = try checked(
            X509V3_EXT_conf_nid(nil, &context, NID_authority_key_identifier, "keyid:always"), "adding an extension")
        defer { X509_EXTENSION_free(identifier) }
        try checked(X509_CRL_add_ext(crl, identifier, -1), "adding an extension")
        let key = try credential.key.decode()
        defer { EVP_PKEY_free(key) }
        try checked(X509_CRL_sign(crl, key, EVP_sha256()), "signing")
        return try writing("writing a revocation list") { PEM_write_bio_X509_CRL($0, crl) }
    }

    private static func add(_ entry: Revoked, to crl: OpaquePointer) throws(PKIError) {
        let item = try checked(X509_REVOKED_new(), "allocating")
        var isOwned = true
        defer { if isOwned { X509_REVOKED_free(item) } }
        var number: OpaquePointer?
        guard !entry.serial.isEmpty, entry.serial.allSatisfy({ $0.isHexDigit }), BN_hex2bn(&number, entry.serial) > 0
        else {
            BN_free(number)
            throw PKIError("\(entry.serial) is no serial number")
        }
        defer { BN_free(number) }
        let serial = try checked(BN_to_ASN1_INTEGER(number, nil), "setting a serial number")
        defer { ASN1_INTEGER_free(serial) }
        try checked(X509_REVOKED_set_serialNumber(item, serial), "setting a serial number")
        try withTime(entry.time) { X509_REVOKED_set_revocationDate(item, $0) }
        // RFC 5280: the reason should be absent rather than unspecified.
        if entry.reason != .unspecified {
            let reason = try checked(ASN1_ENUMERATED_new(), "allocating")
            defer { ASN1_ENUMERATED_free(reason) }
            try checked(ASN1_ENUMERATED_set(reason, entry.reason.code), "setting a reason")
            try checked(X509_REVOKED_add1_ext_i2d(item, NID_crl_reason, reason, 0, 0), "setting a reason")
        }
        try checked(X509_CRL_add0_revoked(crl, item), "adding a certificate")
        isOwned = false
    }

    private static func withTime(
        _ seconds: Int64, _ body: (UnsafeMutablePointer<ASN1_TIME>) -> Int32
    ) throws(PKIError) {
        let time = try checked(ASN1_TIME_set(nil, time_t(seconds)), "setting a time")
        defer { ASN1_TIME_free(time) }
        try checked(body(time), "setting a time")
    }
}
