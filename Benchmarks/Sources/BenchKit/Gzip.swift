// SPDX-License-Identifier: Apache-2.0

import CZlib
import CloudTrail

package enum Gzip {
    /// One gzip member, as CloudTrail delivers a log file.
    package static func compress(_ contents: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        precondition(CZlib_deflateInitGzip(&stream, 6) == Z_OK, "no memory for zlib")
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(contents.count)))
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            contents.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END, "the output has room for the worst case")
            }
            count = Int(stream.total_out)
        }
    }

    /// The contents of a gzip file.
    package static func decompress(_ file: [UInt8]) throws -> [UInt8] {
        // The document lies in the reader.
        let reader = LogFileReader()
        return try withExtendedLifetime(reader) {
            try file.withUnsafeBytes { Array(try reader.document(of: $0)) }
        }
    }
}
