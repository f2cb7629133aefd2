// SPDX-License-Identifier: Apache-2.0

/// How an input becomes the bytes of a connection. Its first byte says how:
/// - bit 0: a good beginning goes before the rest (the client's preface, SETTINGS);
/// - bit 1: the rest is no frames but a shorter form of them, whose lengths are right by themselves, so that mutations
///   get past the framing: type, flags, stream, length (255: two more bytes) and so many bytes, for each frame;
/// - bit 2: the bytes come in pieces, of the length that the second byte says.
struct Conversation {
    private let bytes: [UInt8]
    private let pieceBytes: Int

    init(_ input: UnsafeRawBufferPointer, isFromClient: Bool) {
        var reader = InputReader(input)
        let mode = reader.byte()
        pieceBytes = mode & 4 == 0 ? Int.max : Int(max(1, reader.byte()))
        var bytes: [UInt8] = []
        if mode & 1 != 0 {
            if isFromClient { bytes += Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) }
            bytes += [0, 0, 0, 4, 0, 0, 0, 0, 0]
        }
        if mode & 2 == 0 { bytes += reader.all() } else { Self.expand(&reader, into: &bytes) }
        self.bytes = bytes
    }

    private static func expand(_ reader: inout InputReader, into bytes: inout [UInt8]) {
        while !reader.isEmpty {
            let type = reader.byte() % 12
            let flags = reader.byte()
            let stream = reader.byte()
            var length = Int(reader.byte())
            if length == 255 { length = Int(reader.byte()) << 8 | Int(reader.byte()) }
            let payload = reader.bytes(length)
            bytes += [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream]
            bytes += payload
        }
    }

    /// Calls `body` with the bytes, piece by piece.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(pieceBytes)
                rest = rest.dropFirst(piece.count)
                body(UnsafeRawBufferPointer(rebasing: piece))
            }
        }
    }
}
