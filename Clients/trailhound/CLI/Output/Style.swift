// SPDX-License-Identifier: Apache-2.0

/// The few looks that output has on a terminal. They carry no meaning that the text does not carry too.
package enum Style: Sendable {
    case plain, bold, faint, red, boldRed, yellow, green, cyan

    /// `text` in this style, as ANSI escape sequences.
    package func applied(to text: String) -> String {
        switch self {
        case .plain: text
        case .bold: "\u{1B}[1m\(text)\u{1B}[0m"
        case .faint: "\u{1B}[2m\(text)\u{1B}[0m"
        case .red: "\u{1B}[31m\(text)\u{1B}[0m"
        case .boldRed: "\u{1B}[1;31m\(text)\u{1B}[0m"
        case .yellow: "\u{1B}[33m\(text)\u{1B}[0m"
        case .green: "\u{1B}[32m\(text)\u{1B}[0m"
        case .cyan: "\u{1B}[36m\(text)\u{1B}[0m"
        }
    }
}
