// SPDX-License-Identifier: Apache-2.0

import CJSON

/// Why bytes were refused, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is the matter with them.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Nothing but white space.
        case empty
        /// A grammar error, a control character in a string, a bad escape, a malformed number.
        case notJSON = "not_json"
        /// Valid JSON, but the root is no object.
        case notAnObject = "not_an_object"
        case invalidUTF8 = "invalid_utf8"
        /// Nested deeper than `JSONLimits.depth`.
        case tooDeep = "too_deep"
        /// The input ends within a value.
        case truncated
        /// Something follows the root value.
        case trailingData = "trailing_data"
        /// The document has no member `Records` that is an array.
        case noRecords = "no_records"
        /// Larger than `JSONLimits.documentBytes`.
        case tooLarge = "too_large"
        case outOfMemory = "out_of_memory"
    }

    public let reason: Reason
    /// Where the error was found, in bytes from the start of the input; 0 where that is not known.
    public let offset: Int

    public init(_ reason: Reason, offset: Int = 0) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String {
        let what =
            switch reason {
            case .empty: "empty"
            case .notJSON: "not JSON"
            case .notAnObject: "JSON, but no object"
            case .invalidUTF8: "invalid UTF-8"
            case .tooDeep: "nested deeper than \(JSONLimits.depth) levels"
            case .truncated: "cut off within a value"
            case .trailingData: "data behind the end of the value"
            case .noRecords: "no array of Records"
            case .tooLarge: "larger than \(JSONLimits.documentBytes) bytes"
            case .outOfMemory: "out of memory"
            }
        return offset > 0 ? "\(what), at byte \(offset)" : what
    }

    init(_ status: th_json_status, offset: Int) {
        let reason: Reason =
            switch status {
            case TH_JSON_EMPTY: .empty
            case TH_JSON_NOT_OBJECT, TH_JSON_ELEMENT_NOT_OBJECT: .notAnObject
            case TH_JSON_INVALID_UTF8: .invalidUTF8
            case TH_JSON_TOO_DEEP: .tooDeep
            case TH_JSON_TRUNCATED: .truncated
            case TH_JSON_TRAILING: .trailingData
            case TH_JSON_NO_RECORDS: .noRecords
            case TH_JSON_TOO_LARGE: .tooLarge
            case TH_JSON_NO_MEMORY: .outOfMemory
            default: .notJSON
            }
        self.init(reason, offset: offset)
    }
}
