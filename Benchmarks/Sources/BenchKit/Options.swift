// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A benchmark's options, `--name value` each; a name that is not known ends the program with its usage.
package struct Options {
    private var values: [String: String]

    /// - Parameter defaults: every option, with what it is where it is not given.
    package init(_ defaults: KeyValuePairs<String, String>, arguments: [String] = CommandLine.arguments) {
        values = Dictionary(uniqueKeysWithValues: defaults.map { ($0.key, $0.value) })
        var rest = arguments.dropFirst()
        while let name = rest.popFirst() {
            guard values[name] != nil, let value = rest.popFirst() else {
                let program = URL(fileURLWithPath: arguments.first ?? "bench").lastPathComponent
                let usage = defaults.map { "[\($0.key) \($0.value.isEmpty ? "…" : $0.value)]" }
                FileHandle.standardError.write(
                    Foundation.Data("usage: \(program) \(usage.joined(separator: " "))\n".utf8))
                exit(2)
            }
            values[name] = value
        }
    }

    package subscript(_ name: String) -> String { values[name] ?? "" }

    /// A number of 0 or more.
    package func number(_ name: String) -> Int {
        guard let number = Int(self[name]), number >= 0 else {
            FileHandle.standardError.write(Foundation.Data("\(name) has to be a number of 0 or more\n".utf8))
            exit(2)
        }
        return number
    }

    package func flag(_ name: String) -> Bool { ["yes", "true", "1"].contains(self[name]) }
}
