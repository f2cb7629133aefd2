// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Respond

/// Makes the ids of remediations.
enum RemediationID {
    /// A UUID of version 7 whose random part is a hash of what the remediation is: the same alert, action and target
    /// give the same id, so that an alert that is read again starts nothing anew.
    ///
    /// - Parameter time: of the alert's creation, or of the person's command.
    /// - Parameter reason: the alert's id, or an id of the command's own.
    static func make(
        _ action: RemediationAction, _ target: RemediationTarget, reason: String, time: Milliseconds
    ) -> String {
        var text = "\(action.rawValue)\n\(target.accountID)\n\(target.text)\n\(reason)"
        let (first, second) = text.withUTF8 { text in
            let bytes = UnsafeRawBufferPointer(text)
            return (
                StableHash.hash(bytes, seed: 0x7265_6D65_6469_6131), StableHash.hash(bytes, seed: 0x7265_6D65_6469_6132)
            )
        }
        let high = (UInt64(clamping: time) & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | (first & 0xFFF)
        return EventID(high: high, low: second & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000).guidText
    }
}
