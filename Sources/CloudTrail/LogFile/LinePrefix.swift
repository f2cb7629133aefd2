// SPDX-License-Identifier: Apache-2.0

/// What stands before a record on its line: the time in lines that CloudWatch Logs exports to S3,
/// `2026-01-02T03:04:05.678Z {…}`.
enum LinePrefix: Equatable {
    /// A timestamp and blanks, so many bytes, and an object behind them.
    case timestamp(Int)
    case none
    /// More bytes have to tell.
    case undecided

    /// Reads the beginning of a line that begins with a digit.
    init(_ line: UnsafeRawBufferPointer, atEnd: Bool) {
        var index = 0
        for expected in "0000-00-00T00:00:00".utf8 {
            guard index < line.count else {
                self = atEnd ? .none : .undecided
                return
            }
            let isExpected = expected == UInt8(ascii: "0") ? Self.isDigit(line[index]) : line[index] == expected
            guard isExpected else {
                self = .none
                return
            }
            index += 1
        }
        var hasZone = false
        while index < min(line.count, CloudTrailLimits.linePrefixBytes) {
            let byte = line[index]
            if hasZone, byte == UInt8(ascii: "{"), line[index - 1] == 0x20 {
                self = .timestamp(index)
                return
            }
            let isExpected =
                hasZone ? byte == 0x20 : byte == UInt8(ascii: ".") || byte == UInt8(ascii: "Z") || Self.isDigit(byte)
            guard isExpected else {
                self = .none
                return
            }
            hasZone = hasZone || byte == UInt8(ascii: "Z")
            index += 1
        }
        self = atEnd || line.count >= CloudTrailLimits.linePrefixBytes ? .none : .undecided
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
