// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Makes the ids of alerts.
enum AlertID {
    /// A UUID of version 7: the time of creation, the alert's place in its commit group, and a hash of what it is
    /// about. So ids sort by creation, and nobody who writes events can aim at the id of an alert that exists.
    static func make(key: Alert.Key, creator: EventReference, now: Milliseconds, ordinal: Int) -> String {
        var text =
            "\(key.detectionID)\n\(key.accountID)\n\(key.principal)\n\(creator.time)\n\(creator.text)\n\(ordinal)"
        let hash = text.withUTF8 { StableHash.hash(UnsafeRawBufferPointer($0), seed: 0x616C_6572_7449_4431) }
        let time = UInt64(clamping: now) & 0xFFFF_FFFF_FFFF
        let high = time << 16 | 0x7000 | UInt64(ordinal & 0xFFF)
        return EventID(high: high, low: hash & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000).guidText
    }
}
