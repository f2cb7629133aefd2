// SPDX-License-Identifier: Apache-2.0

/// How far a rule is trusted.
public enum SigmaStatus: String, Hashable, Sendable, CaseIterable {
    case stable, test, experimental, deprecated, unsupported
}

/// How bad a match is.
public enum SigmaLevel: String, Hashable, Sendable, CaseIterable, Comparable {
    case informational, low, medium, high, critical

    public static func < (left: SigmaLevel, right: SigmaLevel) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// Which logs a rule is for.
public struct SigmaLogSource: Hashable, Sendable {
    public var category: String?
    public var product: String?
    public var service: String?
    public var definition: String?
}

/// Another rule that a rule came from or replaces.
public struct SigmaRelation: Hashable, Sendable {
    /// What it is to this rule.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case derived, obsolete, merged, renamed, similar
        /// Deprecated by the specification, still met.
        case obsoletes
    }

    public var id: String
    public var kind: Kind
}

/// What rules and correlations have in common.
public struct SigmaMetadata: Hashable, Sendable {
    /// Where the document starts.
    public var file = ""
    public var line = 0
    public var title = ""
    public var id: String?
    public var name: String?
    public var status: SigmaStatus?
    public var level: SigmaLevel?
    public var description: String?
    public var license: String?
    public var author: String?
    public var taxonomy: String?
    /// As written: YYYY-MM-DD, or YYYY/MM/DD in older rules.
    public var date: String?
    public var modified: String?
    public var references: [String] = []
    public var tags: [String] = []
    public var fields: [String] = []
    public var falsePositives: [String] = []
    public var scope: [String] = []
    public var related: [SigmaRelation] = []
    /// Every key that the specification doesn't have, with what stands there.
    public var custom: [String: YAMLNode] = [:]

    /// What a correlation refers to it by, or a person: its id, else its name, else its title.
    public var reference: String { id ?? name ?? title }
}

/// One detection rule.
public struct SigmaRule: Hashable, Sendable {
    public var metadata: SigmaMetadata
    public var logSource: SigmaLogSource
    /// What stands under each search identifier, in the order of the file.
    public var searches: [SigmaSearch]
    /// The condition over these; several conditions are alternatives.
    public var condition: SigmaCondition
    /// The condition with every search put in, and with the filters: what the rule asks of a record.
    public var expression: SigmaExpression
    /// The filters that were added.
    public var filters: [SigmaFilter] = []
}

/// A search identifier and what it stands for.
public struct SigmaSearch: Hashable, Sendable {
    public var name: String
    public var expression: SigmaExpression
    /// Where the file has it.
    public var line: Int
}

/// A question to one record.
public indirect enum SigmaExpression: Hashable, Sendable {
    /// All of them hold. True when there is none.
    case all([SigmaExpression])
    /// At least one of them holds. False when there is none.
    case any([SigmaExpression])
    /// At least this many of them hold.
    case atLeast(Int, [SigmaExpression])
    case not(SigmaExpression)
    case match(SigmaMatch)
}

/// A field and what one of its values has to be.
public struct SigmaMatch: Hashable, Sendable {
    /// The field's path; nil asks for any value of the record.
    public var field: String?
    public var test: SigmaTest

    public init(field: String?, test: SigmaTest) {
        self.field = field
        self.test = test
    }
}

/// What is asked of a value.
public enum SigmaTest: Hashable, Sendable {
    /// The whole text, with wildcards.
    case text(SigmaPattern, cased: Bool)
    /// The same number, or the same text where the record has no number.
    case number(Double, text: String)
    /// The field is absent or null.
    case null
    /// The field is there, be it null.
    case exists
    case compare(SigmaComparison, Double)
    case regex(SigmaRegex)
    case network(SigmaNetwork)
    /// A value stands in this relation to a value of another field.
    case fieldReference(String, SigmaTextRelation, cased: Bool)
    /// A part of a date compared with a number.
    case datePart(SigmaDatePart, SigmaComparison, Int)
}

/// An order of numbers.
public enum SigmaComparison: String, Hashable, Sendable, CaseIterable {
    case less = "lt"
    case lessOrEqual = "lte"
    case greater = "gt"
    case greaterOrEqual = "gte"
    case equal = "eq"
    case notEqual = "neq"

    /// Whether the order holds.
    @inlinable
    public func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool {
        switch self {
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .equal: left == right
        case .notEqual: left != right
        }
    }
}

/// How one text stands to another.
public enum SigmaTextRelation: String, Hashable, Sendable {
    case equals, contains
    case startsWith = "startswith"
    case endsWith = "endswith"
}

/// A part of a date.
public enum SigmaDatePart: String, Hashable, Sendable, CaseIterable {
    case minute, hour, day, week, month, year

    /// The numbers it can be.
    public var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .day: 1...31
        case .week: 1...53
        case .month: 1...12
        case .year: 0...9999
        }
    }
}

/// A regular expression of PCRE.
public struct SigmaRegex: Hashable, Sendable {
    public var pattern: String
    /// `i`
    public var ignoresCase = false
    /// `m`
    public var multiline = false
    /// `s`
    public var dotMatchesNewline = false

    package init(
        pattern: String, ignoresCase: Bool = false, multiline: Bool = false, dotMatchesNewline: Bool = false
    ) {
        self.pattern = pattern
        self.ignoresCase = ignoresCase
        self.multiline = multiline
        self.dotMatchesNewline = dotMatchesNewline
    }
}
