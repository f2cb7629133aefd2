// SPDX-License-Identifier: Apache-2.0

/// A whole JSON value, for cold paths: rule tests, fixtures, configuration. Records on the hot path are read by
/// `RecordExtractor`.
public indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number as it was written, so that nothing is lost.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Reads exactly one value.
    public init(parsing text: some Sequence<UInt8>) throws(JSONError) {
        var reader = JSONReader(Array(text))
        self = try reader.document()
    }

    /// Reads exactly one value.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: text.utf8)
    }

    /// The member of an object, or nil.
    public subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    /// The element of an array, or nil.
    public subscript(index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    /// The text of a string, or nil.
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    /// The boolean, or nil.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The number as an integer, or nil when it is none or does not fit.
    public var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    /// The number, or nil.
    public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
    /// The elements of an array, or nil.
    public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    /// The object, or nil.
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// Compact JSON text.
    public var text: String {
        var writer = JSONWriter()
        writer.value(self)
        return writer.text
    }
}

/// An object's members in the order of the text. Of a repeated key the last counts.
public struct JSONObject: Hashable, Sendable {
    /// One member.
    public struct Member: Hashable, Sendable {
        public var key: String
        public var value: JSONValue

        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    public private(set) var members: [Member] = []
    private var places: [String: Int] = [:]

    public init() {}

    /// An object of these members.
    public init(_ members: [(String, JSONValue)]) {
        for (key, value) in members { self[key] = value }
    }

    /// The value of a key. Nil takes the member away.
    public subscript(key: String) -> JSONValue? {
        get { places[key].map { members[$0].value } }
        set {
            switch (places[key], newValue) {
            case (let place?, let value?): members[place].value = value
            case (nil, let value?):
                places[key] = members.count
                members.append(Member(key: key, value: value))
            case (let place?, nil):
                members.remove(at: place)
                places = [:]
                for (place, member) in members.enumerated() { places[member.key] = place }
            case (nil, nil): break
            }
        }
    }
}
