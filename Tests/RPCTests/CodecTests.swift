// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPC
import Testing

/// Runs `body` with the text's bytes as they would lie in a received frame.
func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes { try body($0) }
}

/// The encodings that headers and bodies use.
@Suite struct CodecTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ]) func base64(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == Array(encoded.utf8))
        #expect(Base64.decode(encoded.utf8) == Array(plain.utf8))
        let padded = encoded + String(repeating: "=", count: (4 - encoded.count % 4) % 4)
        #expect(Base64.decode(padded.utf8) == Array(plain.utf8))
    }

    @Test(arguments: ["A", "AAAAA", "Zg=", "Zg===", "Zg==Zg", "Zm9v=", "Zm 9v", "Zm9v*"])
    func base64Refuses(_ text: String) { #expect(Base64.decode(text.utf8) == nil) }

    @Test(arguments: [
        ("plain text", "plain text"), ("50%", "50%25"), ("a\nb", "a%0Ab"), ("ö", "%C3%B6"), ("\u{7F}", "%7F"),
    ]) func percentEncoding(_ plain: String, _ encoded: String) {
        #expect(PercentEncoding.encode(plain) == Array(encoded.utf8))
        #expect(PercentEncoding.decode(encoded.utf8) == plain)
    }

    @Test func percentDecodingKeepsWhatIsNotEncoded() {
        #expect(PercentEncoding.decode("100%".utf8) == "100%")
        #expect(PercentEncoding.decode("%zz%4".utf8) == "%zz%4")
        #expect(PercentEncoding.decode("%c3%b6".utf8) == "ö")
    }

    @Test(arguments: [
        ("1n", 1), ("2u", 2_000), ("3m", 3_000_000), ("4S", 4_000_000_000), ("5M", 300_000_000_000),
        ("99999999H", Int64.max), ("0S", 0),
    ]) func timeouts(_ text: String, _ nanoseconds: Int64) {
        #expect(withBytes(text) { TimeoutEncoding.decode($0) } == nanoseconds)
    }

    @Test(arguments: ["", "S", "1", "1s", "-1S", "1.5S", "123456789S", " 1S", "1 S"])
    func timeoutsRefused(_ text: String) { #expect(withBytes(text) { TimeoutEncoding.decode($0) } == nil) }

    @Test(arguments: [0, 1, 999, 99_999_999, 100_000_000, 1_000_000_001, Int64.max]) func timeoutRoundsUp(_ value: Int64) {
        let text = TimeoutEncoding.encode(nanoseconds: value)
        #expect(text.count <= 9)
        let decoded = text.withUnsafeBytes { TimeoutEncoding.decode($0) } ?? -1
        #expect(decoded >= value)
        #expect(decoded - value <= max(1, value / 50_000))
    }

    @Test func gzipRoundTrip() throws {
        for size in [0, 1, 1000, 100_000] {
            let plain = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
            let packed = try plain.withUnsafeBytes { try Gzip.compress($0) }
            let unpacked = try packed.withUnsafeBytes { try Gzip.decompress($0, limit: size) }
            #expect(unpacked == plain)
        }
    }

    @Test func gzipBombIsCut() throws {
        let packed = try [UInt8](repeating: 0, count: 10_000_000).withUnsafeBytes { try Gzip.compress($0) }
        let error = #expect(throws: RPCError.self) {
            try packed.withUnsafeBytes { _ = try Gzip.decompress($0, limit: 1_000_000) }
        }
        #expect(error?.code == .resourceExhausted)
    }

    @Test func brokenGzipIsRefused() throws {
        let packed = try Array("some text, some text".utf8).withUnsafeBytes { try Gzip.compress($0) }
        for broken in [[], Array(packed.dropLast(3)), packed + [0], [1, 2, 3]] {
            let error = #expect(throws: RPCError.self) {
                try broken.withUnsafeBytes { _ = try Gzip.decompress($0, limit: 1000) }
            }
            #expect(error?.code == .internalError)
        }
    }
}

/// Custom metadata.
@Suite struct MetadataTests {
    @Test func keepsOrderAndRepeats() {
        var metadata: Metadata = ["A-Name": "1"]
        metadata.add("b-bin", binary: [0, 255])
        metadata.add("a-name", "2")
        #expect(metadata["a-name"] == "1")
        #expect(metadata.values("a-name") == [.ascii("1"), .ascii("2")])
        #expect(metadata[binary: "b-bin"] == [0, 255])
        #expect(metadata.map(\.name) == ["a-name", "b-bin", "a-name"])
        metadata.replace("A-NAME", with: "3")
        #expect(metadata.map(\.name) == ["b-bin", "a-name"])
    }

    @Test func binaryValuesComeAsLists() {
        var metadata = Metadata()
        let accepted = withBytes("x-bin") { name in
            withBytes("Zg, Zm8=,Zm9v") { metadata.addReceived(name: name, value: $0) }
        }
        #expect(accepted)
        #expect(metadata.values("x-bin") == [.binary([0x66]), .binary([0x66, 0x6F]), .binary([0x66, 0x6F, 0x6F])])
        let refused = withBytes("x-bin") { name in withBytes("*") { metadata.addReceived(name: name, value: $0) } }
        #expect(!refused)
    }
}
