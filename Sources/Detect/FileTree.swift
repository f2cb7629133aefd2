// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Finds and reads files below a folder, in the same order everywhere. A symbolic link counts as what it leads to as
/// long as that lies below the folder too; hidden names are left out.
package enum FileTree {
    /// A file that was found.
    package struct File: Sendable, Equatable {
        /// Where it can be opened.
        package let path: String
        /// Its path below the folder.
        package let name: String
    }

    /// What can't be read, and why.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        package let path: String
        package let message: String
        package var description: String { "\(path): \(message)" }
    }

    /// The files below `root` whose names end in one of `suffixes`; `root` may be a file itself.
    package static func files(
        below root: String, suffixes: [String], limit: Int
    ) throws(Failure) -> (files: [File], skipped: [Failure]) {
        try files(below: root, limit: limit) { name in suffixes.contains { name.hasSuffix($0) } }
    }

    /// The files below `root` that are taken by their names; `root` may be a file itself.
    ///
    /// - Parameter leftOut: is given the path of each file that is not taken.
    /// - Returns: the files, sorted by name, and what was left out with its reason.
    package static func files(
        below root: String, limit: Int, leftOut: ((String) -> Void)? = nil, where isTaken: @escaping (String) -> Bool
    ) throws(Failure) -> (files: [File], skipped: [Failure]) {
        guard let base = resolve(root) else { throw Failure(path: root, message: lastError()) }
        if !isFolder(base) {
            return ([File(path: root, name: root.split(separator: "/").last.map(String.init) ?? root)], [])
        }
        var walk = Walk(base: base, isTaken: isTaken, limit: limit)
        walk.others = leftOut == nil ? nil : []
        walk.visit(folder: base, shown: root, name: "", depth: 0)
        for path in walk.others ?? [] { leftOut?(path) }
        return (walk.files.sorted { $0.name < $1.name }, walk.skipped)
    }

    /// Reads a whole file of at most `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(path: path, message: lastError()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(path: path, message: lastError()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(path: path, message: "not a regular file") }
        guard status.st_size <= limit else {
            throw Failure(path: path, message: "larger than \(limit) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw Failure(path: path, message: lastError()) }
            // The file became shorter.
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    fileprivate static func resolve(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    fileprivate static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func lastError() -> String { String(cString: strerror(errno)) }
}

/// One walk through a tree.
private struct Walk {
    let base: String
    let isTaken: (String) -> Bool
    let limit: Int
    var files: [FileTree.File] = []
    var skipped: [FileTree.Failure] = []
    /// Files that are not taken, where somebody asks for them.
    var others: [String]?

    mutating func visit(folder: String, shown: String, name: String, depth: Int) {
        guard depth < DetectLimits.folderDepth else {
            skipped.append(.init(path: shown, message: "nested deeper than \(DetectLimits.folderDepth) folders"))
            return
        }
        guard let entries = list(folder) else {
            skipped.append(.init(path: shown, message: FileTree.lastError()))
            return
        }
        for entry in entries {
            let path = shown + "/" + entry
            let relative = name.isEmpty ? entry : name + "/" + entry
            guard let resolved = FileTree.resolve(path) else {
                skipped.append(.init(path: path, message: FileTree.lastError()))
                continue
            }
            guard resolved.hasPrefix(base == "/" ? "/" : base + "/") else {
                skipped.append(.init(path: path, message: "a link that leads out of the folder"))
                continue
            }
            if FileTree.isFolder(resolved) {
                visit(folder: resolved, shown: path, name: relative, depth: depth + 1)
            } else if isTaken(entry) {
                guard files.count < limit else {
                    skipped.append(.init(path: path, message: "more than \(limit) files"))
                    return
                }
                files.append(.init(path: path, name: relative))
            } else {
                others?.append(path)
            }
        }
    }

    /// The names in a folder, in order, without the hidden ones.
    private func list(_ folder: String) -> [String]? {
        guard let handle = opendir(folder) else { return nil }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
