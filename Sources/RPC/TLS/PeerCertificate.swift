// SPDX-License-Identifier: Apache-2.0

import CTransport

/// The certificate that a peer proved to hold.
public struct PeerCertificate: Sendable, Hashable {
    /// The subject's name as RFC 2253 writes it: `CN=collector-7,O=Example`.
    public let subject: String
    /// The name of the authority that issued it, as RFC 2253 writes it.
    public let issuer: String
    /// Subject alternative names that are URIs.
    public let uris: [String]
    /// Subject alternative names of DNS.
    public let dnsNames: [String]
    /// The serial number in upper-case hexadecimal.
    public let serial: String
    /// The SHA-256 of the certificate in lower-case hexadecimal.
    public let fingerprint: String
    /// The end of its validity, in seconds since 1970.
    public let notAfter: Int64

    /// Reads a certificate that somebody else owns.
    init?(borrowing certificate: OpaquePointer) {
        subject = Self.name(X509_get_subject_name(certificate))
        issuer = Self.name(X509_get_issuer_name(certificate))
        serial = Self.serialNumber(certificate)
        fingerprint = Self.sha256(certificate)
        notAfter = Self.seconds(X509_get0_notAfter(certificate))
        (uris, dnsNames) = Self.alternativeNames(certificate)
    }

    private static func name(_ name: OpaquePointer?) -> String {
        guard let name, let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        X509_NAME_print_ex(bio, name, 0, CTransport_XN_FLAG_RFC2253())
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 256)
        while true {
            let count = BIO_read(bio, &part, Int32(part.count))
            if count <= 0 { break }
            bytes.append(contentsOf: part[..<Int(count)])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func serialNumber(_ certificate: OpaquePointer) -> String {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else { return "" }
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return "" }
        defer { CRYPTO_free(text, nil, 0) }
        return String(cString: text)
    }

    private static func sha256(_ certificate: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard X509_digest(certificate, EVP_sha256(), &digest, &length) == 1 else { return "" }
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest[..<Int(length)] {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        guard let epoch = ASN1_TIME_set(nil, 0) else { return 0 }
        defer { ASN1_STRING_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return 0 }
        return Int64(days) * 86_400 + Int64(seconds)
    }

    private static func alternativeNames(_ certificate: OpaquePointer) -> (uris: [String], dnsNames: [String]) {
        guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return ([], []) }
        let names = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(names) }
        var uris: [String] = []
        var dnsNames: [String] = []
        for index in 0..<CTransport_GENERAL_NAMES_count(names) {
            guard let name = CTransport_GENERAL_NAMES_at(names, index) else { continue }
            if let uri = CTransport_GENERAL_NAME_uri(name) { uris.append(text(uri)) }
            if let dnsName = CTransport_GENERAL_NAME_dns(name) { dnsNames.append(text(dnsName)) }
        }
        return (uris, dnsNames)
    }

    private static func text(_ string: UnsafePointer<ASN1_IA5STRING>) -> String {
        let bytes = UnsafeBufferPointer(
            start: CTransport_IA5_data(string), count: Int(max(0, CTransport_IA5_length(string))))
        return String(decoding: bytes, as: UTF8.self)
    }
}
