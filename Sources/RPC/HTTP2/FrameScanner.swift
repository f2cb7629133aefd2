// SPDX-License-Identifier: Apache-2.0

/// Sees the frames that nghttp2 drops without a word, by a walk from frame header to frame header over what a client
/// sends. It counts those of unknown types, and finds what is a PROTOCOL_ERROR wherever it stands: PRIORITY of a stream that
/// depends on itself (RFC 7540 section 5.3.1; no client has a use for it), and padding of DATA that is as long as its frame
/// (RFC 9113 section 6.1). Of DATA and RST_STREAM it tells the stream: nghttp2 ignores DATA of streams that are gone.
package struct FrameScanner: Equatable {
    /// Bytes of the client's preface that are still to come.
    private var preface = 24
    /// Bytes of the current frame's payload that are passed over.
    private var skipped = 0
    /// The start of a frame that the last bytes ended within.
    private var gathered: [UInt8] = []

    private var unknown = 0

    private static let headerBytes = 9
    /// A PRIORITY frame's header and the stream that it depends on: the most that is looked at.
    private static let neededBytes = headerBytes + 4

    /// At the start of a connection.
    package init() {}

    /// How many frames of unknown types have begun since the last call.
    package mutating func takeUnknownFrames() -> Int {
        defer { unknown = 0 }
        return unknown
    }

    /// Takes what the client sent next. True when it has a frame that is wrong.
    ///
    /// - Parameter began: is called with the type and stream of each DATA and RST_STREAM frame that begins.
    package mutating func scan(
        _ bytes: UnsafeRawBufferPointer, began: (_ type: UInt8, _ stream: Int32) -> Void = { _, _ in }
    ) -> Bool {
        var position = min(preface, bytes.count)
        preface -= position
        while position < bytes.count {
            if skipped > 0 {
                let count = min(skipped, bytes.count - position)
                skipped -= count
                position += count
            } else if gathered.isEmpty, bytes.count - position >= Self.neededBytes {
                let frame = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + Self.neededBytes)])
                note(frame, began)
                if Self.isWrong(frame) { return true }
                skipped = Self.payloadBytes(frame)
                position += Self.headerBytes
            } else {
                gathered.append(bytes[position])
                position += 1
                if finishGathering(began) { return true }
            }
        }
        return false
    }

    /// Looks at the gathered bytes once they are enough.
    private mutating func finishGathering(_ began: (UInt8, Int32) -> Void) -> Bool {
        guard gathered.count >= Self.headerBytes else { return false }
        let payload = gathered.withUnsafeBytes { Self.payloadBytes($0) }
        let looked = gathered.withUnsafeBytes { Self.lookedAtBytes($0) }
        guard gathered.count >= Self.headerBytes + looked else { return false }
        gathered.withUnsafeBytes { note($0, began) }
        skipped = payload - (gathered.count - Self.headerBytes)
        let isFound = gathered.withUnsafeBytes { Self.isWrong($0) }
        gathered.removeAll(keepingCapacity: true)
        return isFound
    }

    private mutating func note(_ frame: UnsafeRawBufferPointer, _ began: (UInt8, Int32) -> Void) {
        if frame[3] > FrameType.continuation { unknown += 1 }
        guard frame[3] == FrameType.data || frame[3] == FrameType.reset else { return }
        began(frame[3], Int32(bitPattern: Self.stream(frame, at: 5)))
    }

    /// A stream's id, without its first bit, which is another's.
    private static func stream(_ frame: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        UInt32(bigEndian: frame.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) & 0x7FFF_FFFF
    }

    private static func payloadBytes(_ frame: UnsafeRawBufferPointer) -> Int {
        Int(frame[0]) << 16 | Int(frame[1]) << 8 | Int(frame[2])
    }

    /// Bytes of the payload that `isWrong` needs.
    private static func lookedAtBytes(_ frame: UnsafeRawBufferPointer) -> Int {
        switch frame[3] {
        case FrameType.priority where payloadBytes(frame) >= 4: 4
        case FrameType.data where frame[4] & FrameFlag.padded != 0 && payloadBytes(frame) > 0: 1
        default: 0
        }
    }

    private static func isWrong(_ frame: UnsafeRawBufferPointer) -> Bool {
        switch frame[3] {
        case FrameType.priority:
            let stream = stream(frame, at: 5)
            return payloadBytes(frame) >= 4 && stream == Self.stream(frame, at: 9) && stream != 0
        case FrameType.data:
            let payload = payloadBytes(frame)
            return frame[4] & FrameFlag.padded != 0 && payload > 0 && Int(frame[headerBytes]) >= payload
        default: return false
        }
    }
}
