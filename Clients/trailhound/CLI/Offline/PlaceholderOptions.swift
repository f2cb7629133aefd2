// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Detect

/// What the placeholders of rules stand for.
struct PlaceholderOptions: ParsableArguments {
    @Option(
        help: .init(
            "A YAML or JSON file that maps the names rules 'expand' to their values.", valueName: "file"),
        completion: .file())
    var placeholders: String?

    /// The names and values of the file; none where there is no file.
    func read() throws(Failure) -> [String: [String]] {
        guard let placeholders else { return [:] }
        do {
            let bytes = try FileTree.read(placeholders, limit: DetectLimits.placeholderBytes)
            return try Detect.Placeholders.read(String(decoding: bytes, as: UTF8.self))
        } catch { throw Failure("can't read the placeholders: \(error)") }
    }
}
