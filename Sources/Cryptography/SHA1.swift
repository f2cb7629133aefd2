// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// SHA-1, for the names of files that other tools make by it. Nothing is protected by it.
package enum SHA1 {
    private static let byteCount = 20

    /// The hash of `bytes` in lower-case hexadecimal.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let hash = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let result = bytes.withUnsafeBytes { th_sha1($0.baseAddress, $0.count, buffer.baseAddress) }
            guard result == 1 else { fatalError("libcrypto has no SHA-1") }
            count = byteCount
        }
        return Hexadecimal.encode(hash)
    }
}
