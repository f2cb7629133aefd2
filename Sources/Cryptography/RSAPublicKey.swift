// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// An RSA public key that verifies signatures of the kind RSASSA-PKCS1-v1_5 with SHA-256.
package struct RSAPublicKey: Sendable, Hashable {
    /// Keys of fewer bits are refused: who can factor one can sign anything.
    package static let minimumBits = 2048

    /// The key in DER, as it came.
    package let der: [UInt8]

    /// Takes a key in DER, as PKCS#1 RSAPublicKey or as SubjectPublicKeyInfo; nil when it is neither, or too short.
    package init?(der: [UInt8]) {
        var bits: Int32 = 0
        guard th_rsa_key_bits(der, der.count, &bits) == 1, bits >= Self.minimumBits else { return nil }
        self.der = der
    }

    /// Whether `signature` was made over `message` with this key's private half.
    package func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        th_rsa_sha256_verify(der, der.count, message, message.count, signature, signature.count) == 1
    }
}

/// Randomness from the operating system, through libcrypto.
package enum SecureRandom {
    /// `count` random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard count > 0 else { return }
            // A process without randomness must not go on with predictable secrets.
            guard let address = buffer.baseAddress, th_random(address, count) == 1 else {
                fatalError("the operating system gives no randomness")
            }
            initialized = count
        }
    }
}
