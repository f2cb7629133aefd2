// SPDX-License-Identifier: Apache-2.0

/// A text that must not be seen: it prints as `<secret>` however it is printed, reflected or dumped, and has no coding.
package struct Secret: Sendable, Hashable {
    private let text: String

    /// Takes the text to keep.
    package init(_ text: String) { self.text = text }

    /// The text itself, for the one place that needs it: the signature, or the header that carries a token.
    package func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
