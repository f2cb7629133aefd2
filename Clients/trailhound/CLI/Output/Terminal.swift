// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a file descriptor leads to, asked once at the start.
package struct Terminal: Sendable, Equatable {
    /// True where a person may be looking.
    package let isInteractive: Bool
    /// Columns; nil where nothing needs to fit, as in a pipe or a file.
    package let width: Int?
    package let colour: Bool

    package init(isInteractive: Bool, width: Int?, colour: Bool) {
        self.isInteractive = isInteractive
        self.width = width
        self.colour = colour
    }

    /// Decides from facts: colour needs a terminal that is not `dumb`, and no NO_COLOR (https://no-color.org, where any
    /// value that is not empty counts).
    package init(isTerminal: Bool, columns: Int?, environment: (String) -> String?) {
        let noColour = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        let asked = environment("COLUMNS").flatMap { Int($0) }
        let usable = [columns, asked].compactMap { $0 }.first { $0 >= Limits.narrowestTerminal }
        isInteractive = isTerminal
        width = isTerminal ? usable ?? Limits.assumedTerminalWidth : nil
        colour = isTerminal && !noColour && environment("TERM") != "dumb"
    }

    /// Looks at a descriptor of this process.
    package static func of(descriptor: Int32) -> Terminal {
        let isTerminal = isatty(descriptor) == 1
        return Terminal(isTerminal: isTerminal, columns: isTerminal ? columns(descriptor) : nil) { Environment[$0] }
    }

    /// The present width of the terminal behind a descriptor, or nil.
    package static func columns(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

/// The process's environment.
package enum Environment {
    /// A variable's value; an empty one counts as not set.
    package static subscript(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
