// SPDX-License-Identifier: Apache-2.0

import Detect
import Glibc

/// A folder of rule files, or a single one, as a command was given it.
struct RulesFolder {
    /// What commands look at when nobody names a folder.
    static let usual = "Rules"

    let path: String
    let catalog: Catalog

    init(_ path: String, placeholders: [String: [String]] = [:]) throws(Failure) {
        self.path = path
        do {
            catalog = try Catalog.load(folder: path, placeholders: placeholders)
        } catch {
            throw Failure("can't read the rules in \(error.path): \(error.message)")
        }
        if catalog.all.isEmpty, catalog.problems.isEmpty { throw Failure("no rule file (.yml) in \(path)") }
    }

    /// A problem with the file named so that an editor finds it.
    func located(_ problem: Catalog.Problem) -> Catalog.Problem {
        Catalog.Problem(
            file: located(problem.file), line: problem.line, message: problem.message, isError: problem.isError)
    }

    /// A rule file's path from here.
    func located(_ file: String) -> String {
        if file.hasPrefix(path) { return file }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return path }
        return path.hasSuffix("/") ? path + file : path + "/" + file
    }

    /// What is odd about rules that load, missing tests included.
    func remarks() -> [Catalog.Problem] {
        var status = stat()
        let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let folder = isFolder ? path : path.contains("/") ? parent : "."
        return CatalogLint(catalog).remarks(folder: folder)
    }

    /// Says on standard error what is wrong with the rules.
    func report() {
        for problem in catalog.problems { Diagnostics.note(located(problem).description) }
    }

    /// A problem for programs.
    static func json(_ problem: Catalog.Problem) -> JSONNode {
        .object([
            .init("file", .string(problem.file)),
            .init("line", .unsigned(UInt64(max(0, problem.line)))),
            .init("message", .string(problem.message)),
            .init("is_error", .bool(problem.isError)),
        ])
    }
}
