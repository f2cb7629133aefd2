// SPDX-License-Identifier: Apache-2.0

import AWS
import Testing

@Suite struct XMLReaderTests {
    private func read(_ text: String) throws -> XMLElement { try XMLReader.read(Array(text.utf8)) }

    @Test func elementsTextAndEntities() throws {
        let root = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- a > comment -->
            <r:Response xmlns:r="urn:x>y" a='1'>
              <Item>a &amp; b &#65;&#x1F600; &lt;&gt;&quot;&apos;</Item>
              <Item><![CDATA[<raw> & ]]]></Item>
              <Empty/><Blank> </Blank>
            </r:Response>
            """)
        #expect(root.name == "Response")
        #expect(root.text == "")
        #expect(root.children.map(\.text) == ["a & b A\u{1F600} <>\"'", "<raw> & ]", "", " "])
        #expect(root.value("Item") == "a & b A\u{1F600} <>\"'")
        #expect(root.value("Missing", "Item") == nil)
    }

    @Test func lists() throws {
        let root = try read("<R><Keys><member><Id>1</Id></member><member><Id>2</Id></member></Keys></R>")
        #expect(root.items("Keys").compactMap { $0.value("Id") } == ["1", "2"])
        #expect(root.items("Others").isEmpty)
    }

    @Test(arguments: [
        "", " ", "<a>", "<a></b>", "<a", "<a x=\"", "</a>", "text", "<a/>text", "<a/><b/>", "<a>&unknown;</a>",
        "<a>&amp</a>",
        "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#99999999;</a>", "<a><![CDATA[", "<!DOCTYPE a><a/>", "<a <b/>></a>",
        "< a/>",
        "<a:/>", "<?x", "<!--", "<a></a", "<a></a b>",
        "<!DOCTYPE l [<!ENTITY l \"l\"><!ENTITY m \"&l;&l;\">]><a>&m;</a>",
    ])
    func refuses(text: String) {
        #expect(throws: XMLError.self) { try read(text) }
    }

    @Test func depthIsBounded() {
        let depth = AWSLimits.xmlDepth
        let nested = { (count: Int) in String(repeating: "<a>", count: count) + String(repeating: "</a>", count: count)
        }
        #expect(throws: Never.self) { try read(nested(depth)) }
        #expect(throws: XMLError.self) { try read(nested(depth + 1)) }
        #expect(throws: XMLError.self) { try read(String(repeating: "<a>", count: 1_000_000)) }
    }

    @Test func elementsAreBounded() {
        let many = { (count: Int) in "<a>" + String(repeating: "<b/>", count: count) + "</a>" }
        #expect(throws: Never.self) { try read(many(AWSLimits.xmlElements - 1)) }
        #expect(throws: XMLError.self) { try read(many(AWSLimits.xmlElements)) }
    }

    @Test func everyTruncationAndFlipEnds() throws {
        let text = Array("<?xml version='1.0'?><a b='c'><d>&amp;&#65;</d><!-- x --><![CDATA[y]]><e/></a>".utf8)
        for length in 0..<text.count {
            #expect(throws: XMLError.self) { try XMLReader.read(Array(text[..<length])) }
        }
        for index in text.indices {
            for bit in 0..<8 {
                var changed = text
                changed[index] ^= 1 << bit
                // Some flips leave well-formed XML; what matters is that each comes to an end without a trap.
                _ = try? XMLReader.read(changed)
            }
        }
    }
}
