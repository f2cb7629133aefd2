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

    package init(stringLiteral value: String) { self.init(value) }
}

/// One column of a table.
package struct Column: Sendable {
    package enum Alignment: Sendable { case left, right }

    package let title: String
    package let alignment: Alignment
    /// The least number of columns this may shrink to where the table is wider than the terminal; nil keeps it whole.
    package let shrinksTo: Int?

    package init(_ title: String, alignment: Alignment = .left, shrinksTo: Int? = nil) {
        self.title = title
        self.alignment = alignment
        self.shrinksTo = shrinksTo
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
        let widths = Self.fit(natural, columns, width: width)
        let heading = columns.map { Cell($0.title, style: .bold) }
        return ([heading] + rows).map { Self.line($0, columns, widths, colour: colour) }
    }

    /// Two columns of blank between columns.
    private static let gap = 2

    /// Takes the missing width from the widest column that may shrink, until the line fits or none may shrink more.
    static func fit(_ natural: [Int], _ columns: [Column], width: Int?) -> [Int] {
        guard let width else { return natural }
        var widths = natural
        var excess = widths.reduce(0, +) + gap * max(0, widths.count - 1) - width
        while excess > 0 {
            let shrinkable = widths.indices.filter { widths[$0] > (columns[$0].shrinksTo ?? Int.max) }
            guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    /// One line, with no blanks at its end.
    static func line(_ cells: [Cell], _ columns: [Column], _ widths: [Int], colour: Bool) -> String {
        var line = ""
        var owedBlanks = 0
        for (index, cell) in cells.enumerated() {
            if index > 0 { owedBlanks += gap }
            let text = DisplayWidth.truncated(cell.text, to: widths[index])
            let padding = max(0, widths[index] - DisplayWidth.of(text))
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

/// Names and values below each other, for one thing shown in full.
package struct FieldList: Sendable {
    private var fields: [(name: String, value: Cell)] = []

    package init() {}

    /// Appends a field; an empty value is left out.
    package mutating func add(_ name: String, _ value: String, style: Style = .plain) {
        if !value.isEmpty { fields.append((Escaping.visible(name), Cell(value, style: style))) }
    }

    /// The lines, with the values aligned. Values are never cut: a long one wraps in the terminal.
    package func lines(colour: Bool) -> [String] {
        let width = fields.reduce(0) { max($0, DisplayWidth.of($1.name)) }
        return fields.map { field in
            let name = field.name + String(repeating: " ", count: width - DisplayWidth.of(field.name))
            let value = field.value
            return colour
                ? Style.bold.applied(to: name) + "  " + value.style.applied(to: value.text)
                : name + "  " + value.text
        }
    }
}
