// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// An extractor remembers keys and objects of records before: it reads every record as one does that remembers nothing.
@Suite("What is remembered of records before") struct MemoryTests {
    private static let paths = [
        "id", "who", "who.name", "who.in.name", "who.in.list", "call", "call.x", "a.very.long.path.to.a.value",
        "key-of-more-than-sixteen-bytes", "key-of-even-more-than-thirty-two-bytes-in-all",
    ]

    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        }
    }

    private static let objects = [
        #"{"name":"Alice of the first account, who has a name of some length","in":{"name":"x","list":[]}}"#,
        #"{"name":"Alice of the first account, who has a name of some other length","in":{"name":"x"}}"#,
        #"{"name":"Bob","in":{"name":"inner name that makes the object long enough","list":[1,2,3]}, "z" : null}"#,
        #"{"name":"Carol \"the\" \u0041dmin with escapes in her name and more","in":{"name":"c"}}"#,
        #"{"name":"Dave comes twice in one object, once here","name":"Dave and once again there","in":7}"#,
        #"{ "name" : "Eve with white space, as some writers of JSON have it" , "in" : { "name" : true } }"#,
        #"{"in.name":"Frank with a dotted key, which leads to the same field as others","name":"F"}"#,
        "{}", #"{"name":"G"}"#, #"{"other":"nobody asks for what this object has, however long it is, and it is"}"#,
    ]

    private static func member(_ random: inout Random) -> String {
        let object = objects.randomElement(using: &random) ?? ""
        let choices = [
            "\"who\":\(object)", "\"who\":\(object)", "\"who\":\(object)", "\"w\\u0068o\":\(object)",
            "\"who\":[\(object),\(object)]", #""who":"text""#, #""who.name":"dotted""#, #""who.in.name":["dotted"]"#,
            #""id":"\#(Int.random(in: 0..<9, using: &random))""#, #""id":["1","2"]"#, #""i\u0064":"escaped""#,
            #""id" : 7"#, #""id":{"of":"another kind"}"#, #""call":{"x":"1"}"#, #""call":"\n""#,
            #""key-of-more-than-sixteen-bytes":"v""#, #""key-of-more-than-sixteen-bytez":"w""#,
            #""key-of-even-more-than-thirty-two-bytes-in-all":[{}]"#, #""a.very.long.path.to.a.value":"dots""#,
            #""":"empty""#, #""unknown":{"deep":[{}]}"#,
            #""k\#(Int.random(in: 0..<200, using: &random))":null"#,
        ]
        return choices.randomElement(using: &random) ?? ""
    }

    /// Every field's values.
    private func values(_ extractor: RecordExtractor) -> [[String]] {
        extractor.fill()
        return Self.paths.indices.map { slot in extractor.values(slot).map { "\($0.kind) \($0.string)" } }
    }

    /// Every string of some fields, sorted.
    private func strings(_ extractor: RecordExtractor, _ slots: Range<Slot>, besideRemembered: Bool) -> [String] {
        var found: [String] = []
        extractor.forEachString(of: slots, besideRemembered: besideRemembered) {
            found.append("string " + String(decoding: $0, as: UTF8.self))
        }
        return found.sorted()
    }

    private static func strings(_ values: some Sequence<[String]>) -> [String] {
        values.flatMap { $0 }.filter { $0.hasPrefix("string ") }.sorted()
    }

    /// A record read by an extractor of its own, which remembers nothing.
    private func alone(_ record: String) throws -> [[String]] {
        let extractor = RecordExtractor(try FieldSet(Self.paths).compile())
        return try Array(record.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            return values(extractor)
        }
    }

    @Test("records of all kinds are read as by an extractor that remembers nothing", arguments: [nil, [0, 1]])
    func same(keeping: [Slot]?) throws {
        var random = Random(state: 7)
        let records = (0..<2_000).map { _ in
            let members = (0..<Int.random(in: 0...7, using: &random)).map { _ in Self.member(&random) }
            return "{" + members.joined(separator: ",") + "}"
        }
        let extractor = RecordExtractor(try FieldSet(Self.paths).compile(keeping: keeping, remembering: "who"))
        var known: [UInt64: [[String]]] = [:]
        var found = 0
        try Array("{\"Records\":[\(records.joined(separator: ","))]}".utf8).withUnsafeBytes { bytes in
            try extractor.open(bytes)
            for record in records {
                guard case .record = try extractor.next() else { throw JSONError(.noRecords) }
                let expected = try alone(record)
                #expect(values(extractor) == expected, "\(record)")
                #expect(strings(extractor, Self.paths.indices, besideRemembered: false) == Self.strings(expected))
                let others = [expected[0]] + expected[5...]
                #expect(
                    strings(extractor, 0..<1, besideRemembered: true)
                        + strings(extractor, 5..<Self.paths.count, besideRemembered: true) == Self.strings(others[...0])
                        + Self.strings(others[1...]))
                guard let (object, _, version) = extractor.remembered else { continue }
                // One version is of one object and of its values.
                let own = [[String(decoding: object, as: UTF8.self)]] + expected[1...4]
                #expect(known[version, default: own] == own, "\(record)")
                if known.updateValue(own, forKey: version) != nil { found += 1 }
                #expect(extractor.fields.isRemembered(2) && !extractor.fields.isRemembered(0))
            }
        }
        #expect(found > 100)
    }

    @Test("an object that is cut off, or ends the input, is not taken for the one that it begins like")
    func cutOff() throws {
        let extractor = RecordExtractor(try FieldSet(Self.paths).compile(remembering: "who"))
        let record = Array("{\"who\":\(Self.objects[1]),\"id\":\"1\"}".utf8)
        try record.withUnsafeBytes { try extractor.extract($0) }
        for count in 0..<record.count {
            #expect(throws: JSONError.self) {
                try record[..<count].withUnsafeBytes {
                    try extractor.extract(UnsafeRawBufferPointer(rebasing: $0[...]))
                }
            }
        }
        try record.withUnsafeBytes { try extractor.extract($0) }
        #expect(extractor.remembered != nil)
    }

    @Test("extractors share no versions")
    func versions() throws {
        let fields = try FieldSet(Self.paths).compile(remembering: "who")
        let record = Array("{\"who\":\(Self.objects[1])}".utf8)
        let versions = try (0..<3).map { _ in
            let extractor = RecordExtractor(fields)
            try record.withUnsafeBytes { try extractor.extract($0) }
            return extractor.remembered?.version
        }
        #expect(Set(versions).count == 3 && !versions.contains(nil))
    }

    @Test("a record of many keys, and a long object, are read as others are")
    func large() throws {
        let many = "{" + (0..<5_000).map { "\"k\($0)\":\"\($0)\"" }.joined(separator: ",") + ",\"id\":\"1\"}"
        let long = "{\"who\":{\"name\":\"\(String(repeating: "x", count: 10_000))\"},\"id\":\"2\"}"
        let extractor = RecordExtractor(try FieldSet(Self.paths).compile(remembering: "who"))
        for record in [many, long, many, long] {
            try Array(record.utf8).withUnsafeBytes { bytes in
                try extractor.extract(bytes)
                #expect(extractor.remembered == nil)
                #expect(values(extractor) == (try alone(record)))
            }
        }
    }
}
