// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Asks before what hurts.
package enum Confirmation {
    /// The same, and where `isGiven` lets it a person is told what is done.
    static func require(_ deed: String, isGiven: Bool, _ output: Output) throws(Failure) {
        if isGiven, output.format == .table { Diagnostics.note(deed) }
        try require(deed, isGiven: isGiven)
    }

    /// Goes on when a person says yes. Where nobody can be asked, only `isGiven` (`--yes`) lets it.
    ///
    /// - Parameters:
    ///   - question: what will be done, as a question without its mark.
    ///   - isInteractive: whether a person is at the keyboard.
    ///   - answer: reads a line; nil at the end of the input.
    package static func require(
        _ question: String, isGiven: Bool, isInteractive: Bool = isatty(STDIN_FILENO) == 1,
        answer: () -> String? = { readLine() }
    ) throws(Failure) {
        if isGiven { return }
        guard isInteractive else {
            throw Failure(
                "this needs a person's yes, and no terminal is there to ask on: give --yes (\(question))",
                code: Failure.Code.usage)
        }
        let sentence = question.prefix(1).uppercased() + question.dropFirst() + "? [y/N]"
        let lines = DisplayWidth.wrappedWithIndentation(
            Escaping.visible(sentence), to: Terminal.of(descriptor: STDERR_FILENO).width)
        _ = FileWriting.writeAll(Array((lines.joined(separator: "\n") + " ").utf8), to: STDERR_FILENO)
        let word = answer().map { $0.lowercased().filter { $0 != " " } }
        guard word == "y" || word == "yes" else { throw Failure("nothing was done") }
    }
}
