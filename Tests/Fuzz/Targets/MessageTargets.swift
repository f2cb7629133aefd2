// SPDX-License-Identifier: Apache-2.0

import Messages
import RPC

extension FuzzTarget {
    /// A body of length-prefixed messages, some of them compressed. It is cut the same way whole and in pieces, whose
    /// length the first byte says.
    package static let messages = FuzzTarget("messages") { input in
        var reader = InputReader(input)
        let pieceBytes = Int(max(1, reader.byte()))
        let body = reader.all()
        let whole = cut(body, pieceBytes: max(1, body.count))
        let pieces = cut(body, pieceBytes: pieceBytes)
        require(whole == pieces, "the messages depend on how their bytes came")
        let waiting = cut(body, pieceBytes: pieceBytes, pauses: true)
        require(whole == waiting, "the messages depend on whether they waited for room")
        for message in whole.messages where message.isCompressed {
            message.bytes.withUnsafeBytes { unpack($0) }
        }
        unpack(body)
        if let packed = try? Gzip.compress(body) {
            let unpacked = packed.withUnsafeBytes { try? Gzip.decompress($0, limit: body.count) }
            require(unpacked?.elementsEqual(body) == true, "a compressed message does not come back")
        }
    }

    private static let limit = 4096

    private static func unpack(_ bytes: UnsafeRawBufferPointer) {
        guard let plain = try? Gzip.decompress(bytes, limit: limit) else { return }
        require(plain.count <= limit, "a message expanded to \(plain.count) bytes, over its limit")
    }

    private struct Message: Equatable {
        let isCompressed: Bool
        let bytes: [UInt8]
    }

    private struct Cut: Equatable {
        var messages: [Message] = []
        var failure: StatusCode?
        var pendingBytes = 0
    }

    /// - Parameter pauses: each message that has to ask for room waits once.
    private static func cut(_ body: UnsafeRawBufferPointer, pieceBytes: Int, pauses: Bool = false) -> Cut {
        var result = Cut()
        var deframer = MessageDeframer(maxMessageBytes: limit)
        var rest = body[...]
        do throws(RPCError) {
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(pieceBytes))
                rest = rest.dropFirst(piece.count)
                try deframer.receive(piece, announce: { _, _ in !pauses }) { isCompressed, bytes in
                    result.messages.append(Message(isCompressed: isCompressed, bytes: Array(bytes)))
                }
                while deframer.isPaused {
                    try deframer.resume(announce: { _, _ in !pauses }) { isCompressed, bytes in
                        result.messages.append(Message(isCompressed: isCompressed, bytes: Array(bytes)))
                    }
                }
            }
            result.pendingBytes = deframer.pendingBytes
        } catch {
            result.failure = error.code
        }
        return result
    }

    /// A protobuf message, read as each type of the contract. What is read and written again stays the same.
    package static let protobuf = FuzzTarget("protobuf") { input in
        for type in MessageTypes.all { check(type, input) }
    }

    private static func check<Value: Messages.Message>(_ type: Value.Type, _ bytes: UnsafeRawBufferPointer) {
        guard let message = try? Value(decoding: bytes) else { return }
        let encoded = message.encodedBytes()
        guard let again = try? Value(decoding: encoded) else { fatalError("\(type): can't read what it wrote") }
        require(again.encodedBytes() == encoded, "\(type): a message changes when it is read and written")
    }
}
