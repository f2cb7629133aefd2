// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// What `main` does: parse, run, and turn every outcome into an exit code and at most one line.
package enum Program {
    /// Runs the program with this process's arguments, and ends it.
    package static func main() async -> Never {
        exit(await run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs a command. The exit code.
    package static func run(_ arguments: [String]) async -> Int32 {
        let arguments = GlobalArguments.hoisted(arguments)
        do {
            var command = try Trailhound.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return report(error, arguments)
        }
    }

    /// Says what went wrong in one line. The exit code.
    private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        if let failure = error as? Failure {
            if !failure.message.isEmpty { Diagnostics.fail(failure.message) }
            return failure.code
        }
        let code = Trailhound.exitCode(for: error)
        if code == .success {
            // Help, the version, a completion script: what was asked for.
            let output = Output(.table)
            output.line(wrappingUsage(Trailhound.fullMessage(for: error), to: output.terminal.width))
            return 0
        }
        let message = Trailhound.message(for: error)
        if code == .validationFailure, let suggestion = CommandSuggestion(arguments) {
            Diagnostics.fail("\(suggestion.message) (see \(suggestion.parent) --help)")
        } else if code == .validationFailure {
            Diagnostics.fail(oneLine(message) + " (see \(helpCommand(for: error)))")
        } else {
            Diagnostics.fail(oneLine(message.isEmpty ? "\(error)" : message))
        }
        return code.rawValue
    }

    /// The text with its line of usage, which the library leaves as long as it is, in lines that a terminal has room for.
    package static func wrappingUsage(_ text: String, to columns: Int?) -> String {
        guard let columns else { return text }
        let margin = "USAGE: "
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix(margin), line.count > columns else { return String(line) }
            // Options are cut from each other and not from their values.
            let parts = line.dropFirst(margin.count).replacing(" [", with: "\n[").split(separator: "\n")
            var lines = [margin]
            for part in parts {
                let last = lines[lines.count - 1]
                let isFirst = last.count == margin.count
                if !isFirst, last.count + 1 + part.count > columns {
                    lines.append(String(repeating: " ", count: margin.count) + part)
                } else {
                    lines[lines.count - 1] += (isFirst ? "" : " ") + part
                }
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The command that explains what was called wrongly, as the library's long message names it.
    private static func helpCommand(for error: any Error) -> String {
        let parts = Trailhound.fullMessage(for: error).split(separator: "See '")
        guard parts.count > 1, let command = parts.last?.split(separator: "'").first else { return "trailhound --help" }
        return String(command)
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingBlanks() }.joined(separator: " ")
    }
}

extension Substring {
    /// Without blanks at either end.
    fileprivate func trimmingBlanks() -> Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
