// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The folder of what a collector could not deliver: a JSON file for each message or log file, with the reason. A
/// person looks at them, and removes them.
package final class AsideFolder: Sendable {
    /// What was set aside.
    package struct Item: Codable, Sendable, Hashable {
        /// When, as `2026-11-22T09:30:05Z`.
        package let at: String
        /// Why.
        package let reason: String
        /// Where it came from: a message's id, or an object's address.
        package let source: String
        /// The message's text; empty for a log file, which stays where it is.
        package let body: String

        package init(at: String, reason: String, source: String, body: String) {
            self.at = at
            self.reason = reason
            self.source = source
            self.body = body
        }
    }

    /// Where it is.
    package let path: String
    private let count: Mutex<Int>

    /// Takes a folder, and makes it where it is missing.
    package init(path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        count = Mutex(try FileManager.default.contentsOfDirectory(atPath: path).count)
    }

    /// Keeps an item, durably. The same source again replaces what was kept of it.
    ///
    /// - Throws: where the folder is full or can't be written; the item must then stay where it is.
    package func put(_ item: Item) throws {
        let name = SHA256.hexadecimal(Array(item.source.utf8)).prefix(32) + ".json"
        let file = path + "/" + name
        let isNew = !FileManager.default.fileExists(atPath: file)
        guard try !isNew || hasRoom() else {
            throw SinkError("\(path) is full: look at its \(CollectLimits.asideFiles) files and remove them")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(Array(try encoder.encode(item)), to: file)
        if isNew { count.withLock { $0 += 1 } }
    }

    /// Whether a further file may be kept. One that is full is counted anew: a person may have looked and removed some.
    private func hasRoom() throws -> Bool {
        try count.withLock { count in
            if count >= CollectLimits.asideFiles {
                count = try FileManager.default.contentsOfDirectory(atPath: path).count
            }
            return count < CollectLimits.asideFiles
        }
    }

    /// Everything that is there.
    package func items() throws -> [Item] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".json") }.sorted().map {
            let data = try Data(contentsOf: URL(filePath: path + "/" + $0))
            return try JSONDecoder().decode(Item.self, from: data)
        }
    }
}
