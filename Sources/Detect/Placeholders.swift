// SPDX-License-Identifier: Apache-2.0

import Sigma

/// Reads what the placeholders of rules stand for: a mapping from names to a value or a list of values.
package enum Placeholders {
    /// Why a text is no such mapping.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Reads YAML, or JSON, which YAML holds.
    package static func read(_ text: String) throws(Failure) -> [String: [String]] {
        let document: YAMLNode
        do { document = try YAMLNode(parsing: text) } catch { throw Failure(description: "\(error)") }
        if document.value == .null { return [:] }
        guard let members = document.mapping else {
            throw Failure(description: "line \(document.line): placeholders are a mapping from names to values")
        }
        var placeholders: [String: [String]] = [:]
        for member in members {
            let values = member.value.sequence ?? [member.value]
            let texts = values.compactMap(\.text)
            guard let name = member.key.text, texts.count == values.count, !texts.isEmpty else {
                throw Failure(
                    description: "line \(member.key.line): a placeholder stands for a text or for a list of texts")
            }
            placeholders[name] = texts
        }
        return placeholders
    }
}
