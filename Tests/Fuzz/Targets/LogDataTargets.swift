// SPDX-License-Identifier: Apache-2.0

import CloudTrail

extension FuzzTarget {
    /// Log data of any form. The first byte says how it comes, by its bits:
    /// - bits 0 to 2: in pieces of 1 to 8 bytes, which has to make no difference;
    /// - bit 3: as a gzip member, bit 4: as two of them;
    /// - bits 5 and 6: without so many bytes at its end.
    package static let logData = FuzzTarget("log-data") { input in
        var reader = InputReader(input)
        let mode = Int(reader.byte())
        var bytes = Array(reader.all().prefix(32_768))
        if mode & 8 != 0 {
            let half = mode & 16 != 0 ? bytes.count / 2 : bytes.count
            bytes = LogDataFuzz.member(bytes[..<half]) + LogDataFuzz.member(bytes[half...])
        }
        bytes.removeLast(min(bytes.count, mode >> 5 & 3))
        let whole = LogDataFuzz.read(bytes, piece: .max)
        require(LogDataFuzz.read(bytes, piece: 1 + mode & 7) == whole, "the cut makes a difference")
        require(!whole.isEmpty || !bytes.isEmpty, "nothing is told of nothing")
    }
}

private enum LogDataFuzz {
    /// What a reader makes of data, in words.
    static func read(_ data: [UInt8], piece: Int) -> [String] {
        let reader = LogDataReader(recordLimit: 2_000)
        var rest = data[...]
        var found: [String] = []
        while true {
            switch reader.next() {
            case .record(let record, let offset, let extent):
                require(!record.isEmpty, "a record without bytes")
                require(record.count <= 2_000, "a record beyond the limit")
                found.append("\(offset)+\(extent) \(record.count) \(record.reduce(0) { ($0 &* 31) &+ Int($1) })")
            case .unreadable(let damage, let bytes):
                require(bytes.isEmpty || UInt64(bytes.count) == damage.extent, "bytes of another extent")
                found.append("\(damage)")
            case .needsInput:
                if rest.isEmpty {
                    reader.finish()
                } else {
                    Array(rest.prefix(piece)).withUnsafeBytes { reader.feed($0) }
                    rest = rest.dropFirst(piece)
                }
            case .end: return found
            }
            require(found.count <= 2 * data.count + 2_000_000, "more findings than bytes")
        }
    }

    /// A gzip member that holds bytes as they are.
    static func member(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1]
        let count = UInt16(truncatingIfNeeded: bytes.count)
        for size in [count, ~count] {
            member += [UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8)]
        }
        member += bytes
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        for value in [~crc, UInt32(bytes.count)] {
            for shift in [0, 8, 16, 24] as [UInt32] { member.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        return member
    }
}
