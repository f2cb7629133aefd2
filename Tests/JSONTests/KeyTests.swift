// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// How keys are told apart: by their length and both ends first.
@Suite("Keys") struct KeyTests {
    /// Keys of every length, and ones that differ from them in one byte.
    private static let keys = (1...40).flatMap { length -> [String] in
        let key = String("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz".prefix(length))
        var middle = Array(key)
        middle[length / 2] = "_"
        return [key, String(middle), "_" + key.dropFirst(), key.dropLast() + "_"]
    }

    @Test("a key is found by all of its bytes, wherever the document ends", arguments: [0, 1, 40])
    func each(padding: Int) throws {
        let distinct = Array(Set(Self.keys)).sorted()
        // Every other one is asked for.
        let asked = distinct.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        let fields = try FieldSet(asked)
        let extractor = RecordExtractor(fields.compile())
        for key in distinct {
            let text = "{\"\(key)\":1}" + String(repeating: " ", count: padding)
            let found = try Array(text.utf8).withUnsafeBytes { bytes in
                try extractor.extract(bytes)
                return asked.indices.filter { extractor.exists($0) }.map { asked[$0] }
            }
            #expect(found == (asked.contains(key) ? [key] : []))
        }
        let all = "{" + distinct.map { "\"\($0)\":\"\($0)\"" }.joined(separator: ",") + "}"
        try Array(all.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            for (slot, key) in asked.enumerated() { #expect(extractor.first(slot).string == key) }
        }
    }

    @Test("a key with a dot finds what its path leads to, wherever the dot is")
    func dotted() throws {
        for length in [1, 7, 8, 15, 16, 17, 30] {
            let key = String(repeating: "k", count: length)
            for path in ["\(key).x", "x.\(key)", "\(key).\(key).y"] {
                let extractor = RecordExtractor(try FieldSet([path]).compile())
                let found = try Array("{\"\(path)\":\"v\",\"other\":1}".utf8).withUnsafeBytes { bytes in
                    try extractor.extract(bytes)
                    return extractor.first(0).string
                }
                #expect(found == "v")
            }
        }
    }

    @Test("of what was put off only what is wanted is read")
    func wanted() throws {
        let fields = try FieldSet(["id", "a.b", "c.d"]).compile(keeping: [0])
        #expect(fields.deferral(0) == 0 && fields.deferral(1) & fields.deferral(2) == 0)
        let extractor = RecordExtractor(fields)
        try Array(#"{"a":{"b":"1"},"c":{"d":"2"},"id":"3","a":{"b":"4"}}"#.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            extractor.fill(fields.deferral(2))
            #expect(!extractor.exists(1) && extractor.first(2).string == "2")
            extractor.fill()
            #expect(extractor.values(1).map(\.string) == ["4"] && extractor.first(2).string == "2")
        }
        // More members than there are bits: some share the last one.
        let many = (0..<100).map { "m\($0).x" }
        let crowd = RecordExtractor(try FieldSet(["id"] + many).compile(keeping: [0]))
        let text = "{" + (0..<100).map { "\"m\($0)\":{\"x\":\($0)}" }.joined(separator: ",") + "}"
        try Array(text.utf8).withUnsafeBytes { bytes in
            try crowd.extract(bytes)
            for slot in 1...100 {
                crowd.fill(crowd.fields.deferral(slot))
                #expect(crowd.first(slot).string == "\(slot - 1)")
            }
        }
    }

    @Test("what is cut off is told from what is wrong, with escapes in it too")
    func cutOff() throws {
        let extractor = RecordExtractor(try FieldSet(["a", "b"]).compile())
        let text = Array(#"{"a":"\n\u00e9\\","b":["\"",1,{"c":"\/"}]}"#.utf8)
        for length in 1..<text.count {
            let error = #expect(throws: JSONError.self) {
                try Array(text[..<length]).withUnsafeBytes { try extractor.extract($0) }
            }
            #expect(error?.reason == .truncated, "\(length) bytes")
        }
    }

    @Test("escapes are found in long documents, near and far")
    func escapes() throws {
        let extractor = RecordExtractor(try FieldSet(["s"]).compile())
        for gap in [0, 10, 2_040, 2_050, 5_000] {
            let filler = String(repeating: "x", count: gap)
            let text = #"{"f":"\#(filler)","s":"a\nb","g":"\#(filler)","h":"\"","s":"c\u0064","i":"\#(filler)"}"#
            try Array(text.utf8).withUnsafeBytes { bytes in
                try extractor.extract(bytes)
                #expect(extractor.first(0).string == "cd")
            }
            let broken = #"{"f":"\#(filler)","g":["\#(filler)",{"h":"\#(filler)\x"}]}"#
            #expect(throws: JSONError.self) {
                try Array(broken.utf8).withUnsafeBytes { try extractor.extract($0) }
            }
        }
    }
}
