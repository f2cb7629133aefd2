// SPDX-License-Identifier: Apache-2.0

import CTransport
import Foundation
import Glibc

/// One end of a TCP connection that speaks HTTP/2 frame by frame, as the test says, and not as a library would.
///
/// Sendable because the socket is a number, and buffer and decoder are used by one task at a time by the tests' order.
public final class ScriptedPeer: @unchecked Sendable {
    /// A frame as it came.
    public struct Frame: Sendable, CustomStringConvertible {
        /// The type's number.
        public let type: UInt8
        /// The flags.
        public let flags: UInt8
        /// The stream; 0 for the connection.
        public let stream: Int32
        /// What follows the frame's header.
        public let payload: [UInt8]
        /// The fields of a header block.
        public let fields: [Field]

        /// The frame ends its stream.
        public var endsStream: Bool { (type == 0 || type == 1) && flags & 1 != 0 }
        /// The first value of a header field.
        public func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        /// The last four bytes as a number: RST_STREAM's error code.
        public var code: UInt32 { payload.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } }
        /// GOAWAY's error code.
        public var goAwayCode: UInt32 { payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
        /// Type, stream, flags and length.
        public var description: String { "frame(\(type) stream \(stream) flags \(flags) \(payload.count) bytes)" }
    }

    /// A header field.
    public struct Field: Sendable, Hashable {
        /// In lower case.
        public let name: String
        /// The value.
        public let value: String

        /// A field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The socket failed.
    public struct SocketError: Error {
        /// What was tried.
        public let operation: String
        /// The system's number of the error.
        public let code: Int32
    }

    private let socket: Int32
    private var received: [UInt8] = []
    private var inflater: OpaquePointer?

    /// Over a connected socket, which it closes at the end.
    init(takingOwnershipOf socket: Int32) {
        self.socket = socket
        nghttp2_hd_inflate_new(&inflater)
    }

    deinit {
        Glibc.close(socket)
        nghttp2_hd_inflate_del(inflater)
    }

    /// Connects to a server on loopback.
    public static func connect(port: Int) throws -> ScriptedPeer {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw SocketError(operation: "connect", code: errno) }
        return ScriptedPeer(takingOwnershipOf: socket)
    }

    static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    // MARK: Speaking

    /// Sends bytes as they are. A peer that has closed the connection is no error here.
    public func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends a frame.
    public func send(type: UInt8, flags: UInt8 = 0, stream: Int32 = 0, _ payload: [UInt8] = []) {
        send(Self.frame(type: type, flags: flags, stream: stream, payload))
    }

    /// A frame's bytes.
    public static func frame(type: UInt8, flags: UInt8 = 0, stream: Int32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
            + bigEndian(UInt32(bitPattern: stream)) + payload
    }

