// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Looks at a file before it is read.
enum FileProbe {
    /// True for a file that goes to the service in one piece: it is small, and so is what it holds.
    ///
    /// What a gzip file holds is known of its last member alone, and only if it is honest. A file that is too small to
    /// hold too much is believed; of another one the last member has to be as large as if it were all of the file.
    static func isWhole(_ file: InputFile) throws(InputStream.Problem) -> Bool {
        guard !file.isStream, file.size <= Limits.wholeFile else { return false }
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputStream.Problem(reason: "unreadable_file", detail: SystemError.text(errno))
        }
        defer { close(descriptor) }
        var magic: UInt32 = 0
        let count = pread(descriptor, &magic, 4, 0)
        magic = UInt32(littleEndian: magic)
        // zstd's frames need not tell their size.
        if count == 4, magic == 0xFD2F_B528 { return false }
        guard count >= 2, magic & 0xFFFF == 0x8B1F, file.size >= 18 else { return true }
        var trailer: UInt32 = 0
        guard pread(descriptor, &trailer, 4, off_t(file.size - 4)) == 4 else { return false }
        let claimed = UInt64(UInt32(littleEndian: trailer))
        if file.size <= Limits.wholeCompressedFile {
            return claimed <= Limits.wholeFileDecompressed || claimed > file.size * Limits.deflateBound
        }
        return claimed <= Limits.wholeFileDecompressed && Limits.usualExpansion.contains(claimed / file.size)
    }

    /// A file's bytes as they are.
    static func contents(of file: InputFile) throws(InputStream.Problem) -> [UInt8] {
        var stream = try InputStream(path: file.path)
        var failure: InputStream.Problem?
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(file.size)) { room, count in
            do throws(InputStream.Problem) {
                while count < room.count {
                    let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: room[count...]))
                    let got = try stream.read(into: rest)
                    guard got > 0 else { return }
                    count += got
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}
