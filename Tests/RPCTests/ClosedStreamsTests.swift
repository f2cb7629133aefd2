// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// What is remembered of streams that are gone.
@Suite struct ClosedStreamsTests {
    @Test func kindsOfStreams() {
        var streams = ClosedStreams()
        #expect(streams.kind(1) == .idle)
        streams.opened(1)
        streams.opened(9)
        streams.opened(3)
        #expect(streams.kind(1) == .ended)
        for id: Int32 in [3, 5, 7] { #expect(streams.kind(id) == .skipped) }
        #expect(streams.kind(9) == .ended)
        for id: Int32 in [2, 8, 11, 13] { #expect(streams.kind(id) == .idle) }
        streams.resetHere(9)
        #expect(streams.kind(9) == .resetHere)
    }

    @Test func whatIsRememberedHasALimit() {
        var streams = ClosedStreams()
        for number in Int32(0)..<1000 {
            streams.opened(4 * number + 1)
            streams.resetHere(4 * number + 1)
        }
        // What is forgotten is not held against the client.
        #expect(streams.kind(1) == .resetHere)
        #expect(streams.kind(3997) == .resetHere)
        streams.opened(.max)
        #expect(streams.kind(.max) == .ended)
    }
}

/// What nghttp2 does not tell of.
@Suite struct FrameScannerTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private static func frames(_ stream: UInt8, dependsOn parent: UInt8) -> [UInt8] {
        preface + ScriptedPeer.frame(type: 4) + ScriptedPeer.frame(type: 0, stream: 1, [2, 0, 0, 5, 2, 0, 0, 0, 0])
            + ScriptedPeer.frame(type: 2, stream: Int32(stream), [0x80, 0, 0, parent, 16])
            + ScriptedPeer.frame(type: 0xF0, [1, 2, 3]) + ScriptedPeer.frame(type: 10)
            + ScriptedPeer.frame(type: 6, [UInt8](repeating: 0, count: 8))
    }

    /// However the bytes are cut.
    @Test(arguments: 1...40) func whateverTheReads(_ size: Int) {
        for (parent, isFound) in [(UInt8(7), true), (3, false), (0, false)] {
            var scanner = FrameScanner()
            let bytes = Self.frames(7, dependsOn: parent)
            var found = false
            var unknown = 0
            for start in stride(from: 0, to: bytes.count, by: size) {
                let part = Array(bytes[start..<min(start + size, bytes.count)])
                if part.withUnsafeBytes({ scanner.scan($0) }) { found = true }
                unknown += scanner.takeUnknownFrames()
            }
            #expect(found == isFound)
            if !isFound { #expect(unknown == 2) }
        }
    }

    /// DATA with padding: as long as the rest of the frame is taken, one more is wrong, and so is a length alone.
    @Test(arguments: 1...24) func padding(_ size: Int) {
        for (payload, isFound) in [
            ([UInt8(2), 0, 0], false), ([3, 0, 0], true), ([0], false), ([1], true), ([], false),
        ] {
            var scanner = FrameScanner()
            let bytes =
                Self.preface + ScriptedPeer.frame(type: 0, flags: 8, stream: 1, payload)
                + ScriptedPeer.frame(type: 0xF0, [1, 2, 3])
            var found = false
            for start in stride(from: 0, to: bytes.count, by: size) {
                let part = Array(bytes[start..<min(start + size, bytes.count)])
                if part.withUnsafeBytes({ scanner.scan($0) }) { found = true }
            }
            #expect(found == isFound, "\(payload)")
            if !isFound { #expect(scanner.takeUnknownFrames() == 1) }
        }
    }
}
