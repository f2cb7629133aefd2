// SPDX-License-Identifier: Apache-2.0

/// Bytes of log data that hold no record, and are no part of what may stand around records: damage.
package struct Unreadable: Error, Sendable, Equatable {
    /// The data that `offset` counts in.
    package enum Space: Sendable {
        /// After decompression.
        case document
        /// As it arrived.
        case compressed
    }

    package let reason: RejectionReason
    /// The cause, without the place.
    package let cause: String
    /// The first byte, counted from 0.
    package let offset: UInt64
    /// How many bytes; 0 where something is missing.
    package let extent: UInt64
    package let space: Space
    /// Where the Base64 text begins that `offset` counts in; nil outside of one.
    package private(set) var base64: UInt64?

    package init(
        _ reason: RejectionReason, _ cause: String, at offset: UInt64, extent: UInt64, in space: Space = .document
    ) {
        self.reason = reason
        self.cause = cause
        self.offset = offset
        self.extent = extent
        self.space = space
    }

    /// The finding of data that stood as a Base64 text at a place.
    func within(base64 place: UInt64) -> Unreadable {
        var found = self
        found.base64 = place
        return found
    }

    /// The cause with the place and the extent.
    package var rejection: Rejection {
        let compressed = space == .compressed ? " of the compressed data" : ""
        let data =
            base64.map { "\(compressed.isEmpty ? " of the data" : compressed) in the Base64 text at byte \($0)" }
            ?? compressed
        let size = extent == 0 ? "" : extent == 1 ? ", 1 byte" : ", \(extent) bytes"
        return Rejection(reason, "\(cause), at byte \(offset)\(data)\(size)")
    }

    /// The damaged bytes of compressed data.
    package func bytes(of data: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let first = Int(min(offset, UInt64(data.count)))
        let count = Int(min(extent, UInt64(data.count - first)))
        return UnsafeRawBufferPointer(rebasing: data[first..<(first + count)])
    }
}

extension Rejection {
    /// The refusal of a record with its place in the data.
    package func at(_ place: Range<Int>) -> Rejection { at(UInt64(max(0, place.lowerBound)), extent: place.count) }

    package func at(_ offset: UInt64, extent: Int) -> Rejection {
        Rejection(reason, "\(detail) (the record begins at byte \(offset) of the data and has \(extent) bytes)")
    }
}
