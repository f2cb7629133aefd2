// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Files of certificates and keys.
package enum PEMFiles {
    /// Reads a certificate file.
    package static func certificate(at path: String) throws(PKIError) -> Certificate {
        do { return try Certificate(pem: try read(path)) } catch { throw PKIError("\(path): \(error)") }
    }

    /// Reads a key file. Throws where others than the owner and its group may read it.
    package static func key(at path: String) throws(PKIError) -> PrivateKey {
        try checkMode(ofKey: path)
        do { return try PrivateKey(pem: try read(path)) } catch { throw PKIError("\(path): \(error)") }
    }

    /// Throws where a key's file may be read by everybody, or written by others than its owner: it is known to others then.
    package static func checkMode(ofKey path: String) throws(PKIError) {
        var status = stat()
        // What can't be looked at can't be read either, which says it better.
        guard stat(path, &status) == 0, status.st_mode & 0o037 != 0 else { return }
        let mode = String(status.st_mode & 0o777, radix: 8)
        throw PKIError(
            "\(path) has mode \(mode): a private key may be read by its owner, and by its group at most; chmod 600 mends it, "
                + "and a key that others could read is to be made anew")
    }

    /// Reads `NAME.pem` and `NAME-key.pem` of a folder.
    package static func credential(_ name: String, in folder: String) throws(PKIError) -> Credential {
        let certificate = try certificate(at: "\(folder)/\(name).pem")
        let key = try key(at: "\(folder)/\(name)-key.pem")
        guard certificate.isOf(key) else { throw PKIError("\(folder)/\(name)-key.pem is not the key of \(name).pem") }
        return Credential(certificate: certificate, key: key)
    }

    /// Reads every certificate of a file: an authority's bundle, or a chain.
    package static func certificates(at path: String) throws(PKIError) -> [Certificate] {
        do { return try Certificate.all(pem: try read(path)) } catch { throw PKIError("\(path): \(error)") }
    }

    /// Reads every revocation list of a file.
    package static func revocationLists(at path: String) throws(PKIError) -> [RevocationList] {
        do { return try RevocationList.read(pem: try read(path)) } catch { throw PKIError("\(path): \(error)") }
    }

    /// Writes `NAME-key.pem`, which only the owner may read, and then `NAME.pem`. Each appears whole or not at all.
    package static func write(_ credential: Credential, as name: String, in folder: String) throws(PKIError) {
        try write(credential.key.pem, to: "\(folder)/\(name)-key.pem", mode: 0o600)
        try write(try credential.certificate.pem, to: "\(folder)/\(name).pem", mode: 0o644)
    }

    /// Makes a folder, and those that it is in, where they are missing.
    package static func makeFolder(_ path: String) throws(PKIError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            if mkdir(made, 0o700) != 0, errno != EEXIST { throw PKIError.system("making the folder \(made)") }
        }
    }

    /// Replaces a file in one step: the bytes go to a new file beside it, to the disk, and then under its name.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(PKIError) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        // O_EXCL follows no link and takes over no file that someone else prepared with other rights.
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw PKIError.system("creating \(temporary)") }
        var failure: PKIError?
        var rest = bytes[...]
        while !rest.isEmpty, failure == nil {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                failure = PKIError.system("writing \(temporary)")
            }
        }
        // The process's umask may have taken rights away that the mode grants; it never adds any.
        if failure == nil, fchmod(file, mode) != 0 || fsync(file) != 0 {
            failure = PKIError.system("writing \(temporary)")
        }
        close(file)
        if failure == nil, rename(temporary, path) != 0 { failure = PKIError.system("renaming to \(path)") }
        if let failure {
            unlink(temporary)
            throw failure
        }
        syncFolder(of: path)
    }

    /// Brings the new name to the disk. Some file systems refuse this for folders; the file's content is safe anyway.
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let file = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }

    /// A file's bytes, up to a limit.
    package static func read(_ path: String, limit: Int = PKILimits.fileBytes) throws(PKIError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw PKIError.system("opening") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw PKIError.system("reading")
            }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw PKIError("longer than \(limit) bytes") }
        }
    }

    /// True where something has the name.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

extension PKIError {
    /// A failed system call, by errno.
    static func system(_ what: String) -> PKIError {
        PKIError("\(what): \(String(cString: strerror(errno)))")
    }
}