    /// Four bytes of a number.
    public static func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }

    /// A client's first bytes: the preface and empty SETTINGS.
    public func sendClientPreface() {
        send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Self.frame(type: 4))
    }

    /// A header block of literals that are not indexed.
    public static func headerBlock(_ fields: [Field]) -> [UInt8] {
        var block: [UInt8] = []
        for field in fields {
            block.append(0)
            for text in [field.name, field.value] {
                appendLength(text.utf8.count, to: &block)
                block += Array(text.utf8)
            }
        }
        return block
    }

    /// HPACK's number with a prefix of seven bits.
    private static func appendLength(_ length: Int, to block: inout [UInt8]) {
        guard length >= 127 else { return block.append(UInt8(length)) }
        block.append(127)
        var rest = length - 127
        while rest >= 128 {
            block.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        block.append(UInt8(rest))
    }

    /// Sends HEADERS in one frame.
    public func sendHeaders(stream: Int32, _ fields: [Field], endStream: Bool = false) {
        send(type: 1, flags: endStream ? 5 : 4, stream: stream, Self.headerBlock(fields))
    }

    /// Sends a gRPC request's headers.
    public func sendRequest(stream: Int32, path: String, extra: [Field] = [], endStream: Bool = false) {
        let fields = [
            Field(":method", "POST"), Field(":scheme", "http"), Field(":path", path), Field(":authority", "test"),
            Field("te", "trailers"), Field("content-type", "application/grpc"),
        ]
        sendHeaders(stream: stream, fields + extra, endStream: endStream)
    }

    /// Sends a gRPC message in one DATA frame.
    public func sendMessage(stream: Int32, _ message: [UInt8], flag: UInt8 = 0, endStream: Bool = false) {
        let data = [flag] + Self.bigEndian(UInt32(message.count)) + message
        send(type: 0, flags: endStream ? 1 : 0, stream: stream, data)
    }

    // MARK: Listening

    /// The next bytes, whatever they are; empty when the peer has closed the connection.
    public func nextBytes() async -> [UInt8] {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.readBytes()) }
        }
    }

    private func readBytes() -> [UInt8] {
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(socket, &part, part.count)
            if count < 0 && errno == EINTR { continue }
            return count <= 0 ? [] : Array(part[..<count])
        }
    }

    /// Reads a client's preface.
    public func expectClientPreface() async {
        while received.count < 24 {
            let bytes = await nextBytes()
            if bytes.isEmpty { return }
            received += bytes
        }
        received.removeFirst(24)
    }

    /// The next frame; nil when the peer has closed the connection.
    public func nextFrame() async -> Frame? {
        while true {
            if received.count >= 9 {
                let length = Int(received[0]) << 16 | Int(received[1]) << 8 | Int(received[2])
                if received.count >= 9 + length { return takeFrame(length) }
            }
            let bytes = await nextBytes()
            if bytes.isEmpty { return nil }
            received += bytes
        }
    }

    private func takeFrame(_ length: Int) -> Frame {
        let type = received[3]
        let payload = Array(received[9..<(9 + length)])
        let stream = received[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let frame = Frame(
            type: type, flags: received[4], stream: Int32(truncatingIfNeeded: stream), payload: payload,
            fields: type == 1 ? inflate(payload) : [])
        received.removeFirst(9 + length)
        return frame
    }

    private func inflate(_ block: [UInt8]) -> [Field] {
        var fields: [Field] = []
        block.withUnsafeBufferPointer { bytes in
            var position = 0
            while true {
                var nv = nghttp2_nv()
                var flags: Int32 = 0
                let count = nghttp2_hd_inflate_hd2(
                    inflater, &nv, &flags, bytes.baseAddress.map { $0 + position }, bytes.count - position, 1)
                if count < 0 { return }
                position += Int(count)
                if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                    let name = UnsafeBufferPointer(start: nv.name, count: nv.namelen)
                    let value = UnsafeBufferPointer(start: nv.value, count: nv.valuelen)
                    fields.append(Field(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
                }
                if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                    nghttp2_hd_inflate_end_headers(inflater)
                    return
                }
            }
        }
        return fields
    }

    /// The next frame of the type, passing over others; nil when the connection ends first.
    public func next(type: UInt8, stream: Int32? = nil) async -> Frame? {
        while let frame = await nextFrame() {
            if frame.type == type, stream == nil || frame.stream == stream { return frame }
        }
        return nil
    }

    /// The frame that ends the stream: HEADERS or DATA with END_STREAM, or a reset.
    public func end(ofStream stream: Int32) async -> Frame? {
        while let frame = await nextFrame() {
            if frame.stream == stream, frame.endsStream || frame.type == 3 { return frame }
        }
        return nil
    }

    /// Reads to the connection's end; answers the last GOAWAY's code, if one came.
    public func goAwayCodeAtEnd() async -> UInt32? {
        var code: UInt32?
        while let frame = await nextFrame() {
            if frame.type == 7 { code = frame.goAwayCode }
        }
        return code
    }
}

/// Waits on loopback for connections to be scripted.
public final class ScriptedListener: Sendable {
    private let socket: Int32
    /// Where it listens.
    public let port: Int

    /// Listens on a free port.
    public init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = ScriptedPeer.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let handle = socket
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, length) == 0 && listen(handle, 16) == 0 && getsockname(handle, $0, &length) == 0
            }
        }
        guard result else { throw ScriptedPeer.SocketError(operation: "listen", code: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { Glibc.close(socket) }

    /// The next connection, of which nothing is read.
    public func acceptSilently() async throws -> ScriptedPeer {
        let handle = socket
        let connected: Int32 = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Glibc.accept(handle, nil, nil)) }
        }
        guard connected >= 0 else { throw ScriptedPeer.SocketError(operation: "accept", code: errno) }
        return ScriptedPeer(takingOwnershipOf: connected)
    }

    /// The next connection, with the client's preface read and empty SETTINGS sent.
    public func accept() async throws -> ScriptedPeer {
        let peer = try await acceptSilently()
        await peer.expectClientPreface()
        peer.send(type: 4)
        return peer
    }
}
