// SPDX-License-Identifier: Apache-2.0

internal import CPKI
import Glibc

/// A certificate together with its key.
package struct Credential: Sendable {
    /// The certificate.
    package var certificate: Certificate
    /// Its private key.
    package var key: PrivateKey

    /// A pair; it is not checked that the two belong together.
    package init(certificate: Certificate, key: PrivateKey) {
        self.certificate = certificate
        self.key = key
    }
}

/// Issues certificates.
package struct CertificateAuthority: Sendable {
    /// The authority's own certificate and key.
    package let credential: Credential

    /// The authority's own certificate.
    package var certificate: Certificate { credential.certificate }

    /// Takes up an authority from its certificate and key.
    package init(_ credential: Credential) throws(PKIError) {
        guard credential.certificate.isAuthority else {
            throw PKIError("\(credential.certificate.subject) is no certificate of an authority")
        }
        guard credential.certificate.isOf(credential.key) else {
            throw PKIError("the key is not that of \(credential.certificate.subject)")
        }
        self.credential = credential
    }

    /// Makes a new authority with a self-signed certificate on a fresh key. `now` is in seconds since 1970.
    package static func mint(
        commonName: String, days: Int = PKILimits.authorityDays, now: Int64
    ) throws(PKIError) -> CertificateAuthority {
        let key = try PrivateKey.generate()
        let template = CertificateTemplate(
            commonName: commonName, names: AlternativeNames(), notBefore: now - PKILimits.backdatingSeconds,
            notAfter: now + Int64(days) * 86_400,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
            ])
        return try CertificateAuthority(
            Credential(certificate: try template.sign(key: key, issuer: nil), key: key))
    }

    /// Issues a server's certificate on a fresh key.
    ///
    /// - Parameters:
    ///   - hosts: The DNS names and addresses that clients dial; the first is the common name too.
    ///   - days: The validity, at most `PKILimits.leafDaysMost`; it ends with the authority's at the latest.
    ///   - now: Seconds since 1970.
    package func issueServer(
        hosts: [String], days: Int = PKILimits.leafDays, now: Int64
    ) throws(PKIError) -> Credential {
        guard let first = hosts.first else { throw PKIError("a server's certificate needs a name") }
        return try issue(first, AlternativeNames(hosts: hosts), usage: "serverAuth", days, now)
    }

    /// Issues a client's certificate on a fresh key.
    ///
    /// - Parameters:
    ///   - name: The common name: who or what the client is, for the audit log.
    ///   - identity: What it may do.
    ///   - days: The validity, at most `PKILimits.leafDaysMost`; it ends with the authority's at the latest.
    ///   - now: Seconds since 1970.
    package func issueClient(
        name: String, identity: ClientIdentity, days: Int = PKILimits.leafDays, now: Int64
    ) throws(PKIError) -> Credential {
        guard ClientIdentity(uri: identity.uri) == identity else {
            throw PKIError("\(identity.uri): accounts are ids of twelve digits, 1 to \(PKILimits.accounts) of them")
        }
        return try issue(name, AlternativeNames(uris: [identity.uri]), usage: "clientAuth", days, now)
    }

    /// Issues a client's certificate with whatever URIs, as an authority may that knows nothing of roles: the service has
    /// to refuse most of them, and its tests need them.
    package func issueClient(name: String, uris: [String], now: Int64) throws(PKIError) -> Credential {
        try issue(name, AlternativeNames(uris: uris), usage: "clientAuth", PKILimits.leafDays, now)
    }

    private func issue(
        _ commonName: String, _ names: AlternativeNames, usage: String, _ days: Int, _ now: Int64
    ) throws(PKIError) -> Credential {
        guard (1...PKILimits.leafDaysMost).contains(days) else {
            throw PKIError("a validity of \(days) days is not within 1 and \(PKILimits.leafDaysMost)")
        }
        guard now < certificate.notAfter else { throw PKIError("\(certificate.subject) has expired") }
        let key = try PrivateKey.generate()
        let template = CertificateTemplate(
            commonName: commonName, names: names, notBefore: now - PKILimits.backdatingSeconds,
            notAfter: min(now + Int64(days) * 86_400, certificate.notAfter),
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, usage),
            ])
        return Credential(certificate: try template.sign(key: key, issuer: credential), key: key)
    }
}

/// What goes into a new certificate.
private struct CertificateTemplate {
    var commonName: String
    var names: AlternativeNames
    var notBefore: Int64
    var notAfter: Int64
    /// Extensions by OpenSSL's number and its configuration text, constants of this file.
    var extensions: [(Int32, String)]

    /// The certificate of `key`, signed by the issuer or, without one, by itself.
    func sign(key: PrivateKey, issuer: Credential?) throws(PKIError) -> Certificate {
        guard !commonName.isEmpty, commonName.unicodeScalars.count <= PKILimits.commonNameLetters else {
            throw PKIError("a name has 1 to \(PKILimits.commonNameLetters) letters")
        }
        let subjectKey = try key.decode()
        defer { EVP_PKEY_free(subjectKey) }
        let issuerKey = try (issuer?.key ?? key).decode()
        defer { EVP_PKEY_free(issuerKey) }
        let x509 = try checked(X509_new(), "allocating")
        defer { X509_free(x509) }

        try checked(X509_set_version(x509, trailhound_pki_version_3()), "setting the version")
        try setSerial(x509)
        _ = try checked(ASN1_TIME_set(X509_getm_notBefore(x509), time_t(notBefore)), "setting the validity")
        _ = try checked(ASN1_TIME_set(X509_getm_notAfter(x509), time_t(notAfter)), "setting the validity")
        try checked(X509_set_pubkey(x509, subjectKey), "setting the key")
        let name = X509_get_subject_name(x509)
        for (field, value) in [("O", "Trailhound"), ("CN", commonName)] {
            let utf8 = Array(value.utf8)
            try checked(
                X509_NAME_add_entry_by_txt(name, field, trailhound_pki_utf8(), utf8, Int32(utf8.count), -1, 0),
                "setting the name")
        }
        guard let issuer else {
            try finish(x509, issuer: x509, issuerKey)
            return try Certificate(x509)
        }
        let authority = try Certificate.decode(issuer.certificate.der)
        defer { X509_free(authority) }
        try finish(x509, issuer: authority, issuerKey)
        return try Certificate(x509)
    }

    private func finish(_ x509: OpaquePointer, issuer: OpaquePointer, _ key: OpaquePointer) throws(PKIError) {
        try checked(X509_set_issuer_name(x509, X509_get_subject_name(issuer)), "setting the issuer")
        let identifiers = [(NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always")]
        for (number, text) in extensions + identifiers {
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, issuer, x509, nil, nil, 0)
            let item = try checked(X509V3_EXT_conf_nid(nil, &context, number, text), "adding an extension")
            defer { X509_EXTENSION_free(item) }
            try checked(X509_add_ext(x509, item, -1), "adding an extension")
        }
        try names.add(to: x509)
        try checked(X509_sign(x509, key, EVP_sha256()), "signing")
    }

    /// 128 random bits, as an attacker must not guess a serial number nor two certificates share one.
    private func setSerial(_ x509: OpaquePointer) throws(PKIError) {
        var random = [UInt8](repeating: 0, count: 16)
        try checked(RAND_bytes(&random, Int32(random.count)), "drawing random bits")
        let number = try checked(BN_bin2bn(random, Int32(random.count), nil), "setting the serial number")
        defer { BN_free(number) }
        _ = try checked(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)), "setting the serial number")
    }
}
