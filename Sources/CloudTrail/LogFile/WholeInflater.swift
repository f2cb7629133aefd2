// SPDX-License-Identifier: Apache-2.0

import CDeflate

/// Decompresses gzip data that is in memory as a whole, in less than half of zlib's time. It knows good data only: what
/// it can't read is read again by `StreamDecoder`, which tells the damage.
///
/// It owns libdeflate's decompressor.
struct WholeInflater: ~Copyable {
    private let decompressor: OpaquePointer?

    init() { decompressor = libdeflate_alloc_decompressor() }

    deinit { libdeflate_free_decompressor(decompressor) }

    /// The bytes of a gzip file of any number of members (RFC 1952, section 2.2), written to the beginning of `room`.
    ///
    /// - Returns: how many they are; nil where the data is damaged, is followed by anything else, does not fit, or asks
    ///   for a check of its header, which libdeflate does not make.
    func inflate(_ data: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Int? {
        guard let decompressor, let target = room.baseAddress else { return nil }
        var taken = 0
        var filled = 0
        while taken < data.count {
            let member = UnsafeRawBufferPointer(rebasing: data[taken...])
            guard member.count >= Self.smallestMember, member[3] & Self.headerCheckFlag == 0 else { return nil }
            var used = 0
            var written = 0
            let result = libdeflate_gzip_decompress_ex(
                decompressor, member.baseAddress, member.count, target + filled, room.count - filled, &used, &written)
            guard result == LIBDEFLATE_SUCCESS else { return nil }
            taken += used
            filled += written
        }
        return filled
    }

    /// A header of ten bytes, an empty block of two, and a trailer of eight.
    private static let smallestMember = 20
    /// FHCRC of RFC 1952, section 2.3.1.
    private static let headerCheckFlag: UInt8 = 1 << 1
}
