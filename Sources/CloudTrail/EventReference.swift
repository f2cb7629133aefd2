// SPDX-License-Identifier: Apache-2.0

/// One event's place in event time: its time, then its identity. A total order that every run agrees on.
package struct EventReference: Hashable, Comparable, Sendable {
    package let time: Milliseconds
    package let id: EventID
    /// The `eventID` where it is not a GUID in lower case, and so can't be written from `id`.
    private let unusual: String?

    /// - Parameter text: the record's `eventID`.
    package init(time: Milliseconds, text: String) {
        self.time = time
        id = EventID(text)
        unusual = id.guidText == text ? nil : text
    }

    /// - Parameters:
    ///   - id: the identity of a record's `eventID`.
    ///   - text: the `eventID`.
    package init(time: Milliseconds, id: EventID, text: TextView) {
        self.time = time
        self.id = id
        unusual = EventID.guid(text)?.isSmall == true ? nil : text.string()
    }

    /// - Parameter id: the identity of a GUID in lower case.
    package init(time: Milliseconds, id: EventID) {
        self.time = time
        self.id = id
        unusual = nil
    }

    /// Whether `id` is all of the `eventID`.
    package var isPlainGUID: Bool { unusual == nil }

    /// The `eventID` as the record has it.
    package var text: String { unusual ?? id.guidText }

    package static func < (left: EventReference, right: EventReference) -> Bool {
        left.time != right.time ? left.time < right.time : left.id < right.id
    }
}

extension EventID {
    /// The 8-4-4-4-12 form, in lower case.
    package var guidText: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let half = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (index & 15))) & 15
                buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                position += 1
            }
            return position
        }
    }
}
