// SPDX-License-Identifier: Apache-2.0

/// The line beneath a list: its order, and the part of the whole that it shows.
package struct ListNote: Sendable {
    private let singular: String
    private let plural: String
    private let order: String
    private let hint: String

    /// A note on things of a name.
    ///
    /// - Parameters:
    ///   - noun: their name in the singular, such as `alert`.
    ///   - plural: the same in the plural; with an s where it is not given.
    ///   - order: such as `newest first by last seen`.
    ///   - hint: how to see the rest.
    package init(
        _ noun: String, plural: String? = nil, order: String, hint: String = "--limit N shows more, --all everything"
    ) {
        singular = noun
        self.plural = plural ?? noun + "s"
        self.order = order
        self.hint = hint
    }

    /// The line for `shown` of `total`; nil for a list that is empty.
    ///
    /// - Parameters:
    ///   - total: how many there are; nil where the service doesn't tell.
    ///   - isExact: false where there are so many or more.
    ///   - hasMore: true where the list ended at its limit.
    package func text(shown: Int, total: UInt64?, isExact: Bool = true, hasMore: Bool) -> String? {
        guard shown > 0 else { return nil }
        let count = Numbers.grouped(UInt64(shown))
        guard hasMore || (total ?? 0) > UInt64(shown) else {
            return "\(count) \(shown == 1 ? singular : plural), \(order)."
        }
        guard let total, total > UInt64(shown) || isExact else {
            return "The first \(count) \(plural), \(order); there are more: \(hint)."
        }
        let whole = isExact ? Numbers.grouped(total) : "at least \(Numbers.grouped(total))"
        return "\(count) of \(whole) \(plural), \(order); \(hint)."
    }
}

extension Output {
    /// Tells people the order and extent of a list, and programs only what was left out.
    package func note(_ note: ListNote, shown: Int, total: UInt64?, isExact: Bool = true, hasMore: Bool) {
        flush()
        guard format == .table || hasMore || (total ?? 0) > UInt64(shown) else { return }
        if let text = note.text(shown: shown, total: total, isExact: isExact, hasMore: hasMore) {
            Diagnostics.note(text)
        }
    }
}
