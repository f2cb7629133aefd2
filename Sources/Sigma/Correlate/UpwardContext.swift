// SPDX-License-Identifier: Apache-2.0

/// Bytes kept with an event: what the correlations above need of it, then the caller's own.
enum UpwardContext {
    static func encode(_ above: [CorrelationObservation], _ prepared: [PreparedCorrelation], _ own: [UInt8]) -> [UInt8]
    {
        var bytes: [UInt8] = []
        let above = above.prefix(Int(UInt8.max))
        bytes.reserveCapacity(1 + above.count * 33 + own.count)
        bytes.append(UInt8(above.count))
        for observation in above {
            for word in [
                prepared[observation.correlation].identity, observation.group.high, observation.group.low,
                observation.value ?? 0,
            ] { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
            bytes.append(observation.value == nil ? 0 : 1)
        }
        bytes += own
        return bytes
    }

    static func own(_ bytes: [UInt8]) -> [UInt8] {
        guard let count = bytes.first else { return [] }
        return Array(bytes.dropFirst(1 + Int(count) * 33))
    }

    /// What the event brings to the correlation of an identity; its indexes are to be set.
    static func observation(_ identity: UInt64, _ bytes: [UInt8]) -> CorrelationObservation? {
        guard let count = bytes.first, bytes.count >= 1 + Int(count) * 33 else { return nil }
        return bytes.withUnsafeBytes { buffer in
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            for index in 0..<Int(count) where word(1 + index * 33) == identity {
                let start = 1 + index * 33
                return CorrelationObservation(
                    correlation: 0, member: 0, group: CorrelationKey(high: word(start + 8), low: word(start + 16)),
                    value: buffer[start + 32] == 1 ? word(start + 24) : nil)
            }
            return nil
        }
    }
}
