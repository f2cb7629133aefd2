// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A regular file, read from its beginning to its end.
struct FileChunks: ~Copyable {
    private let path: String
    private let descriptor: Int32
    /// Bytes when it was opened.
    let size: Int

    init(_ path: String) throws(FileTree.Failure) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileTree.Failure(path: path, message: FileTree.lastError()) }
        var status = stat()
        let isRead = fstat(descriptor, &status) == 0
        guard isRead, status.st_mode & S_IFMT == S_IFREG else {
            let message = isRead ? "not a regular file" : FileTree.lastError()
            close(descriptor)
            throw FileTree.Failure(path: path, message: message)
        }
        self.descriptor = descriptor
        size = max(0, Int(status.st_size))
    }

    deinit { close(descriptor) }

    /// Up to `count` bytes; none at the end.
    mutating func next(_ count: Int) throws(FileTree.Failure) -> [UInt8] {
        var failure: String?
        let chunk = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            while filled < room.count {
                let got = read(descriptor, room.baseAddress.map { $0 + filled }, room.count - filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = FileTree.lastError() }
                guard got > 0 else { break }
                filled += got
            }
        }
        if let failure { throw FileTree.Failure(path: path, message: failure) }
        return chunk
    }

    /// What is left, as far as it was there when the file was opened.
    mutating func rest() throws(FileTree.Failure) -> [UInt8] { try next(size) }
}
