// SPDX-License-Identifier: Apache-2.0

internal import CPKI
import Glibc

/// A certificate's alternative names by kind.
struct AlternativeNames: Equatable {
    var dns: [String] = []
    var addresses: [String] = []
    var uris: [String] = []

    /// Sorts host names and addresses by what they are.
    init(hosts: [String] = [], uris: [String] = []) {
        self.uris = uris
        for host in hosts {
            if let address = Self.address(host) {
                addresses.append(Self.text(address))
            } else {
                dns.append(host)
            }
        }
    }

    /// Reads the names of a certificate. Names of other kinds are passed over.
    init(of x509: OpaquePointer) {
        guard let raw = X509_get_ext_d2i(x509, NID_subject_alt_name, nil, nil) else { return }
        let names = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(names) }
        for place in 0..<OPENSSL_sk_num(names) {
            guard let name = OPENSSL_sk_value(names, place)?.assumingMemoryBound(to: GENERAL_NAME.self) else {
                continue
            }
            var kind: Int32 = -1
            guard let value = GENERAL_NAME_get0_value(name, &kind) else { continue }
            let string = value.assumingMemoryBound(to: ASN1_STRING.self)
            switch kind {
            case GEN_DNS: if let text = Self.ascii(string) { dns.append(text) }
            case GEN_URI: if let text = Self.ascii(string) { uris.append(text) }
            case GEN_IPADD: addresses.append(Self.text(Self.bytes(string)))
            default: break
            }
        }
    }

    private static func bytes(_ string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
    }

    /// An IA5String's text; nil where it holds a NUL or no ASCII, which no honest name does.
    private static func ascii(_ string: UnsafePointer<ASN1_STRING>) -> String? {
        let bytes = bytes(string)
        guard bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The 4 or 16 bytes of an address in text; nil where it is none.
    static func address(_ text: String) -> [UInt8]? {
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: length)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    /// An address in its usual text; in hexadecimal digits where the length fits no family.
    static func text(_ address: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = address.count == 4 ? AF_INET : AF_INET6
        guard address.count == 4 || address.count == 16,
            inet_ntop(family, address, &text, socklen_t(text.count)) != nil
        else { return address.map { String($0, radix: 16) }.joined(separator: ":") }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Adds the names to a certificate in the making.
    func add(to x509: OpaquePointer) throws(PKIError) {
        let names = try checked(OPENSSL_sk_new_null(), "allocating")
        defer { GENERAL_NAMES_free(names) }
        for name in dns { try Self.push(GEN_DNS, Array(name.utf8), to: names) }
        for name in uris { try Self.push(GEN_URI, Array(name.utf8), to: names) }
        for name in addresses {
            guard let address = Self.address(name) else { throw PKIError("\(name) is no address") }
            try Self.push(GEN_IPADD, address, to: names)
        }
        guard OPENSSL_sk_num(names) > 0 else { return }
        try checked(
            X509_add1_ext_i2d(x509, NID_subject_alt_name, UnsafeMutableRawPointer(names), 0, 0), "adding names")
    }

    private static func push(_ kind: Int32, _ bytes: [UInt8], to names: OpaquePointer) throws(PKIError) {
        if kind != GEN_IPADD, !bytes.allSatisfy({ (0x21..<0x7F).contains($0) }) || bytes.isEmpty {
            throw PKIError("\(String(decoding: bytes, as: UTF8.self)) is no name for a certificate: it must be ASCII")
        }
        let name = try checked(GENERAL_NAME_new(), "allocating")
        let string = ASN1_STRING_type_new(kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING)
        guard let string, ASN1_STRING_set(string, bytes, Int32(clamping: bytes.count)) == 1 else {
            ASN1_STRING_free(string)
            GENERAL_NAME_free(name)
            throw PKIError.openSSL("allocating")
        }
        GENERAL_NAME_set0_value(name, kind, string)
        guard OPENSSL_sk_push(names, name) > 0 else {
            GENERAL_NAME_free(name)
            throw PKIError.openSSL("allocating")
        }
    }
}
