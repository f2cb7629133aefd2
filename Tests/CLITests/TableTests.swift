// SPDX-License-Identifier: Apache-2.0

import Testing
import TrailhoundCLI

@Suite struct TableTests {
    private func sample() -> Table {
        var table = Table([
            Column("NAME", shrinksTo: 6), Column("COUNT", alignment: .right), Column("NOTE", shrinksTo: 8),
        ])
        table.add(["production", "7", "the main account of the company"])
        table.add(["dev", "12,345", ""])
        return table
    }

    @Test func columnsAreAsWideAsTheirContent() {
        #expect(
            sample().lines(width: nil, colour: false) == [
                "NAME         COUNT  NOTE",
                "production       7  the main account of the company",
                "dev         12,345",
            ])
    }

    @Test func aNarrowTerminalCutsTheWidestFirst() {
        let lines = sample().lines(width: 40, colour: false)
        #expect(
            lines == [
                "NAME         COUNT  NOTE",
                "production       7  the main account of…",
                "dev         12,345",
            ])
    }

    @Test(arguments: 24...90)
    func aTableFitsItsTerminal(width: Int) {
        for line in sample().lines(width: width, colour: false) { #expect(DisplayWidth.of(line) <= width) }
    }

    @Test func columnsThatMayNotShrinkStayWhole() {
        let lines = sample().lines(width: 5, colour: false)
        #expect(lines[2] == "dev     12,345")
        #expect(lines[1].hasPrefix("produ…"))
    }

    @Test func whereShrinkingIsNotEnoughColumnsAreLeftOut() {
        let columns = [
            Column("A"), Column("B", dropped: 2), Column("C", shrinksTo: 3, dropped: 1), Column("D", shrinksTo: 4),
        ]
        func layout(_ width: Int?) -> [Int?] { TableLayout(columns, natural: [5, 5, 9, 9], width: width).widths }
        #expect(layout(nil) == [5, 5, 9, 9])
        #expect(layout(34) == [5, 5, 9, 9])
        #expect(layout(30) == [5, 5, 7, 7])
        #expect(layout(23) == [5, 5, 3, 4])
        #expect(layout(22) == [5, 5, nil, 8])
        #expect(layout(17) == [5, nil, nil, 9])
        #expect(layout(1) == [5, nil, nil, 4])
    }

    @Test func theLastColumnGoesOnBelowItself() {
        var table = Table([Column("ID"), Column("TITLE", shrinksTo: 8, wraps: true)])
        table.add(["1", Cell("Two services that watch\nthe account", style: .red)])
        table.add(["2", "unbreakableword"])
        #expect(
            table.lines(width: 20, colour: false) == [
                "ID  TITLE", "1   Two services", "    that watch\\nthe", "    account", "2   unbreakableword",
            ])
        // A word that is wider than the column is cut.
        #expect(table.lines(width: 14, colour: false).suffix(2) == ["2   unbreakabl", "    eword"])
        #expect(table.lines(width: 20, colour: true)[2] == "    \u{1B}[31mthat watch\\nthe\u{1B}[0m")
        #expect(table.lines(width: nil, colour: false).count == 3)
    }

    @Test func linesOfProseAreCutBetweenWords() {
        let text = "  mode: off → auto, and more of it"
        #expect(DisplayWidth.wrappedWithIndentation(text, to: nil) == [text])
        #expect(DisplayWidth.wrappedWithIndentation(text, to: 22) == ["  mode: off → auto,", "  and more of it"])
        // Columns within a line stay where they are.
        #expect(DisplayWidth.wrapped("07:46:31  done: all of it", to: 20) == ["07:46:31  done: all", "of it"])
    }

    @Test func wideCharactersAlign() {
        var table = Table([Column("A"), Column("B")])
        table.add(["日本", "x"])
        table.add(["e\u{301}", "y"])
        #expect(table.lines(width: nil, colour: false) == ["A     B", "日本  x", "e\u{301}     y"])
        #expect(DisplayWidth.truncated("日本語", to: 4) == "日…")
    }

    @Test func colourChangesNoWidth() {
        var table = Table([Column("S"), Column("T")])
        table.add([Cell("high", style: .red), "x"])
        let lines = table.lines(width: nil, colour: true)
        #expect(lines[1] == "\u{1B}[31mhigh\u{1B}[0m  x")
    }

    @Test func outsideTextCanNotLeaveItsCell() {
        var table = Table([Column("AGENT"), Column("N")])
        table.add(["evil\n\u{1B}[1Afake row", "1"])
        let lines = table.lines(width: nil, colour: false)
        #expect(lines.count == 2)
        #expect(lines[1] == "evil\\n\\x1b[1Afake row  1")
    }

    @Test func rowsOfTheWrongLengthDoNoHarm() {
        var table = Table([Column("A"), Column("B")])
        table.add(["1"])
        table.add(["1", "2", "3"])
        #expect(table.lines(width: nil, colour: false) == ["A  B", "1", "1  2"])
    }

    @Test func fieldsAlignAndEmptyOnesAreLeftOut() {
        var fields = FieldList()
        fields.add("id", "42")
        fields.add("owner", "")
        fields.add("account", "a\u{1B}b")
        #expect(fields.lines(width: nil, colour: false) == ["id       42", "account  a\\x1bb"])
    }

    @Test func longValuesWrapBetweenWords() {
        var fields = FieldList()
        fields.add("what", "one two three four five six seven")
        fields.add("id", "0123456789-0123456789-0123456789")
        #expect(
            fields.lines(width: 28, colour: false) == [
                "what  one two three four", "      five six seven", "id    0123456789-0123456789-0123456789",
            ])
    }
}

@Suite struct TerminalTests {
    @Test func aPipeIsNeitherColouredNorCut() {
        let terminal = Terminal(isTerminal: false, columns: nil) { ["COLUMNS": "40"][$0] }
        #expect(terminal == Terminal(isInteractive: false, width: nil, colour: false))
    }

    @Test(arguments: [
        ("NO_COLOR", "1", false), ("TERM", "dumb", false), ("TERM", "xterm", true), ("NO_COLOR", "", true),
    ])
    func colourIsOnATerminalOnly(variable: String, value: String, colour: Bool) {
        let terminal = Terminal(isTerminal: true, columns: 100) { $0 == variable ? value : nil }
        #expect(terminal.colour == colour)
        #expect(terminal.width == 100)
    }

    @Test func theWidthHasFallbacks() {
        #expect(Terminal(isTerminal: true, columns: nil) { $0 == "COLUMNS" ? "132" : nil }.width == 132)
        #expect(Terminal(isTerminal: true, columns: 3) { _ in nil }.width == 80)
    }
}
