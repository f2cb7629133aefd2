// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite("Whole JSON values")
struct ValueTests {
    @Test("what is read is written back, compact")
    func roundTrip() throws {
        let text = #" {"b" : [1, -2.50e+3, true, null, {}], "a" : "q\"\\\u0001\n\u00e4\ud83d\ude00\/"} "#
        let value = try JSONValue(parsing: text)
        #expect(value.text == #"{"b":[1,-2.50e+3,true,null,{}],"a":"q\"\\\u0001\nä😀/"}"#)
        #expect(try JSONValue(parsing: value.text) == value)
        #expect(value["b"]?[0]?.integer == 1)
        #expect(value["b"]?[1]?.double == -2500)
        #expect(value["b"]?[9] == nil)
        #expect(value["a"]?["x"] == nil)
    }

    @Test("of a repeated key the last counts; nil takes a member away")
    func members() throws {
        var object = try #require(try JSONValue(parsing: #"{"a":1,"b":2,"a":3}"#).object)
        #expect(object.members.map(\.key) == ["a", "b"])
        #expect(object["a"] == .number("3"))
        object["a"] = nil
        object["c"] = .null
        #expect(JSONValue.object(object).text == #"{"b":2,"c":null}"#)
    }

    @Test(
        "errors are named",
        arguments: [
            ("", .empty), ("[1", .truncated), ("[1}", .notJSON), ("1 2", .trailingData), ("\"\n\"", .notJSON),
            ("01", .trailingData), ("-", .truncated), (#""\x""#, .notJSON), (#""\u12zz""#, .notJSON), ("tru", .notJSON),
            (String(repeating: "[", count: 10_000), .tooDeep), (#"{"a":1,}"#, .notJSON), (#"{"a"}"#, .notJSON),
        ] as [(String, JSONError.Reason)])
    func errors(text: String, expected: JSONError.Reason) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.reason == expected)
    }

    @Test("a writer places commas and escapes")
    func writer() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a\"")
        writer.beginArray()
        writer.integer(-1)
        writer.double(1.5)
        writer.double(.nan)
        writer.bool(true)
        writer.null()
        writer.endArray()
        writer.key("b")
        writer.string("\u{1F}\t")
        writer.endObject()
        #expect(writer.text == #"{"a\"":[-1,1.5,null,true,null],"b":"\u001f\t"}"#)
    }
}
