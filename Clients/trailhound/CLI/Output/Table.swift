// SPDX-License-Identifier: Apache-2.0

/// One field of a table's row: its text, escaped when the cell is made, and its look.
package struct Cell: Sendable, Equatable, ExpressibleByStringInterpolation {
    package let text: String
    package let style: Style

    /// Takes text from anywhere and escapes what would command a terminal.
    package init(_ text: String, style: Style = .plain) {
        self.text = Escaping.visible(text)
        self.style = style
    }

    /// A part of another cell, whose text is escaped already.
    fileprivate init(part: String, of cell: Cell) {
        text = part
        style = cell.style
    }

    package init(stringLiteral value: String) { self.init(value) }
}

/// One column of a table.
package struct Column: Sendable {
    package enum Alignment: Sendable { case left, right }

    package let title: String
    package let alignment: Alignment
    /// The least width this may shrink to where the table is wider than the terminal; nil keeps it whole.
    package let shrinksTo: Int?
    /// Where shrinking is not enough, columns are left out by this number, the smallest first; nil never.
    package let dropped: Int?
    /// Of the last column: a text that is too wide goes on below instead of being cut.
    package let wraps: Bool

    package init(
        _ title: String, alignment: Alignment = .left, shrinksTo: Int? = nil, dropped: Int? = nil, wraps: Bool = false
    ) {
        self.wraps = wraps
        self.title = title
        self.alignment = alignment
        self.shrinksTo = shrinksTo
        self.dropped = dropped
    }
}

/// Which columns a terminal has room for, and how wide each is.
package struct TableLayout: Sendable, Equatable {
    /// Blanks between columns.
    package static let gap = 2

    /// For each column its width, nil for one that is left out.
    package let widths: [Int?]

    /// Fits columns of these natural widths into a terminal; `width` is nil where nothing is to be cut.
    package init(_ columns: [Column], natural: [Int], width: Int?) {
        widths = width.map { Self.fit(columns, natural, into: $0) } ?? natural
    }

    private static func fit(_ columns: [Column], _ natural: [Int], into width: Int) -> [Int?] {
        var widths: [Int?] = natural
        while total(least(columns, widths)) > width {
            let candidates = columns.indices.filter { widths[$0] != nil && columns[$0].dropped != nil }
            guard let next = candidates.min(by: { columns[$0].dropped ?? 0 < columns[$1].dropped ?? 0 }) else { break }
            widths[next] = nil
        }
        var excess = total(widths) - width
        while excess > 0 {
            // The widest column that may shrink gives one.
            var widest: (index: Int, width: Int)?
            for (index, column) in columns.enumerated() {
                guard let own = widths[index], let least = column.shrinksTo, own > least else { continue }
                if own > widest?.width ?? 0 { widest = (index, own) }
            }
            guard let widest else { break }
            widths[widest.index] = widest.width - 1
            excess -= 1
        }
        return widths
    }

    private static func least(_ columns: [Column], _ widths: [Int?]) -> [Int?] {
        zip(columns, widths).map { column, width in width.map { min($0, column.shrinksTo ?? $0) } }
    }

    private static func total(_ widths: [Int?]) -> Int {
        let kept = widths.compactMap { $0 }
        return kept.reduce(0, +) + gap * max(0, kept.count - 1)
    }

    /// The lines of a row: one, and more where its last column wraps.
    package func lines(_ cells: [Cell], _ columns: [Column], colour: Bool) -> [String] {
        guard let last = cells.indices.last, last == columns.count - 1, columns[last].wraps, let width = widths[last],
            DisplayWidth.of(cells[last].text) > width
        else { return [line(cells, columns, colour: colour)] }
        let before = widths[..<last].compactMap { $0 }
        let margin = Cell(part: String(repeating: " ", count: before.reduce(0) { $0 + $1 + Self.gap }), of: "")
        let parts = DisplayWidth.wrapped(cells[last].text, to: width).flatMap { DisplayWidth.pieces(of: $0, to: width) }
        return parts.enumerated().map { index, part in
            let part = Cell(part: part, of: cells[last])
            if index == 0 { return line(Array(cells.dropLast()) + [part], columns, colour: colour) }
            return margin.text + (colour ? part.style.applied(to: part.text) : part.text)
        }
    }

    /// One line, with no blanks at its end.
    package func line(_ cells: [Cell], _ columns: [Column], colour: Bool) -> String {
        var line = ""
        var owedBlanks = 0
        var isFirst = true
        for (index, cell) in cells.enumerated() {
            guard let width = widths[index] else { continue }
            if !isFirst { owedBlanks += Self.gap }
            isFirst = false
            let text = DisplayWidth.truncated(cell.text, to: width)
            let padding = max(0, width - DisplayWidth.of(text))
            if columns[index].alignment == .right { owedBlanks += padding }
            if !text.isEmpty {
                line += String(repeating: " ", count: owedBlanks)
                owedBlanks = 0
                line += colour ? cell.style.applied(to: text) : text
            }
            if columns[index].alignment == .left { owedBlanks += padding }
        }
        return line
    }
}

/// Aligned columns with a heading, as wide as their content or as the terminal, whichever is less.
package struct Table: Sendable {
    package let columns: [Column]
    package private(set) var rows: [[Cell]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// Appends a row. Missing cells are empty, surplus ones are left out.
    package mutating func add(_ row: [Cell]) {
        var row = Array(row.prefix(columns.count))
        while row.count < columns.count { row.append("") }
        rows.append(row)
    }

    /// The table's lines. `width` is the terminal's, nil where nothing is to be cut.
    package func lines(width: Int?, colour: Bool) -> [String] {
        let natural = columns.indices.map { index in
            rows.reduce(DisplayWidth.of(columns[index].title)) { max($0, DisplayWidth.of($1[index].text)) }
        }
        let layout = TableLayout(columns, natural: natural, width: width)
        return ([Self.heading(columns)] + rows).flatMap { layout.lines($0, columns, colour: colour) }
    }

    /// The titles.
    package static func heading(_ columns: [Column]) -> [Cell] { columns.map { Cell($0.title, style: .bold) } }
}

/// Names and values below each other, for one thing shown in full.
package struct FieldList: Sendable {
    private var fields: [(name: String, value: Cell)] = []

    package init() {}

    /// Appends a field; an empty value is left out.
    package mutating func add(_ name: String, _ value: String, style: Style = .plain) {
        if !value.isEmpty { fields.append((Escaping.visible(name), Cell(value, style: style))) }
    }

    /// The lines, with the values aligned. A value that is longer than the terminal is wide goes on below itself.
    package func lines(width: Int?, colour: Bool) -> [String] {
        let indentation = fields.reduce(0) { max($0, DisplayWidth.of($1.name)) } + 2
        let room = width.map { max(Limits.narrowestTerminal, $0 - indentation) } ?? Int.max
        return fields.flatMap { field in
            let blanks = String(repeating: " ", count: indentation - DisplayWidth.of(field.name))
            let first = (colour ? Style.bold.applied(to: field.name) : field.name) + blanks
            let margin = String(repeating: " ", count: indentation)
            return DisplayWidth.wrapped(field.value.text, to: room).enumerated().map { index, part in
                (index == 0 ? first : margin) + (colour ? field.value.style.applied(to: part) : part)
            }
        }
    }
}
