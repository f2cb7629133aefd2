// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What goes to standard error.
package enum Diagnostics {
    /// Something that people may want to know and programs need not, for example that a list is empty.
    /// On a terminal a line that is too long for it goes on below itself, cut between words.
    package static func note(_ text: String) {
        let width = Terminal.of(descriptor: STDERR_FILENO).width
        let lines = DisplayWidth.wrappedWithIndentation(Escaping.visible(text), to: width)
        _ = FileWriting.writeAll(Array((lines.joined(separator: "\n") + "\n").utf8), to: STDERR_FILENO)
    }

    /// A failure: `trailhound: …`, with the further lines of a text of several as they are.
    package static func fail(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        note("trailhound: " + (lines.first.map(String.init) ?? ""))
        for line in lines.dropFirst() { note("  " + line) }
    }

    /// The end of the program where no caller is left to tell.
    package static func failAndExit(_ text: String, code: Int32) -> Never {
        fail(text)
        exit(code)
    }

    /// Ends as the default action of SIGPIPE does. The network library ignores the signal for the whole process, so
    /// the default is put back first.
    package static func endByBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)
    }
}

/// Error numbers of the system as text.
package enum SystemError {
    /// What the system calls an error, without a capital: `no such file or directory`.
    package static func text(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        let whole = String(cString: text)
        return whole.prefix(1).lowercased() + whole.dropFirst()
    }
}
