// SPDX-License-Identifier: Apache-2.0

import CJSON

/// One value of a field. Its bytes are valid until the extractor reads the next record.
public struct FieldValue {
    /// What stands in the record.
    public enum Kind: UInt8, Sendable {
        /// The path leads nowhere.
        case absent = 0
        /// The path leads to arrays without elements, and to nothing else.
        case emptyArray = 1
        case null = 2
        case string = 3
        case number = 4
        case bool = 5
        /// An object, as compact JSON text.
        case object = 6
        /// An object, as it stands in the record.
        case rawObject = 7
    }

    public let kind: Kind
    /// A string's unescaped bytes; a number's or boolean's JSON text; an object's JSON text.
    public let bytes: UnsafeRawBufferPointer

    @inlinable
    public init(kind: Kind, bytes: UnsafeRawBufferPointer) {
        self.kind = kind
        self.bytes = bytes
    }

    /// A copy of the text.
    public var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether the value has a text: neither absent, nor null, nor an empty array.
    @inlinable public var hasText: Bool { kind.rawValue >= Kind.string.rawValue }

    /// The boolean that stands here, or nil.
    @inlinable public var bool: Bool? { kind == .bool ? bytes.count == 4 : nil }
}
