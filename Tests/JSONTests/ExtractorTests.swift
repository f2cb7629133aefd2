// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// The values of some fields of one record, each as kind and text.
private func read(_ record: String, _ paths: String...) throws -> [[String]] {
    let extractor = RecordExtractor(try FieldSet(paths).compile())
    let bytes = Array(record.utf8)
    return try bytes.withUnsafeBytes { buffer in
        try extractor.extract(buffer)
        return paths.indices.map { slot in
            extractor.values(slot).map { "\($0.kind):\($0.string)" }
        }
    }
}

private func reason(_ bytes: [UInt8]) -> JSONError.Reason? {
    guard let fields = try? FieldSet(["a", "b.c"]).compile() else { return nil }
    let extractor = RecordExtractor(fields)
    return bytes.withUnsafeBytes { buffer in
        do throws(JSONError) {
            try extractor.extract(buffer)
            return nil
        } catch {
            return error.reason
        }
    }
}

@Suite("Reading fields of a record")
struct ExtractorTests {
    @Test("kinds and texts")
    func kinds() throws {
        let record = #"{"s":"x\u00e4\n","n":-1.50e3,"t":true,"f":false,"z":null,"o":{"k" : [1, "\u0041"]},"e":[]}"#
        let values = try read(record, "s", "n", "t", "f", "z", "o", "e", "gone", "o.k")
        #expect(values[0] == ["string:xä\n"])
        #expect(values[1] == ["number:-1.50e3"])
        #expect(values[2] == ["bool:true"])
        #expect(values[3] == ["bool:false"])
        #expect(values[4] == ["null:null"])
        #expect(values[5] == [#"object:{"k":[1,"A"]}"#])
        #expect(values[6] == [])
        #expect(values[7] == [])
        #expect(values[8] == ["number:1", "string:A"])
    }

    @Test("arrays fan out, in the middle and at the end of a path, nested too")
    func fanOut() throws {
        let record = #"{"a":{"b":[{"c":"y"},{"c":["z",["X"]]},{"d":1},[{"c":null}]]}}"#
        #expect(try read(record, "a.b.c") == [["string:y", "string:z", "string:X", "null:null"]])
    }

    @Test("a key that holds dots is found by the same path")
    func dottedKeys() throws {
        let record = #"{"a.b":"1","a":{"b":"2","b.c":"3"},"a.b.c":"4"}"#
        #expect(try read(record, "a.b", "a.b.c") == [["string:1", "string:2"], ["string:3", "string:4"]])
    }

    @Test("of a repeated key the last counts")
    func duplicates() throws {
        #expect(try read(#"{"a":1,"a":2}"#, "a") == [["number:2"]])
        #expect(try read(#"{"a":{"b":1},"a":{"c":2}}"#, "a.b", "a.c", "a") == [[], ["number:2"], [#"object:{"c":2}"#]])
        #expect(try read(#"{"l":[{"a":1},{"a":2,"a":[3,4]}]}"#, "l.a") == [["number:1", "number:3", "number:4"]])
    }

    @Test("keys are compared unescaped")
    func escapedKeys() throws {
        #expect(try read(#"{"\u0061":"x","b\/c":1}"#, "a", "b/c") == [["string:x"], ["number:1"]])
    }

