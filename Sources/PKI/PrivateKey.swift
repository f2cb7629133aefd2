// SPDX-License-Identifier: Apache-2.0

internal import CPKI

/// A private key as a value. Its description never shows it.
package struct PrivateKey: Sendable, CustomStringConvertible {
    /// PKCS #8 in PEM, not encrypted.
    package let pem: [UInt8]

    /// A fresh key on the curve P-256.
    package static func generate() throws(PKIError) -> PrivateKey {
        let key = try checked(trailhound_pki_generate_ec_key("P-256"), "generating a key")
        defer { EVP_PKEY_free(key) }
        return PrivateKey(
            unchecked: try writing("writing a key") { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) })
    }

    /// Reads PEM text. An encrypted key is refused, as nobody is there to be asked for the passphrase.
    package init(pem: [UInt8]) throws(PKIError) {
        self.init(unchecked: pem)
        EVP_PKEY_free(try decode())
    }

    private init(unchecked pem: [UInt8]) {
        self.pem = pem
    }

    /// OpenSSL's form, owned by the caller.
    func decode() throws(PKIError) -> OpaquePointer {
        let bio = try memoryBIO(pem)
        defer { BIO_free(bio) }
        // Without a callback OpenSSL would ask for a passphrase on the terminal.
        return try checked(PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil), "reading a private key")
    }

    /// Says that there is a key.
    package var description: String { "a private key" }
}
