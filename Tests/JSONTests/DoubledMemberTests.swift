// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// A member that stands twice is noted at every depth that somebody reads, whatever its values are, and however the record
/// was read.
@Suite("Members that stand twice") struct DoubledMemberTests {
    private static let paths = ["name", "who.name", "who.in.name", "call.x", "call.list.y", "later.z", "later.deep.z"]

    /// The doubled member of each record, read one after the other by one extractor.
    private func doubled(_ records: [String], isDocument: Bool) throws -> [String?] {
        // `later` is read only when somebody asks.
        let extractor = RecordExtractor(try FieldSet(Self.paths).compile(keeping: [0, 1, 3], remembering: "who"))
        func found() -> String? {
            extractor.fill()
            #expect(extractor.hasDoubledMember == (extractor.doubledMember != nil))
            return extractor.doubledMember
        }
        guard isDocument else {
            return try records.map { record in
                try Array(record.utf8).withUnsafeBytes { bytes in
                    try extractor.extract(bytes)
                    return found()
                }
            }
        }
        return try Array("{\"Records\":[\(records.joined(separator: ","))]}".utf8).withUnsafeBytes { bytes in
            try extractor.open(bytes)
            return try records.map { _ in
                guard case .record = try extractor.next() else { throw JSONError(.noRecords) }
                return found()
            }
        }
    }

    private static let who =
        #""who":{"name":"somebody with a name of some length, to be remembered","in":{"name":"x"}}"#
    private static let twice = #""who":{"name":"somebody","name":"with a name of some length, to be remembered"}"#

    private static let cases: [(record: String, path: String?)] = [
        (#"{"name":"a","other":"b"}"#, nil),
        (#"{"name":"a","name":"b"}"#, "name"),
        (#"{"name":"a","name":"a"}"#, "name"),
        (#"{"name":null,"name":"a"}"#, "name"),
        (#"{"name":"a","name":null}"#, "name"),
        (#"{"name":[],"name":"a"}"#, "name"),
        (#"{"name":{},"name":"a"}"#, "name"),
        (#"{"name":"a","n\u0061me":"b"}"#, "name"),
        (#"{"n\u0061me":"a","name":"b"}"#, "name"),
        (#"{"name" : "a", "x":{"name":1,"name":2}}"#, nil),
        (#"{"other":1,"other":2,"x":{"a":1,"a":1}}"#, nil),
        (#"{"who":{"name":"a","name":"b"}}"#, "who.name"),
        (#"{"who":{"in":{"name":"a","name":"b"}}}"#, "who.in.name"),
        (#"{"who":{"in":{"name":"a"},"in":{}}}"#, "who.in"),
        (#"{"who":{"in":{},"in":{"name":"a"}}}"#, "who.in"),
        (#"{"who":{"other":"a","other":"b"}}"#, nil),
        (#"{"call":{"x":1},"call":{}}"#, "call"),
        (#"{"call":{},"call":{"x":1}}"#, "call"),
        (#"{"call":{"list":[{"y":1},{"y":1}]}}"#, nil),
        (#"{"call":{"list":[{"y":1},{"y":1,"y":2}]}}"#, "call.list.y"),
        (#"{"later":{"z":1},"later":{"z":2}}"#, "later"),
        (#"{"later":{"z":1,"z":2}}"#, "later.z"),
        (#"{"later":{"deep":[{"z":1,"\u007a":2}]}}"#, "later.deep.z"),
        ("{\(who)}", nil), ("{\(who)}", nil), ("{\(who),\(who)}", "who"), ("{\(who)}", nil),
        ("{\(twice)}", "who.name"), ("{\(twice)}", "who.name"), ("{\(twice)}", "who.name"), ("{\(who)}", nil),
        (#"{"name":"a","name":"b",\#(who)}"#, "name"), ("{\(who)}", nil),
    ]

    @Test(arguments: [false, true]) func atEveryDepth(isDocument: Bool) throws {
        // Each by itself, all in turn, and all in turn again: nothing stays of a record for the next one.
        for (record, path) in Self.cases {
            #expect(try doubled([record], isDocument: isDocument) == [path], "\(record)")
        }
        let all = Self.cases + Self.cases.reversed() + Self.cases
        let found = try doubled(all.map(\.record), isDocument: isDocument)
        for (path, (record, expected)) in zip(found, all) { #expect(path == expected, "\(record)") }
    }

    @Test func anEmptyTextCanBeTakenForNone() throws {
        let extractor = RecordExtractor(try FieldSet(["name", "other"]).compile())
        for (value, isAbsent) in [("\"\"", true), ("\"a\"", false), ("null", false), ("[\"\",\"\"]", false)] {
            try Array("{\"name\":\(value),\"other\":\"\"}".utf8).withUnsafeBytes { bytes in
                try extractor.extract(bytes)
                extractor.clearEmpty(0)
                #expect(extractor.exists(0) != isAbsent, "\(value)")
                #expect(extractor.exists(1))
            }
        }
    }
}
