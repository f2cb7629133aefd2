// SPDX-License-Identifier: Apache-2.0

import CZlib
import CZstd

/// Decompresses log data piece by piece: gzip of any number of members, zstd of any number of frames, one behind the
/// other in any order, and plain data behind them or alone. The bytes decide, not the name.
///
/// A damaged member costs itself: it is told with its extent, and the next one is looked for. zlib checks each member's
/// CRC and length, zstd the checksums that frames have.
struct StreamDecoder: ~Copyable {
    enum Step {
        /// So many bytes were written; zero where all of the input is taken in, or too little is there.
        case output(Int)
        case damaged(Unreadable)
        /// Everything is decompressed.
        case finished
    }

    private enum State {
        /// At the data's beginning, or behind a member.
        case between
        case plain, gzip, zstd
        /// In search of the next member, behind damage.
        case searching(RejectionReason, String, from: UInt64)
        case finished
    }

    private var state = State.between
    private var hasMembers = false
    private let stream: UnsafeMutablePointer<z_stream>
    private var isInflating = false
    private var zstd: OpaquePointer?
    /// Bytes of input taken in.
    private(set) var consumed: UInt64 = 0
    /// Bytes of output.
    private(set) var produced: UInt64 = 0

    /// True where the input was or is compressed.
    var isCompressed: Bool { hasMembers }

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if isInflating { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
        if let zstd { ZSTD_freeDCtx(zstd) }
    }

    /// Starts with new data.
    mutating func reset() {
        state = .between
        hasMembers = false
        (consumed, produced) = (0, 0)
    }

    /// Takes bytes from `input`, whose first `taken` are done with, and writes into `room`.
    ///
    /// - Parameter isLast: no byte follows those of `input`.
    mutating func step(
        _ input: UnsafeRawBufferPointer, _ taken: inout Int, isLast: Bool, into room: UnsafeMutableRawBufferPointer
    ) -> Step {
        while true {
            let before = taken
            let step: Step?
            switch state {
            case .finished: return .finished
            case .between: step = begin(input, &taken, isLast)
            case .plain: step = copy(input, &taken, isLast, room)
            case .gzip: step = inflate(input, &taken, isLast, room)
            case .zstd: step = decompress(input, &taken, isLast, room)
            case .searching(let reason, let cause, let from):
                step = search(input, &taken, isLast, reason, cause, from)
            }
            consumed += UInt64(taken - before)
            if let step { return step }
        }
    }

    // MARK: Between members

