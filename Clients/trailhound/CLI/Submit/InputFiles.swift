// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Collect
import Glibc

/// One file to submit.
package struct InputFile: Sendable, Equatable {
    /// As the user would name it. `-` is standard input.
    package let path: String
    /// Bytes; 0 where the system can't tell, as for a pipe.
    package let size: UInt64
    /// When CloudTrail delivered it, by its name; nil where that does not tell.
    package let delivered: Milliseconds?
    /// Whether it can be read once only, from its beginning on: standard input, a pipe, a terminal.
    package let isStream: Bool

    package init(path: String, size: UInt64, isStream: Bool = false) {
        self.path = path
        self.size = size
        self.isStream = isStream
        delivered = LogFileName.delivered(name: path.split(separator: "/").last ?? "")
    }
}

/// Finds the files that paths name.
package enum InputFiles {
    /// The files of `paths` in the order in which they are to be read: by the time at which CloudTrail delivered them,
    /// over all regions and accounts, since a correlation counts what is more than an hour late no more. Those whose
    /// names tell no such time come after them, as `paths` names them, a folder's sorted by path.
    ///
    /// A file that is named itself is always taken. Within folders hidden files are left out, and so are files whose names
    /// are none of log data, links to folders and the trail's digests
    /// (`CloudTrail-Digest/`), which hold no events.
    package static func find(_ paths: [String]) throws(Failure) -> [InputFile] {
        var leftOut = 0
        return try find(paths, leftOut: &leftOut)
    }

    /// - Parameter leftOut: is raised by the files that folders hold and that are not taken by their names.
    static func find(_ paths: [String], leftOut: inout Int) throws(Failure) -> [InputFile] {
        var found: [InputFile] = []
        for path in paths {
            if path == "-" {
                found.append(InputFile(path: path, size: 0, isStream: true))
                continue
            }
            var status = stat()
            guard stat(path, &status) == 0 else { throw Failure("can't read \(path): \(SystemError.text(errno))") }
            if isFolder(status) {
                try walk(path, depth: 0, into: &found, &leftOut)
            } else {
                found.append(InputFile(path: path, size: size(status), isStream: !isFile(status)))
            }
        }
        return ordered(found)
    }

    /// Files by the time of their delivery, of one time by path; then the others as they came.
    static func ordered(_ files: [InputFile]) -> [InputFile] {
        let dated = files.compactMap { file in file.delivered.map { (time: $0, file: file) } }
        let sorted = dated.sorted { ($0.time, $0.file.path) < ($1.time, $1.file.path) }
        return sorted.map(\.file) + files.filter { $0.delivered == nil }
    }

    private static func walk(
        _ folder: String, depth: Int, into found: inout [InputFile], _ leftOut: inout Int
    ) throws(Failure) {
        guard depth < Limits.folderDepth else {
            throw Failure("\(folder) lies more than \(Limits.folderDepth) folders deep")
        }
        for name in try names(folder) {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            var status = stat()
            // A link is followed to a file but not to a folder, so that no loop can be walked.
            guard lstat(path, &status) == 0 else { continue }
            if isFolder(status) {
                if name != "CloudTrail-Digest" { try walk(path, depth: depth + 1, into: &found, &leftOut) }
                continue
            }
            guard LogFileNames.isLogData(name), stat(path, &status) == 0, isFile(status) else {
                leftOut += 1
                continue
            }
            found.append(InputFile(path: path, size: size(status)))
        }
    }

    /// The names in a folder that are not hidden, sorted.
    static func names(_ folder: String) throws(Failure) -> [String] {
        guard let handle = opendir(folder) else {
            throw Failure("can't read the folder \(folder): \(SystemError.text(errno))")
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
                    String(cString: $0)
                }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }
    private static func isFile(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
    private static func size(_ status: stat) -> UInt64 { isFile(status) ? UInt64(max(0, status.st_size)) : 0 }
}
