// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Public data that lies beside the repository on some machines. Tests that read it say that they skip it elsewhere.
enum Corpora {
    /// `../shared/corpora` of the repository's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/corpora")

    static func has(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(name).path)
    }

    static func path(_ name: String) -> String { root.appendingPathComponent(name).path }

    /// A case from people who do this job, of `../shared/cases`.
    static func cases(_ name: String) -> String {
        root.deletingLastPathComponent().appendingPathComponent("cases/" + name).path
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: root.appendingPathComponent(name)))
    }

    static func names(in folder: String, suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(folder)).filter { $0.hasSuffix(suffix) }.sorted()
            .map { folder + "/" + $0 }
    }
}
