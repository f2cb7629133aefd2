// SPDX-License-Identifier: Apache-2.0

/// The custom metadata of a call: an ordered list of names and values in which a name can come several times.
///
/// Names are lower case. A name that ends in `-bin` has binary values; all others have values of printable ASCII.
/// What is added is checked when it is sent: a call with a name or value that can't travel fails with INTERNAL.
public struct Metadata: Sendable, Hashable, RandomAccessCollection,
    ExpressibleByDictionaryLiteral {
    /// A value: text, or bytes of a `-bin` name.
    public enum MetadataValue: Sendable, Hashable {
        /// Printable ASCII.
        case ascii(String)
        /// Any bytes; base64 on the wire.
        case binary([UInt8])
    }

    /// A name and its value.
    public struct Entry: Sendable, Hashable {
        /// In lower case.
        public var name: String
        /// The value.
        public var value: MetadataValue

        /// An entry as it is: the name must be in lower case.
        public init(name: String, value: MetadataValue) {
            self.name = name
            self.value = value
        }
    }

    public typealias Index = Int
    public typealias Element = Entry
    public typealias Key = String
    public typealias Value = String

    private var entries: [Entry] = []

    /// No metadata.
    public init() {}

    /// Text values under their names.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// Adds a text value; other values of the name stay.
    public mutating func add(_ name: String, _ value: String) {
        entries.append(Entry(name: Self.normalised(name), value: .ascii(value)))
    }

    /// Adds a binary value; the name must end in `-bin`.
    public mutating func add(_ name: String, binary value: [UInt8]) {
        entries.append(Entry(name: Self.normalised(name), value: .binary(value)))
    }

    /// Adds an entry as it is.
    public mutating func add(_ entry: Entry) { entries.append(entry) }

    /// Adds all entries of `other`.
    public mutating func add(contentsOf other: Metadata) { entries.append(contentsOf: other.entries) }

    /// Replaces all values of the name by one text value.
    public mutating func replace(_ name: String, with value: String) {
        removeAll(name)
        add(name, value)
    }

    /// Removes all values of the name.
    public mutating func removeAll(_ name: String) {
        let name = Self.normalised(name)
        entries.removeAll { $0.name == name }
    }

    /// The first text value of the name.
    public subscript(_ name: String) -> String? {
        for entry in entries where entry.name == name {
            if case .ascii(let text) = entry.value { return text }
        }
        return nil
    }

    /// The first binary value of the name.
    public subscript(binary name: String) -> [UInt8]? {
        for entry in entries where entry.name == name {
            if case .binary(let bytes) = entry.value { return bytes }
        }
        return nil
    }

    /// All values of the name, in order.
    public func values(_ name: String) -> [MetadataValue] {
        entries.filter { $0.name == name }.map(\.value)
    }

    public var startIndex: Int { entries.startIndex }
    public var endIndex: Int { entries.endIndex }
    public subscript(position: Int) -> Entry { entries[position] }

    private static func normalised(_ name: String) -> String {
        name.utf8.contains(where: { $0 >= 0x41 && $0 <= 0x5A }) ? name.lowercased() : name
    }
}
