// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// SHA-256 and HMAC-SHA-256, computed by OpenSSL's libcrypto.
package enum SHA256 {
    /// The length of a hash in bytes.
    package static let byteCount = 32

    /// The hash of `bytes`.
    package static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        withBytes(of: bytes) { hash($0) }
    }

    /// The hash of the bytes that `buffer` shows.
    package static func hash(_ buffer: UnsafeRawBufferPointer) -> [UInt8] {
        output { th_sha256(buffer.baseAddress, buffer.count, $0) }
    }

    /// The hash of `bytes` in lower-case hexadecimal.
    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        Hexadecimal.encode(hash(bytes))
    }

    /// The HMAC of `bytes` under `key`.
    package static func authenticationCode(_ bytes: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
        withBytes(of: bytes) { bytes in
            key.withUnsafeBytes { key in
                output { th_hmac_sha256(key.baseAddress, key.count, bytes.baseAddress, bytes.count, $0) }
            }
        }
    }

    private static func output(_ body: (UnsafeMutablePointer<UInt8>?) -> Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            // Hashing memory can't fail but for want of memory, which nobody recovers from.
            guard body(buffer.baseAddress) == 1 else { fatalError("libcrypto has no SHA-256") }
            count = byteCount
        }
    }
}

/// Calls `body` with the bytes in one piece, copying them only when they are not.
func withBytes<Result>(
    of bytes: some Sequence<UInt8>, _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
    if let result = try bytes.withContiguousStorageIfAvailable({ try body(UnsafeRawBufferPointer($0)) }) {
        return result
    }
    return try Array(bytes).withUnsafeBytes(body)
}

/// A SHA-256 that takes its bytes piece by piece, for content that is not kept in memory.
package struct RunningSHA256: ~Copyable {
    private let context: UnsafeMutableRawPointer

    /// Starts with nothing hashed.
    package init() {
        // NULL means that there is no memory left.
        guard let context = th_sha256_new() else { fatalError("libcrypto has no SHA-256") }
        self.context = context
    }

    deinit { th_sha256_free(context) }

    /// Takes further bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard th_sha256_update(context, bytes.baseAddress, bytes.count) == 1 else {
            fatalError("libcrypto has no SHA-256")
        }
    }

    /// The hash of everything taken.
    package consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            guard let address = buffer.baseAddress, th_sha256_final(context, address) == 1 else {
                fatalError("libcrypto has no SHA-256")
            }
            count = SHA256.byteCount
        }
    }
}
