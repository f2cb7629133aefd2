// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// What a document's records are: their texts, with a `!` before an element that is no object, and at last an error.
private func split(_ document: String, form: RecordExtractor.DocumentForm = .recordsObject) -> [String] {
    split(bytes: Array(document.utf8), form: form)
}

private func split(bytes: [UInt8], form: RecordExtractor.DocumentForm = .recordsObject) -> [String] {
    var pieces: [String] = []
    return bytes.withUnsafeBytes { buffer in
        do throws(JSONError) {
            try RecordSplitter().split(buffer, form: form) { place, isObject in
                pieces.append((isObject ? "" : "!") + String(decoding: buffer[place], as: UTF8.self))
            }
        } catch {
            pieces.append("error \(error.reason.rawValue)")
        }
        return pieces
    }
}

@Suite("Splitting documents into records")
struct DocumentTests {
    @Test("records keep their bytes, whatever stands around them")
    func places() {
        let plain = #"{"Records":[{"a":1},{ "b" : [ {} ] }]}"#
        #expect(split(plain) == [#"{"a":1}"#, #"{ "b" : [ {} ] }"#])
        let spaced = " {\n \"x\" : { \"Records\" : [ 1 ] } ,\t\"Records\" : [ { \"a\" : 1 } , {} ] , \"y\":[[]]}\r\n"
        #expect(split(spaced) == [#"{ "a" : 1 }"#, "{}"])
        #expect(split(#"{"Records":[]}"#) == [])
        #expect(split(#"{"Records":[{}],"Records":[{"a":2}]}"#) == ["{}", #"{"a":2}"#])
    }

    @Test("an element that is no object is told apart and does not end the document")
    func otherElements() {
        let document = #"{"Records":[1 ,{"a":1}, "x" ,null,[{"b":2}] ,true,{"c":3}]}"#
        #expect(split(document) == ["!1", #"{"a":1}"#, #"!"x""#, "!null", #"![{"b":2}]"#, "!true", #"{"c":3}"#])
    }

    @Test("a bare array is a document where that is allowed")
    func bareArray() {
        #expect(split(#"[{"a":1}, {}]"#, form: .recordsObjectOrArray) == [#"{"a":1}"#, "{}"])
        #expect(split("[]", form: .recordsObjectOrArray) == [])
        #expect(split(#"[{"a":1}]"#) == ["error no_records"])
        #expect(split("[{}] 1]", form: .recordsObjectOrArray) == ["{}", "error trailing_data"])
        #expect(split("[{}}", form: .recordsObjectOrArray) == ["{}", "error not_json"])
    }

    @Test(
        "a broken document has one error, behind the records that came before it",
        arguments: [
            ("", ["error empty"]), ("gzip", ["error not_json"]), ("{}", ["error no_records"]),
            (#"{"Records":{}}"#, ["error no_records"]), (#"{"Records":1}"#, ["error no_records"]),
            (#"{"records":[]}"#, ["error no_records"]), ("3", ["error no_records"]),
            (#"{"Records":[{"a":1}]"#, [#"{"a":1}"#, "error truncated"]),
            (#"{"Records":[{"a":1}"#, [#"{"a":1}"#, "error truncated"]),
            (#"{"Records":[{"a":1},{"b":1}}"#, [#"{"a":1}"#, #"{"b":1}"#, "error not_json"]),
            (#"{"Records":[{"a":1},]}"#, [#"{"a":1}"#, "error not_json"]),
            (#"{"Records":[{"a":1} {"b":1}]}"#, [#"{"a":1}"#, "error not_json"]),
            (#"{"Records":[{"a":1},{"b":tru}]}"#, [#"{"a":1}"#, "error not_json"]),
            (#"{"Records":[{"a":1}]} {}"#, [#"{"a":1}"#, "error trailing_data"]),
            (#"{"Records":[{"a":1}],}"#, [#"{"a":1}"#, "error not_json"]),
            (#"{"Records":[{"a":1}],"z":[1 2]}"#, [#"{"a":1}"#, "error not_json"]),
            (#"{"Records":[{"a":1}]}}"#, [#"{"a":1}"#, "error trailing_data"]),
        ])
    func broken(document: String, expected: [String]) {
        #expect(split(document) == expected)
    }

    @Test("slots are filled with each record of a document")
    func slots() throws {
        let extractor = RecordExtractor(try FieldSet(["id", "o"]).compile())
        let bytes = Array(#"{"Records":[{"id":"a","o":{"x": 1}},{"x":1},{"id":"b\n"}]}"#.utf8)
        var seen: [String] = []
        try bytes.withUnsafeBytes { buffer in
            try extractor.open(buffer)
            while case .record = try extractor.next() {
                seen.append("\(extractor.first(0).string)|\(extractor.first(1).string)")
            }
        }
        #expect(seen == [#"a|{"x":1}"#, "|", "b\n|"])
    }

    @Test("cutting a document anywhere is an error, never a crash, and never a wrong record")
    func cuts() {
        let document = #"{"v":[1,{"t":null}],"Records":[{"a":"x\"y\u00e4","b":[1.5e3,{}]},{"c":true}],"w":"z"}"#
        let whole = split(document)
        for length in 0..<document.utf8.count {
            let pieces = split(String(decoding: document.utf8.prefix(length), as: UTF8.self))
            #expect(pieces.last?.hasPrefix("error ") == true, "cut at \(length)")
            #expect(pieces.dropLast().elementsEqual(whole.prefix(pieces.count - 1)), "cut at \(length)")
        }
    }

    @Test("changing a byte anywhere never crashes, and both readers agree on what is JSON")
    func mutations() {
        let document = Array(#"{"Records":[{"a":"x\"y\u00e4ß","b":[-1.5e3,{},[]]},{"c":true,"d":null}],"w":"z"}"#.utf8)
        for place in document.indices {
            for byte: UInt8 in [0, 0x20, 0x22, 0x2C, 0x30, 0x5B, 0x5C, 0x5D, 0x65, 0x74, 0x7B, 0x7D, 0x80, 0xC3, 0xFF] {
                var changed = document
                changed[place] = byte
                let pieces = split(bytes: changed)
                let plain = try? JSONValue(parsing: changed)
                if plain == nil { #expect(pieces.last?.hasPrefix("error ") == true, "\(place) \(byte)") }
                if plain?["Records"]?.array != nil {
                    #expect(pieces.last?.hasPrefix("error ") != true, "\(place) \(byte)")
                }
            }
        }
    }
}
