// SPDX-License-Identifier: Apache-2.0

import Testing
import TrailhoundCLI

/// Runs a scanner over `document` handed to it in pieces of `piece` bytes, as a file is read.
func scan(_ document: String, as layout: InputLayout, piece: Int) -> [String] {
    scan(Array(document.utf8), as: layout, piece: piece)
}

func scan(_ document: [UInt8], as layout: InputLayout, piece: Int) -> [String] {
    var rest = document[...]
    var buffer: [UInt8] = []
    var scanner = RecordScanner(layout)
    var found: [String] = []
    while true {
        let atEnd = rest.isEmpty
        switch buffer.withUnsafeBytes({ scanner.next($0, atEnd: atEnd) }) {
        case .record(let range): found.append(text(Array(buffer[range])))
        case .oversized: found.append("OVERSIZED")
        case .needsMore(let keepFrom):
            buffer.removeFirst(min(keepFrom, buffer.count))
            scanner.drop(keepFrom)
            buffer.append(contentsOf: rest.prefix(piece))
            rest = rest.dropFirst(piece)
        case .end: return found
        }
    }
}

func layout(_ document: String, name: String = "x.json") -> InputLayout {
    var document = document
    return document.withUTF8 { InputLayout(beginning: UnsafeRawBufferPointer($0), name: name) }
}

@Suite struct InputLayoutTests {
    @Test func aFileIsWhatItBeginsWith() {
        #expect(layout(#"{"Records":[{}]}"#) == .logFile(recordsAt: 12))
        #expect(layout(" \n{ \"Records\" : [ {} ] }") == .logFile(recordsAt: 17))
        #expect(layout(#"{"a":{"Records":[1]},"b":[{"x":"]"}],"c":"\"}","Records":[{}]}"#) == .logFile(recordsAt: 58))
        #expect(layout("\u{FEFF}{\"Records\":[]}") == .logFile(recordsAt: 15))
        #expect(layout(#"{"eventID":"1"}"#) == .values)
        #expect(layout(#"{"a":{"Records":[1]}}"#) == .values)
        #expect(layout(#"{"Records":{}}"#) == .values)
        #expect(layout(#"[{"eventID":"1"}]"#) == .array)
        #expect(layout("{}\n{}", name: "x.jsonl") == .lines)
        #expect(layout("garbage\n{}", name: "x.ndjson.gz") == .lines)
        #expect(layout("garbage") == .unknown)
        #expect(layout("") == .unknown)
        #expect(layout("{\"Records") == .values)
        #expect(layout("{\"a\\") == .values)
    }
}

@Suite struct RecordScannerTests {
    static let pieces = [1, 2, 3, 7, 64, 4096]

    @Test(arguments: pieces)
    func linesAreRecords(piece: Int) {
        let document = "{\"a\":1}\r\n\n  {\"b\":\"}\"} \nnot json\n[1]\n{\"last\":true}"
        let expected = [#"{"a":1}"#, #"{"b":"}"}"#, "not json", "[1]", #"{"last":true}"#]
        #expect(scan(document, as: .lines, piece: piece) == expected)
    }

    @Test(arguments: pieces)
    func valuesMaySpanLines(piece: Int) {
        let document = "{\n \"a\": [1, {\"b\": \"\\\"}\\\\\"}]\n}\n{\"c\":2}{\"d\":3}\noops {\n{\"e\":4}"
        let expected = ["{\n \"a\": [1, {\"b\": \"\\\"}\\\\\"}]\n}", #"{"c":2}"#, #"{"d":3}"#, "oops {", #"{"e":4}"#]
        #expect(scan(document, as: .values, piece: piece) == expected)
    }

    @Test(arguments: pieces)
    func anArraysElementsAreRecords(piece: Int) {
        let document = "\u{FEFF} [ {\"a\":[1,2]} ,\n {\"b\":\"[,]\"}, {} ] trailing"
        #expect(scan(document, as: .array, piece: piece) == [#"{"a":[1,2]}"#, #"{"b":"[,]"}"#, "{}"])
    }

    @Test(arguments: pieces)
    func aLogFilesRecordsAreFound(piece: Int) {
        let document = #"{"v":1,"Records":[{"a":1},{"b":{"c":[]}}],"after":[{"no":1}]}"#
        let layout = layout(document)
        #expect(scan(document, as: layout, piece: piece) == [#"{"a":1}"#, #"{"b":{"c":[]}}"#])
    }

    @Test(arguments: pieces)
    func aCutOffRecordIsHandedOnForTheServiceToRefuse(piece: Int) {
        #expect(scan(#"[{"a":1},{"b":"x"#, as: .array, piece: piece) == [#"{"a":1}"#, #"{"b":"x"#])
        #expect(scan("{\"a\":\"\\", as: .values, piece: piece) == ["{\"a\":\"\\"])
    }

    @Test(arguments: pieces)
    func nothingComesOutOfNothing(piece: Int) {
        for layout in [InputLayout.lines, .values, .array] {
            #expect(scan(" \n\r\n\t", as: layout, piece: piece) == [])
        }
        #expect(scan("[]", as: .array, piece: piece) == [])
    }

    @Test func arraysThatCloseTooOftenEnd() {
        #expect(scan("[{}]]]{}", as: .array, piece: 3) == ["{}"])
        #expect(scan("}{\"a\":1}\n{}", as: .values, piece: 3) == ["}{\"a\":1}", "{}"])
    }

    @Test(arguments: [4096, 300_000])
    func anOversizedRecordIsPassedOver(piece: Int) {
        let huge = "{\"x\":\"" + String(repeating: "y", count: Limits.record) + "\"}"
        #expect(scan("{\"a\":1}\n\(huge)\n{\"b\":2}", as: .lines, piece: piece) == [#"{"a":1}"#, "OVERSIZED", #"{"b":2}"#])
        #expect(scan("[{\"a\":1},\(huge),{\"b\":2}]", as: .array, piece: piece) == [#"{"a":1}"#, "OVERSIZED", #"{"b":2}"#])
    }

    /// Random bytes of JSON's own alphabet: every cut gives the same records, and nothing traps.
    @Test(arguments: 1...40)
    func cutsDoNotMatter(seed: UInt64) {
        var random = SplitMix(state: seed)
        let alphabet = Array("{}[]\",:\\ \nab1".utf8)
        let document = (0..<300).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
        for layout in [InputLayout.lines, .values, .array, .logFile(recordsAt: 5)] {
            let whole = scan(document, as: layout, piece: 4096)
            for piece in [1, 5, 17] { #expect(scan(document, as: layout, piece: piece) == whole) }
        }
    }
}
