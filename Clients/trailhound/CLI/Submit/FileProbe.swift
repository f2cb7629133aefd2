// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Looks at a file before it is read.
enum FileProbe {
    /// Bytes that decide in nearly every case: a log file begins with `{"Records":[`.
    private static let firstLook = 1024
    /// No byte of DEFLATE stands for more bytes than this: a trailer that says so is none.
    private static let deflateBound: UInt64 = 1032

    /// A file's layout, and its size after decompression as far as the file itself says.
    static func look(at file: InputFile) throws(InputStream.Problem) -> (layout: InputLayout, decompressed: UInt64) {
        if file.isStream { return (.unknown, 0) }
        var beginning: [UInt8] = []
        do throws(InputStream.Problem) {
            var stream = try InputStream(path: file.path, buffer: firstLook)
            _ = try stream.read(firstLook, into: &beginning)
            var layout = beginning.withUnsafeBytes { InputLayout(beginning: $0, name: file.path) }
            if layout == .values {
                // The member "Records" may come later.
                while beginning.count < Limits.sniffedBytes {
                    guard try stream.read(Limits.sniffedBytes - beginning.count, into: &beginning) else { break }
                }
                layout = beginning.withUnsafeBytes { InputLayout(beginning: $0, name: file.path) }
            }
            return (layout, try decompressedSize(of: file))
        } catch {
            guard error.reason != "unreadable_file", file.size <= Limits.wholeFile else { throw error }
            // A broken gzip file goes to the service as it is, which keeps it with the dead letters.
            return (.unknown, 0)
        }
    }

    /// A file's bytes as they are.
    static func contents(of file: InputFile) throws(InputStream.Problem) -> [UInt8] {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputStream.Problem(reason: "unreadable_file", detail: SystemError.text(errno))
        }
        defer { close(descriptor) }
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(file.size)) { room, count in
            while count < room.count {
                let got = read(descriptor, room.baseAddress.map { $0 + count }, room.count - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { break }
                count += got
            }
        }
        if let failure { throw InputStream.Problem(reason: "unreadable_file", detail: SystemError.text(failure)) }
        return bytes
    }

    /// The last four bytes of a gzip file: the size of what it holds, for an honest file of one member below 4 GiB.
    private static func decompressedSize(of file: InputFile) throws(InputStream.Problem) -> UInt64 {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputStream.Problem(reason: "unreadable_file", detail: SystemError.text(errno))
        }
        defer { close(descriptor) }
        var magic: UInt16 = 0
        guard file.size >= 18, pread(descriptor, &magic, 2, 0) == 2, UInt16(littleEndian: magic) == 0x8B1F else {
            return file.size
        }
        var trailer: UInt32 = 0
        guard pread(descriptor, &trailer, 4, off_t(file.size - 4)) == 4 else { return file.size }
        let claimed = UInt64(UInt32(littleEndian: trailer))
        return claimed <= file.size * deflateBound ? claimed : file.size
    }
}
