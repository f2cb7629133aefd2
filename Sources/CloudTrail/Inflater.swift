// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Decompresses gzip files of one or more members, within the limits on size and expansion. zlib checks each member's
/// CRC and length.
struct Inflater: ~Copyable {
    enum Step {
        /// The whole input is decompressed.
        case finished
        /// The output is full.
        case needsRoom
    }

    /// Output bytes since `begin`.
    private(set) var produced = 0

    private let stream: UnsafeMutablePointer<z_stream>
    private let ready: Bool
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)
    private var consumed = 0
    private var members = 0

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        ready = CZlib_inflateInitGzip(stream) == Z_OK
    }

    deinit {
        if ready { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Starts a file. Its bytes have to stay where they are until the last `step`.
    mutating func begin(_ input: UnsafeRawBufferPointer) {
        self.input = input
        consumed = 0
        produced = 0
        members = 1
        _ = inflateReset(stream)
    }

    /// Decompresses into `room` until it is full or the input ends.
    mutating func step(into room: UnsafeMutableRawBufferPointer) throws(Rejection) -> Step {
        guard ready else { throw Rejection(.invalidGzip, "no memory to decompress the log file") }
        var filled = 0
        while true {
            let status = run(room, &filled)
            try checkExpansion()
            switch status {
            case Z_STREAM_END:
                if consumed == input.count { return .finished }
                try nextMember()
            case Z_OK, Z_BUF_ERROR:
                if filled == room.count { return .needsRoom }
                if consumed == input.count {
                    throw Rejection(.truncatedGzip, "the gzip file ends after \(produced) bytes of output, mid-stream")
                }
                if status == Z_BUF_ERROR { throw Rejection(.invalidGzip, "the gzip stream makes no progress") }
            default: throw Rejection(.invalidGzip, message(status))
            }
        }
    }

    /// One call of zlib, on at most `slice` bytes of output, so that a bomb is noticed soon.
    private mutating func run(_ room: UnsafeMutableRawBufferPointer, _ filled: inout Int) -> Int32 {
        let slice = min(room.count - filled, CloudTrailLimits.expansionGrace)
        // zlib does not write through next_in: the const is missing from its oldest declarations only.
        stream.pointee.next_in = input.baseAddress.map {
            UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self) + consumed)
        }
        stream.pointee.avail_in = UInt32(input.count - consumed)
        stream.pointee.next_out = room.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) + filled }
        stream.pointee.avail_out = UInt32(slice)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        consumed = input.count - Int(stream.pointee.avail_in)
        let written = slice - Int(stream.pointee.avail_out)
        filled += written
        produced += written
        return status
    }

    private func checkExpansion() throws(Rejection) {
        if produced > CloudTrailLimits.documentBytes {
            throw Rejection(
                .decompressedTooLarge,
                "a log file has at most \(CloudTrailLimits.documentBytes) bytes after decompression")
        }
        if produced > CloudTrailLimits.expansionGrace, produced > consumed * CloudTrailLimits.expansionRatio {
            throw Rejection(
                .decompressedTooLarge, "the log file expands more than \(CloudTrailLimits.expansionRatio) times")
        }
    }

    private mutating func nextMember() throws(Rejection) {
        members += 1
        guard members <= CloudTrailLimits.gzipMembers else {
            throw Rejection(.invalidGzip, "a gzip file has at most \(CloudTrailLimits.gzipMembers) members")
        }
        guard input[consumed] == 0x1F else {
            throw Rejection(.invalidGzip, "\(input.count - consumed) bytes of garbage follow the gzip stream")
        }
        _ = inflateReset(stream)
    }

    private func message(_ status: Int32) -> String {
        if let text = stream.pointee.msg { return "gzip: " + String(cString: text) }
        return "gzip: zlib status \(status)"
    }
}