    @Test("an extractor forgets the record before")
    func reuse() throws {
        let extractor = RecordExtractor(try FieldSet(["a", "b"]).compile())
        for (record, expected) in [(#"{"a":[1,2],"b":3}"#, [2, 1]), (#"{"b":[]}"#, [0, 0]), (#"{"a":4}"#, [1, 0])] {
            let bytes = Array(record.utf8)
            try bytes.withUnsafeBytes { buffer in
                try extractor.extract(buffer)
                #expect([0, 1].map { Array(extractor.values($0)).count } == expected)
            }
        }
        #expect(extractor.exists(1) == false)
    }

    @Test("the text of an object is compact and its strings have no escape that can be avoided")
    func objectText() throws {
        let record = #"{ "o" : { "a\/\u0062" : "q\"\\\n\u0001\u00e9" , "n" : [ 1.0 , true , null , { } ] } }"#
        #expect(try read(record, "o") == [[#"object:{"a/b":"q\"\\\n\u0001é","n":[1.0,true,null,{}]}"#]])
    }

    @Test("a lone surrogate reads as U+FFFD, a pair as its character")
    func surrogates() throws {
        #expect(try read(#"{"a":"\ud83d\ude00 \ud83d \ude00"}"#, "a") == [["string:😀 \u{FFFD} \u{FFFD}"]])
    }

    @Test("all values of a record, without keys and nulls")
    func allValues() throws {
        let extractor = RecordExtractor(try FieldSet(["x"]).compile())
        let bytes = Array(#"{"a":{"b":[1,"t\u0077o",null]},"c":true,"x":"y"}"#.utf8)
        bytes.withUnsafeBytes { buffer in
            try? extractor.extract(buffer)
            var seen: [String] = []
            #expect(
                !extractor.contains {
                    seen.append($0.string); return false
                })
            #expect(seen == ["1", "two", "true", "y"])
            #expect(extractor.contains { $0.kind == .bool })
        }
    }

    @Test(
        "what is not one JSON object is refused, with its reason",
        arguments: [
            ("", .empty), (" \n", .empty), ("hello", .notJSON), ("12", .notAnObject), ("[]", .notAnObject),
            (#"[{"a":1}]"#, .notAnObject), (#""a""#, .notAnObject), ("null", .notAnObject), ("nul", .truncated),
            (#"{"a":1"#, .truncated), (#"{"a":"#, .truncated), (#"{"a""#, .truncated), ("{", .truncated),
            (#"{"a":"x"#, .truncated), (#"{"x":{"y":1}"#, .truncated), (#"{"x":[1"#, .truncated),
            (#"{"a":1}}"#, .trailingData), (#"{"a":1} x"#, .trailingData), (#"{"a":1}{"a":2}"#, .trailingData),
            (#"{"a":1,}"#, .notJSON), (#"{"a" 1}"#, .notJSON), (#"{a:1}"#, .notJSON), (#"{"a":01}"#, .notJSON),
            (#"{"a":1.}"#, .notJSON), (#"{"a":+1}"#, .notJSON), (#"{"a":.5}"#, .notJSON), (#"{"a":tru}"#, .notJSON),
            (#"{"a":truex}"#, .notJSON), (#"{"q":[1,2}"#, .notJSON), (#"{"q":{"r":1]}"#, .notJSON),
            (#"{"q":[1 2]}"#, .notJSON), (#"{"q":"\x"}"#, .notJSON), (#"{"a":"\u12g4"}"#, .notJSON),
            (#"{"q":"x" "y"}"#, .notJSON), (#"{"q":"x"y}"#, .notJSON), (#"{"q":1"y"}"#, .notJSON),
            ("{\"q\":\"\n\"}", .notJSON), ("{\"q\":1\u{0}}", .notJSON), (#"{"q":nulll}"#, .notJSON),
            (#"{,"a":1}"#, .notJSON), (#"{"a":1,,"b":2}"#, .notJSON), (#"{"q":[,1]}"#, .notJSON), ("}", .notJSON),
            (#"{"q":-}"#, .notJSON), (#"{"q":1e}"#, .notJSON), (#"{"q":NaN}"#, .notJSON), (#"{"\q":1}"#, .notJSON),
        ] as [(String, JSONError.Reason)])
    func refused(record: String, expected: JSONError.Reason) {
        #expect(reason(Array(record.utf8)) == expected, "\(record)")
        #expect(reason(Array(" \(record)\n".utf8)) != nil)
    }

    @Test("invalid UTF-8 is refused, also in what nobody reads")
    func invalidUTF8() {
        for bad: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80]] {
            #expect(reason(Array(#"{"skipped":""#.utf8) + bad + Array(#""}"#.utf8)) == .invalidUTF8)
        }
    }

    @Test("nesting is refused from the limit on, whether it is read or skipped")
    func depth() {
        for (open, close) in [(#"{"a":"#, "}"), ("[", "]"), (#"{"b":[{"c":"#, "}]}")] {
            let levels = open.utf8.count(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") })
            func nested(_ count: Int) -> JSONError.Reason? {
                let text = String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
                return reason(Array(#"{"a":\#(text),"s":\#(text)}"#.utf8))
            }
            #expect(nested((JSONLimits.depth - 1) / levels) == nil)
            #expect(nested(JSONLimits.depth / levels + 1) == .tooDeep)
            #expect(nested(10_000) == .tooDeep)
        }
        #expect(reason(Array(String(repeating: "[", count: 100_000).utf8)) == .tooDeep)
        #expect(reason(Array(String(repeating: #"{"a":"#, count: 100_000).utf8)) == .tooDeep)
    }
}

@Suite("Fields that are read when somebody asks")
struct DeferredFieldTests {
    private static let paths = ["id", "a.b", "a.c.d", "x", "x.y", "l.k"]

    /// The texts of every field after `fill`, of an extractor that keeps the first field only, or reads everything.
    private func read(_ record: String, keeping: [Slot]?) throws -> [[String]] {
        let extractor = RecordExtractor(try FieldSet(Self.paths).compile(keeping: keeping))
        return try Array(record.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            extractor.fill()
            return Self.paths.indices.map { slot in extractor.values(slot).map { "\($0.kind) \($0.string)" } }
        }
    }

    @Test(
        "after filling, all is as if it had been read at once",
        arguments: [
            #"{"id":"1","a":{"b":"B","c":{"d":[1,2,{"q":3}]}},"x":{"y":"\u00e9\n"}}"#,
            #"{"a":null,"x":[],"id":"1","l":[{"k":"1"},{"k":"\\"}]}"#,
            #"{"x":{"y":1},"x":{"y":2},"id":"\\1","x":{"z":3}}"#,
            #"{"a":{"b":1},"id":"1","a":{"c":{"d":"\"q\""}}}"#,
            #"{"a.b":"dotted","id":"1","x.y":[true,false]}"#, #"{"id":"1"}"#, #"{"x":"text","id":["1","2"]}"#,
        ])
    func same(record: String) throws { #expect(try read(record, keeping: [0]) == read(record, keeping: nil)) }

    @Test("before filling, what is kept is there and the rest is not, and what is wrong is found all the same")
    func before() throws {
        let fields = try FieldSet(Self.paths).compile(keeping: [0])
        #expect((0..<6).map(fields.isDeferred) == [false, true, true, true, true, true])
        let extractor = RecordExtractor(fields)
        try Array(#"{"x":{"y":"1"},"id":"7"}"#.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            #expect(extractor.first(0).string == "7")
            #expect(!extractor.exists(4))
            extractor.fill()
            #expect(extractor.first(4).string == "1")
        }
        for broken in [#"{"x":{"y":"\q"},"id":"7"}"#, #"{"x":{"y":01},"id":"7"}"#, #"{"x":{"y":1,},"id":"7"}"#] {
            #expect(throws: JSONError.self) {
                try Array(broken.utf8).withUnsafeBytes { try extractor.extract($0) }
            }
        }
    }

    @Test("the records of a document are put off one by one")
    func documents() throws {
        let extractor = RecordExtractor(try FieldSet(Self.paths).compile(keeping: [0]))
        let text =
            #"{"Records":[{"id":"1","x":{"y":"a"}},{"id":"2"},{"x":{"y":"\u0062"},"id":"3"},"#
            + #"{"x":{"y":"c"},"id":"4"},{"x":{"y":"\\"},"id":"5\n"}]}"#
        try Array(text.utf8).withUnsafeBytes { bytes in
            try extractor.open(bytes)
            var found: [String] = []
            var count = 0
            while case .record = try extractor.next() {
                count += 1
                if count != 1 { extractor.fill() }
                found.append(extractor.first(0).string + extractor.values(4).map(\.string).joined())
            }
            #expect(found == ["1", "2", "3b", "4c", "5\n\\"])
        }
    }
}
