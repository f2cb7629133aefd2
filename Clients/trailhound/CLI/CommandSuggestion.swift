// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Finds the word of a command line that names no command, and the command that was probably meant.
package struct CommandSuggestion {
    /// The word that is none.
    package let word: String
    /// The words of the command that was probably meant, from where the unknown one stands; nil where none is near.
    package let meant: String?
    /// The command whose help lists those there are.
    package let parent: String

    /// - Parameter arguments: the command line without options before the command.
    /// - Returns: nil where every word that should name a command does.
    package init?(_ arguments: [String]) {
        var node: any ParsableCommand.Type = Trailhound.self
        var path = [node._commandName]
        for argument in arguments {
            if argument.hasPrefix("-") { return nil }
            let subcommands = node.configuration.subcommands
            if subcommands.isEmpty || argument == "help" { return nil }
            if let next = subcommands.first(where: { $0._commandName == argument }) {
                node = next
                path.append(argument)
                continue
            }
            meant = Self.nearest(argument, subcommands)
            // What is no command may be an argument of the default one.
            if meant == nil, node.configuration.defaultSubcommand != nil { return nil }
            word = argument
            parent = path.joined(separator: " ")
            return
        }
        return nil
    }

    /// The error in a sentence or two.
    package var message: String {
        "Unknown command '\(word)'." + (meant.map { " Did you mean '\($0)'?" } ?? "")
    }

    private static func nearest(_ word: String, _ commands: [any ParsableCommand.Type]) -> String? {
        // The verb without its noun.
        let verbs = commands.flatMap { noun in
            noun.configuration.subcommands.filter { $0._commandName == word }.map {
                "\(noun._commandName) \($0._commandName)"
            }
        }
        if verbs.count == 1 { return verbs.first }
        let limit = max(1, word.count / 3)
        let names = commands.map { (name: $0._commandName, distance: distance(word, $0._commandName)) }
        guard let best = names.min(by: { $0.distance < $1.distance }), best.distance <= limit else { return nil }
        return best.name
    }

    /// Levenshtein's distance, where two letters that changed places count once.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        // No command is longer, and the work is the product of the lengths.
        guard one.count <= 64 else { return .max }
        var (before, last, row) = ([Int](), [Int](), Array(0...other.count))
        for i in one.indices {
            (before, last, row) = (last, row, [i + 1])
            for j in other.indices {
                var cost = min(last[j + 1], row[j]) + 1
                cost = min(cost, last[j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
        }
        return row[other.count]
    }
}
