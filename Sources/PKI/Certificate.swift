// SPDX-License-Identifier: Apache-2.0

internal import CPKI
import Glibc

/// An X.509 certificate as a value: its encoding and what the service reads from it.
package struct Certificate: Equatable, Sendable {
    /// The DER encoding.
    package let der: [UInt8]
    /// The subject as one line, for example `CN=admin,O=Trailhound development`.
    package let subject: String
    /// The subject's common name, empty where it has none.
    package let commonName: String
    /// The serial number in capital hexadecimal digits, as `openssl x509 -serial` prints it.
    package let serial: String
    /// The first second of validity, since 1970-01-01T00:00:00Z.
    package let notBefore: Int64
    /// The last second of validity, since 1970-01-01T00:00:00Z.
    package let notAfter: Int64
    /// The alternative names that are DNS names.
    package let dnsNames: [String]
    /// The alternative names that are addresses, in their usual text.
    package let ipAddresses: [String]
    /// The alternative names that are URIs.
    package let uris: [String]
    /// True where the certificate is one of a certification authority.
    package let isAuthority: Bool
    /// SHA-256 over the DER encoding, in small hexadecimal digits.
    package let fingerprint: String

    /// The client's identity, where the certificate has one.
    package var identity: ClientIdentity? { ClientIdentity(uris: uris) }

    /// Reads the first certificate of PEM text.
    package init(pem: [UInt8]) throws(PKIError) {
        let bio = try memoryBIO(pem)
        defer { BIO_free(bio) }
        let x509 = try checked(PEM_read_bio_X509(bio, nil, nil, nil), "reading a certificate")
        defer { X509_free(x509) }
        self = try Certificate(x509)
    }

    /// Reads every certificate of PEM text; throws where there is none.
    package static func all(pem: [UInt8]) throws(PKIError) -> [Certificate] {
        let bio = try memoryBIO(pem)
        defer { BIO_free(bio) }
        var certificates: [Certificate] = []
        while let x509 = PEM_read_bio_X509(bio, nil, nil, nil) {
            defer { X509_free(x509) }
            certificates.append(try Certificate(x509))
        }
        guard !certificates.isEmpty else { throw PKIError.openSSL("reading a certificate") }
        // The end of the text is an error to the queue.
        ERR_clear_error()
        return certificates
    }

    /// Reads a DER encoding.
    package init(der: [UInt8]) throws(PKIError) {
        let x509 = try Self.decode(der)
        defer { X509_free(x509) }
        self = try Certificate(x509)
    }

    /// The certificate as PEM text.
    package var pem: [UInt8] {
        get throws(PKIError) {
            let x509 = try Self.decode(der)
            defer { X509_free(x509) }
            return try writing("writing a certificate") { PEM_write_bio_X509($0, x509) }
        }
    }

    /// True where the holder of `authority`'s key signed this certificate. Validity in time is not looked at.
    package func isSigned(by authority: Certificate) -> Bool {
        guard let x509 = try? Self.decode(der) else { return false }
        defer { X509_free(x509) }
        guard let issuer = try? Self.decode(authority.der) else { return false }
        defer { X509_free(issuer) }
        defer { ERR_clear_error() }
        return X509_check_issued(issuer, x509) == X509_V_OK && X509_verify(x509, X509_get0_pubkey(issuer)) == 1
    }

    /// True where the certificate is of the key.
    package func isOf(_ key: PrivateKey) -> Bool {
        guard let x509 = try? Self.decode(der), let handle = try? key.decode() else { return false }
        defer {
            X509_free(x509)
            EVP_PKEY_free(handle)
            ERR_clear_error()
        }
        return X509_check_private_key(x509, handle) == 1
    }

    /// OpenSSL's form, owned by the caller.
    static func decode(_ der: [UInt8]) throws(PKIError) -> OpaquePointer {
        let x509 = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_X509(nil, &start, buffer.count)
        }
        return try checked(x509, "reading a certificate")
    }

    /// Reads OpenSSL's form, which stays the caller's.
    init(_ x509: OpaquePointer) throws(PKIError) {
        var encoded: UnsafeMutablePointer<UInt8>?
        let length = i2d_X509(x509, &encoded)
        guard length > 0, let encoded else { throw PKIError.openSSL("encoding a certificate") }
        defer { CRYPTO_free(encoded, #file, #line) }
        der = Array(UnsafeBufferPointer(start: encoded, count: Int(length)))
        fingerprint = try Self.sha256(der)

        let name = X509_get_subject_name(x509)
        subject = String(
            decoding: try writing("reading a subject") {
                X509_NAME_print_ex($0, name, 0, trailhound_pki_name_format())
            }, as: UTF8.self)
        commonName = Self.commonName(name)
        serial = try Self.hexadecimal(X509_get0_serialNumber(x509))
        notBefore = try Self.seconds(X509_get0_notBefore(x509))
        notAfter = try Self.seconds(X509_get0_notAfter(x509))
        isAuthority = X509_check_ca(x509) == 1
        let names = AlternativeNames(of: x509)
        dnsNames = names.dns
        ipAddresses = names.addresses
        uris = names.uris
    }

    private static func commonName(_ name: OpaquePointer?) -> String {
        let place = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard place >= 0, let entry = X509_NAME_get_entry(name, place) else { return "" }
        var text: UnsafeMutablePointer<UInt8>?
        let length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry))
        guard length >= 0, let text else { return "" }
        defer { CRYPTO_free(text, #file, #line) }
        return String(decoding: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self)
    }

    static func hexadecimal(_ serial: UnsafePointer<ASN1_INTEGER>?) throws(PKIError) -> String {
        let number = try checked(ASN1_INTEGER_to_BN(serial, nil), "reading a serial number")
        defer { BN_free(number) }
        let text = try checked(BN_bn2hex(number), "reading a serial number")
        defer { CRYPTO_free(text, #file, #line) }
        return String(cString: text)
    }

    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(PKIError) -> Int64 {
        var parts = tm()
        try checked(ASN1_TIME_to_tm(time, &parts), "reading a time")
        return Int64(timegm(&parts))
    }

    private static func sha256(_ bytes: [UInt8]) throws(PKIError) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        try checked(EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil), "hashing a certificate")
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}

/// A BIO over a copy of the bytes, owned by the caller.
func memoryBIO(_ bytes: [UInt8]) throws(PKIError) -> OpaquePointer {
    let bio = try checked(BIO_new(BIO_s_mem()), "allocating")
    guard bytes.isEmpty || BIO_write(bio, bytes, Int32(clamping: bytes.count)) == bytes.count else {
        BIO_free(bio)
        throw PKIError.openSSL("allocating")
    }
    return bio
}

/// What `body` writes to a BIO. `body` returns OpenSSL's success or a length of 0 and more.
func writing(_ what: String, _ body: (OpaquePointer) -> Int32) throws(PKIError) -> [UInt8] {
    let bio = try memoryBIO([])
    defer { BIO_free(bio) }
    guard body(bio) >= 0 else { throw PKIError.openSSL(what) }
    var start: UnsafeMutablePointer<CChar>?
    let count = trailhound_pki_memory(bio, &start)
    guard count >= 0, let start else { return [] }
    return UnsafeRawBufferPointer(start: start, count: Int(count)).map { $0 }
}
