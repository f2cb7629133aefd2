// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

// The fields that several parts of the stream's state write into their logs.

extension FieldWriter {
    /// A number that may be negative.
    mutating func signed(_ value: Int64) { varint(UInt64(bitPattern: value)) }

    /// A key, then an event of it.
    mutating func place(_ key: CorrelationKey, _ event: HeldMatches.EventKey) {
        for word in [key.high, key.low, event.id.high, event.id.low] {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        signed(event.time)
    }

    mutating func geography(_ place: Geography.Place) {
        for number in [place.latitude, place.longitude, place.radius] { varint(number.bitPattern.byteSwapped) }
        string(place.name)
    }
}

extension FieldReader {
    /// A number within what event times can be, so that sums of a few can't overflow.
    mutating func signed() throws(AlertCodec.Malformed) -> Int64 {
        let value = Int64(bitPattern: try number())
        guard abs(value / 4) < 1 << 56 else { throw AlertCodec.Malformed() }
        return value
    }

    mutating func account() throws(AlertCodec.Malformed) -> AccountID {
        guard let account = AccountID(number: try number()) else { throw AlertCodec.Malformed() }
        return account
    }

    /// A word of eight bytes, little-endian.
    mutating func word() throws(AlertCodec.Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            guard let next = byte() else { throw AlertCodec.Malformed() }
            value |= UInt64(next) << shift
        }
        return value
    }

    mutating func place() throws(AlertCodec.Malformed) -> (CorrelationKey, HeldMatches.EventKey) {
        let key = CorrelationKey(high: try word(), low: try word())
        let id = EventID(high: try word(), low: try word())
        return (key, HeldMatches.EventKey(time: try signed(), id: id))
    }

    mutating func geography() throws(AlertCodec.Malformed) -> Geography.Place {
        var numbers: [Double] = []
        for _ in 0..<3 { numbers.append(Double(bitPattern: try number().byteSwapped)) }
        guard numbers.allSatisfy(\.isFinite) else { throw AlertCodec.Malformed() }
        return Geography.Place(latitude: numbers[0], longitude: numbers[1], radius: numbers[2], name: try string())
    }
}