    /// The beginning of gzip (RFC 1952, whose only method is 8) and of zstd's frames.
    private static func member(_ bytes: UnsafeRawBufferPointer) -> State? {
        if bytes.starts(with: [0x1F, 0x8B]) { return .gzip }
        if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .zstd }
        // Frames that decoders skip: 0x184D2A50 to 0x184D2A5F.
        if bytes.count >= 4, bytes[0] & 0xF0 == 0x50, bytes[1] == 0x2A, bytes[2] == 0x4D, bytes[3] == 0x18 {
            return .zstd
        }
        return nil
    }

    private mutating func begin(_ input: UnsafeRawBufferPointer, _ taken: inout Int, _ isLast: Bool) -> Step? {
        let rest = UnsafeRawBufferPointer(rebasing: input[taken...])
        guard rest.count >= 4 || isLast else { return .output(0) }
        if rest.isEmpty {
            state = .finished
            return .finished
        }
        guard let next = Self.member(rest) else {
            let first = rest.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
            if !hasMembers || first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                state = .plain
            } else {
                fail(.invalidGzip, "bytes that are no gzip follow the compressed data", at: consumed)
            }
            return nil
        }
        hasMembers = true
        state = next
        if case .gzip = next { return beginInflating() }
        return beginDecompressing()
    }

    private mutating func fail(_ reason: RejectionReason, _ cause: String, at place: UInt64) {
        state = .searching(reason, cause, from: place)
    }

    private mutating func search(
        _ input: UnsafeRawBufferPointer, _ taken: inout Int, _ isLast: Bool, _ reason: RejectionReason,
        _ cause: String, _ from: UInt64
    ) -> Step? {
        let first = taken
        while taken < input.count {
            let rest = UnsafeRawBufferPointer(rebasing: input[taken...])
            guard rest.count >= 4 || isLast else { return .output(0) }
            if Self.beginsMember(rest) { break }
            taken += 1
        }
        let isAtEnd = taken == input.count
        guard !isAtEnd || isLast else { return .output(0) }
        let extent = consumed + UInt64(taken - first) - from
        state = isAtEnd ? .finished : .between
        return .damaged(Unreadable(reason, cause, at: from, extent: extent, in: .compressed))
    }

    /// Surer than the two bytes by which data begin: deflate, and no flag that RFC 1952 reserves.
    private static func beginsMember(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if bytes.starts(with: [0x1F, 0x8B, 0x08]) { return bytes.count >= 4 && bytes[3] & 0xE0 == 0 }
        return bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
    }

    // MARK: Plain

    private mutating func copy(
        _ input: UnsafeRawBufferPointer, _ taken: inout Int, _ isLast: Bool, _ room: UnsafeMutableRawBufferPointer
    ) -> Step? {
        let count = min(room.count, input.count - taken)
        if count == 0, isLast, taken == input.count {
            state = .finished
            return .finished
        }
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[taken..<(taken + count)]))
        taken += count
        produced += UInt64(count)
        return .output(count)
    }

    // MARK: gzip

    private mutating func beginInflating() -> Step? {
        if isInflating {
            isInflating = inflateReset(stream) == Z_OK
        } else {
            isInflating = CZlib_inflateInitGzip(stream) == Z_OK
        }
        if !isInflating { fail(.invalidGzip, "no memory to decompress", at: consumed) }
        return nil
    }

    private mutating func inflate(
        _ input: UnsafeRawBufferPointer, _ taken: inout Int, _ isLast: Bool, _ room: UnsafeMutableRawBufferPointer
    ) -> Step? {
        let available = min(input.count - taken, Int(UInt32.max))
        // zlib does not write through next_in: the const is missing from its oldest declarations only.
        stream.pointee.next_in = input.baseAddress.map {
            UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self) + taken)
        }
        stream.pointee.avail_in = UInt32(available)
        stream.pointee.next_out = room.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) }
        let space = min(room.count, Int(UInt32.max))
        stream.pointee.avail_out = UInt32(space)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        let used = available - Int(stream.pointee.avail_in)
        let written = space - Int(stream.pointee.avail_out)
        taken += used
        produced += UInt64(written)
        let place = consumed + UInt64(used)
        switch status {
        case Z_STREAM_END: state = .between
        case Z_OK, Z_BUF_ERROR:
            if written > 0 || space == 0 { break }
            if taken == input.count {
                guard isLast else { return .output(0) }
                fail(.truncatedGzip, "the gzip data is cut off", at: place)
            } else if used == 0 {
                fail(.invalidGzip, "the gzip data makes no progress", at: place)
            }
        default:
            let cause = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
            fail(.invalidGzip, "damaged gzip data: \(cause)", at: place)
        }
        return written > 0 ? .output(written) : nil
    }

    // MARK: zstd

    private mutating func beginDecompressing() -> Step? {
        if zstd == nil {
            zstd = ZSTD_createDCtx()
            if let zstd { ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, CloudTrailLimits.zstdWindowLog) }
        }
        guard let zstd else {
            fail(.invalidZstd, "no memory to decompress", at: consumed)
            return nil
        }
        ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only)
        return nil
    }

    private mutating func decompress(
        _ input: UnsafeRawBufferPointer, _ taken: inout Int, _ isLast: Bool, _ room: UnsafeMutableRawBufferPointer
    ) -> Step? {
        guard let zstd else { return .finished }
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: taken)
        var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        let status = ZSTD_decompressStream(zstd, &target, &source)
        let used = source.pos - taken
        taken = source.pos
        produced += UInt64(target.pos)
        let place = consumed + UInt64(used)
        if ZSTD_isError(status) != 0 {
            let cause = ZSTD_getErrorName(status).map { String(cString: $0) } ?? "unknown"
            fail(.invalidZstd, "damaged zstd data: \(cause)", at: place)
        } else if status == 0 {
            state = .between
        } else if target.pos == 0, room.count > 0, taken == input.count {
            guard isLast else { return .output(0) }
            fail(.invalidZstd, "the zstd data is cut off", at: place)
        }
        return target.pos > 0 ? .output(target.pos) : nil
    }
}
