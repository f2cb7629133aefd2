// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

@Suite("Modifiers")
struct ModifierTests {
    @Test(
        "texts",
        arguments: [
            ("s: {a|contains: oB}", #"{"a":"FOOBAR"}"#, true),
            ("s: {a|contains: ox}", #"{"a":"FOOBAR"}"#, false),
            ("s: {a|startswith: foo}", #"{"a":"FOOBAR"}"#, true),
            ("s: {a|startswith: oo}", #"{"a":"FOOBAR"}"#, false),
            ("s: {a|endswith: bar}", #"{"a":"FOOBAR"}"#, true),
            ("s: {a|endswith: ba}", #"{"a":"FOOBAR"}"#, false),
            ("s: {a|endswith: foobarbaz}", #"{"a":"FOOBAR"}"#, false),
            ("s: {a|cased|contains: OB}", #"{"a":"FOOBAR"}"#, true),
            ("s: {a|contains|cased: ob}", #"{"a":"FOOBAR"}"#, false),
            ("s: {a|startswith: 'f?o'}", #"{"a":"FäOBAR"}"#, true),
            ("s: {a|contains: 22}", #"{"a":1229}"#, true),
            ("s: {a|contains: true}", #"{"a":"it is True"}"#, true),
            ("s: {a|contains|all: [x, y]}", #"{"a":"yx"}"#, true),
            ("s: {a|contains|all: [x, y]}", #"{"a":"x"}"#, false),
            ("s: {a|all: [x, y]}", #"{"a":["x","Y"]}"#, true),
            ("s: {a|neq: [x, y]}", #"{"a":"z"}"#, true),
            ("s: {a|neq: [x, y]}", #"{"a":"y"}"#, false),
            ("s: {a|neq: x}", #"{"b":1}"#, true),
            ("s: {a|contains|neq: x}", #"{"a":"axb"}"#, false),
            ("s: {a|neq: 5}", #"{"a":5.0}"#, false),
            ("s: {a: ['x*', null]}", #"{"b":1}"#, true),
            ("s: {a: ['x*', null]}", #"{"a":"Xy"}"#, true),
            ("s: {a: ['x*', null]}", #"{"a":"y"}"#, false),
            ("s: {a: [X, 7, 'y*']}", #"{"a":7.0}"#, true),
            ("s: {a: [X, 7, 'y*']}", #"{"a":"7"}"#, true),
            ("s: {a: [X, 7, 'y*']}", #"{"a":"7.0"}"#, false),
            ("s: {a: ['7']}", #"{"a":7.0}"#, false),
            ("s: {a: 1.50}", #"{"a":"1.5"}"#, true),
            ("s: {a: 1.50}", #"{"a":15e-1}"#, true),
            ("s: {a: 012345}", #"{"a":"012345"}"#, true),
            (#"s: {a: 'x\\y'}"#, #"{"a":"x\\y"}"#, true),
            (#"s: {a: 'x\y'}"#, #"{"a":"x\\y"}"#, true),
            (#"s: {a: 'x\\\\y'}"#, #"{"a":"x\\\\y"}"#, true),
            (#"s: {a: 'x\\\*'}"#, #"{"a":"x\\*"}"#, true),
            (#"s: {a: 'x\\\*'}"#, #"{"a":"x\\y"}"#, false),
            (#"s: {a: 'x\?'}"#, #"{"a":"x?"}"#, true),
            (#"s: {a: 'x\?'}"#, #"{"a":"xy"}"#, false),
            (#"s: {a: 'x\'}"#, #"{"a":"X\\"}"#, true),
            ("s: {a: '?'}", #"{"a":"😀"}"#, true),
            ("s: {a: '??'}", #"{"a":"😀"}"#, false),
            ("s: {a: '*?b'}", #"{"a":"😀B"}"#, true),
            ("s: {a: 'a*b*c'}", #"{"a":"aXbYbc"}"#, true),
            ("s: {a: 'a*b*c'}", #"{"a":"acb"}"#, false),
            ("s: {a: 'ab*ba'}", #"{"a":"aba"}"#, false),
            ("s: {a: 'ab*ba'}", #"{"a":"abba"}"#, true),
            ("s: {a: '*a?c*e'}", #"{"a":"abcxadce"}"#, true),
            ("s: {a: 'ΣΊΣΥΦΟΣ'}", #"{"a":"σίσυφος"}"#, true),
            ("s: {a: 'straße'}", #"{"a":"STRAẞE"}"#, true),
            ("s: {a: 'strasse'}", #"{"a":"straße"}"#, false),
            ("s: {a|contains: 'ⱥ'}", #"{"a":"xȺx"}"#, true),
            ("s: {a|contains: '𐐨'}", #"{"a":"x𐐀x"}"#, true),
        ])
    func texts(search: String, record: String, expected: Bool) throws {
        #expect(try holds("\(search)\ncondition: s", record) == expected)
    }

    @Test(
        "encodings",
        arguments: [
            ("s: {a|base64: foobar}", #"{"a":"Zm9vYmFy"}"#, true),
            ("s: {a|base64: fooba}", #"{"a":"Zm9vYmE="}"#, true),
            ("s: {a|base64|contains|cased: ab}", #"{"a":"xxYWI=xx"}"#, true),
            ("s: {a|base64offset|contains: 'http://'}", #"{"a":"aHR0cDovLw=="}"#, true),
            ("s: {a|base64offset|contains: 'http://'}", #"{"a":"eGh0dHA6Ly95"}"#, true),
            ("s: {a|base64offset|contains: 'http://'}", #"{"a":"eHhodHRwOi8veQ=="}"#, true),
            ("s: {a|base64offset|contains: 'http://'}", #"{"a":"aHR0cDovcw=="}"#, false),
            ("s: {a|wide|base64: cmd}", #"{"a":"YwBtAGQA"}"#, true),
            ("s: {a|utf16le|base64: cmd}", #"{"a":"YwBtAGQA"}"#, true),
            ("s: {a|utf16be|base64: cmd}", #"{"a":"AGMAbQBk"}"#, true),
            ("s: {a|utf16|base64: cmd}", #"{"a":"//5jAG0AZAA="}"#, true),
            ("s: {a|wide: cm}", #"{"a":"c\u0000m\u0000"}"#, true),
            ("s: {a|windash|contains: ' -foo -b-x'}", #"{"a":"q /foo –b-x"}"#, true),
            ("s: {a|windash|contains: ' -foo'}", #"{"a":"q ―FOO"}"#, true),
            ("s: {a|windash|contains: ' -foo'}", #"{"a":"q +foo"}"#, false),
            ("s: {a|windash|contains|all: [' -x', ' /y']}", #"{"a":" —x -y"}"#, true),
            ("s: {a|windash|contains|all: [' -x', ' /y']}", #"{"a":" —x"}"#, false),
        ])
    func encodings(search: String, record: String, expected: Bool) throws {
        #expect(try holds("\(search)\ncondition: s", record) == expected)
    }

    @Test(
        "numbers, networks, dates, existence, references, expressions",
        arguments: [
            ("s: {a|lt: 5}", #"{"a":4.9}"#, true), ("s: {a|lt: 5}", #"{"a":5}"#, false),
            ("s: {a|lte: 5}", #"{"a":"5"}"#, true), ("s: {a|gt: -1}", #"{"a":-0.5}"#, true),
            ("s: {a|gte: 1.5}", #"{"a":"+15e-1"}"#, true), ("s: {a|gt: 1}", #"{"a":"2x"}"#, false),
            ("s: {a|gt: 1}", #"{"a":true}"#, false), ("s: {a|gt: 1}", #"{"a":null}"#, false),
            ("s: {a|gt: 1}", #"{"a":[0,2]}"#, true), ("s: {a|gt: 0}", #"{"a":""}"#, false),
            ("s: {a|cidr: 10.0.0.0/8}", #"{"a":"11.2.3.4"}"#, false),
            ("s: {a|cidr: [192.168.0.0/16, 10.0.0.0/8]}", #"{"a":"10.255.255.255"}"#, true),
            ("s: {a|cidr: 10.0.0.0/8}", #"{"a":"AWS Internal"}"#, false),
            ("s: {a|cidr: 10.0.0.0/8}", #"{"a":"10.0.0"}"#, false),
            ("s: {a|cidr: 10.0.0.0/8}", #"{"a":"::ffff:10.1.2.3"}"#, true),
            ("s: {a|cidr: 0.0.0.0/0}", #"{"a":"1.2.3.4"}"#, true),
            ("s: {a|cidr: 0.0.0.0/0}", #"{"a":"2001:db8::1"}"#, false),
            ("s: {a|cidr: '2001:db8::/32'}", #"{"a":"2001:DB8:1:2:3:4:5:6"}"#, true),
            ("s: {a|cidr: '2001:db8::/32'}", #"{"a":"2001:db9::"}"#, false),
            ("s: {a|cidr: '2001:db8::/32'}", #"{"a":"2001:db8::1::2"}"#, false),
            ("s: {a|cidr: '::1'}", #"{"a":"0:0:0:0:0:0:0:1"}"#, true),
            ("s: {a|cidr: '1:2:3:4:5:6:7:8/128'}", #"{"a":"1:2:3:4:5:6:7:8"}"#, true),
            ("s: {a|cidr: '1:2::/32'}", #"{"a":"1:2:3"}"#, false),
            ("s: {a|cidr|neq: 10.0.0.0/8}", #"{"a":"9.9.9.9"}"#, true),
            ("s: {a|hour: 23}", #"{"a":"2026-11-22T23:05:00Z"}"#, true),
            ("s: {a|hour|gte: 22}", #"{"a":"2026-11-22 22:05:00"}"#, true),
            ("s: {a|hour|lt: 6}", #"{"a":"2026-11-22T06:00:00Z"}"#, false),
            ("s: {a|minute: 5}", #"{"a":"2026-11-22T23:05:00Z"}"#, true),
            ("s: {a|day: 22}", #"{"a":"2026-11-22"}"#, true), ("s: {a|month: 11}", #"{"a":"2026-11-22"}"#, true),
            ("s: {a|year: 2026}", #"{"a":"2026-11-22"}"#, true), ("s: {a|week: 53}", #"{"a":"2027-01-01"}"#, true),
            ("s: {a|week: 1}", #"{"a":"2024-12-30"}"#, true), ("s: {a|week: 47}", #"{"a":"2026-11-22"}"#, true),
            ("s: {a|week: 1}", #"{"a":"2026-01-01"}"#, true), ("s: {a|hour: 1}", #"{"a":"yesterday"}"#, false),
            ("s: {a|exists: true}", #"{"a":[]}"#, true), ("s: {a|exists: yes}", #"{"b":1}"#, false),
            ("s: {a.b|exists: true}", #"{"a":[{"c":1},{"b":null}]}"#, true),
            ("s: {a.b|exists: false}", #"{"a":"b"}"#, true),
            ("s: {a|fieldref: b}", #"{"a":["x","Y"],"b":["z","y"]}"#, true),
            ("s: {a|fieldref|cased: b}", #"{"a":"x","b":"X"}"#, false),
            ("s: {a|fieldref|startswith: b.c}", #"{"a":"xyz","b":{"c":"XY"}}"#, true),
            ("s: {a|endswith|fieldref: b}", #"{"a":"xyz","b":"yZ"}"#, true),
            ("s: {a|fieldref|contains: b}", #"{"a":"xyz","b":"y"}"#, true),
            ("s: {a|fieldref|contains: b}", #"{"a":"xyz","b":"q"}"#, false),
            ("s: {a|fieldref: b}", #"{"a":"*","b":"q"}"#, false),
            ("s: {a|fieldref: b}", #"{"a":22,"b":22.0}"#, true),
            ("s: {a|fieldref: b}", #"{"a":null,"b":null}"#, false),
            ("s: {a|fieldref: b}", #"{"a":"","b":""}"#, true),
            ("s: {a|fieldref|neq: b}", #"{"a":"x","b":"y"}"#, true),
            ("s: {a|re: '^x.z$'}", #"{"a":"xyz"}"#, true), ("s: {a|re: '^x.z$'}", #"{"a":"x\nz"}"#, false),
            ("s: {a|re|s: '^x.z$'}", #"{"a":"x\nz"}"#, true), ("s: {a|re|m: '^z$'}", #"{"a":"x\nz\ny"}"#, true),
            ("s: {a|re|i|m: '^Z$'}", #"{"a":"x\nz\ny"}"#, true), ("s: {a|re: '^z$'}", #"{"a":"x\nz\ny"}"#, false),
            ("s: {a|re: ''}", #"{"a":""}"#, true), ("s: {a|re: '.'}", #"{"a":null}"#, false),
            (#"s: {a|re: '^2\d$'}"#, #"{"a":22}"#, true),
            ("s: {a|re|all: [x, y]}", #"{"a":"yx"}"#, true), ("s: {a|re|i: 'Ä'}", #"{"a":"ä"}"#, true),
            (#"s: {a|re: '^\{"k"'}"#, #"{"a":{"k":1}}"#, true),
        ])
    func others(search: String, record: String, expected: Bool) throws {
        #expect(try holds("\(search)\ncondition: s", record) == expected)
    }

    @Test("placeholders expand to every value, with wildcards, and % can be escaped")
    func placeholders() throws {
        let values = ["admins": ["root", "adm*"], "nets": ["10.0.0.0/8", "192.168.0.0/16"]]
        #expect(try holds("s: {a|expand: '%admins%'}\ncondition: s", #"{"a":"ADMIN"}"#, placeholders: values))
        #expect(
            try holds("s: {a|expand|contains: 'x-%admins%'}\ncondition: s", #"{"a":"..X-root"}"#, placeholders: values))
        #expect(
            try holds(#"s: {a|expand: '\%admins%'}"# + "\ncondition: s", #"{"a":"%admins%"}"#, placeholders: values))
        #expect(try holds("s: {a: '%admins%'}\ncondition: s", #"{"a":"%admins%"}"#, placeholders: values))
        #expect(try holds("s: {a|cidr|expand: '%nets%'}\ncondition: s", #"{"a":"192.168.1.1"}"#, placeholders: values))
        #expect(try !holds("s: {a|expand: '%admins%'}\ncondition: s", #"{"a":"user"}"#, placeholders: values))
    }

    @Test(
        "keywords are looked for in every value",
        arguments: [
            ("s: [foo, bar]", #"{"q":{"z":["a FOO b"]}}"#, true), ("s: [foo]", #"{"foo":"x"}"#, false),
            ("s: foo", #"{"q":"xfoox"}"#, true), ("s: ['f*o']", #"{"q":"fxo"}"#, true),
            ("s: {'|all': [foo, bar]}", #"{"q":"foo","r":"bar"}"#, true),
            ("s: {'|all': [foo, bar]}", #"{"q":"foo"}"#, false), ("s: {'|re': '^fo+$'}", #"{"q":{"r":"fooo"}}"#, true),
            ("s: {'|startswith': 'fo'}", #"{"q":"xfo"}"#, false), ("s: [22]", #"{"q":1223}"#, true),
            ("s: [{a: x}, foo]", #"{"q":"foo"}"#, true), ("s: [{a: x}, {'|contains': foo}]", #"{"a":"y"}"#, false),
            ("s: {'|cased': FOO}", #"{"q":"foo"}"#, false), ("s: ['ä']", #"{"q":"\u00c4"}"#, true),
        ])
    func keywords(search: String, record: String, expected: Bool) throws {
        #expect(try holds("\(search)\ncondition: s", record) == expected)
    }
}
