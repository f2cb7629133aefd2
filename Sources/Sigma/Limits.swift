// SPDX-License-Identifier: Apache-2.0

/// Every limit of this module.
public enum SigmaLimits {
    /// The largest rule file in bytes.
    public static let fileBytes = 1 << 20
    /// The most YAML nodes in one file, aliases counted as often as they are used.
    public static let yamlNodes = 200_000
    /// The deepest nesting of YAML.
    public static let yamlDepth = 128
    /// The longest title in characters.
    public static let titleCharacters = 256
    /// The longest description in characters.
    public static let descriptionCharacters = 65_535
    /// The longest condition in bytes.
    public static let conditionBytes = 16_384
    /// The deepest nesting of brackets and negations in a condition.
    public static let conditionDepth = 64
    /// The most values in one list after modifiers and placeholders were applied.
    public static let valuesPerItem = 50_000
    /// The most variants that `windash` makes of one value.
    public static let dashVariants = 3_125
    /// The longest string of a rule in bytes.
    public static let patternBytes = 8_192
    /// The longest regular expression in bytes.
    public static let regexBytes = 4_096
    /// The deepest nesting of groups in a regular expression.
    public static let regexNesting: UInt32 = 64
    /// How many steps a regular expression may take on one value; beyond them it does not match.
    public static let regexMatchSteps: UInt32 = 50_000
    /// How deep a regular expression may backtrack where it is interpreted.
    public static let regexMatchDepth: UInt32 = 1_000
    /// The largest stack of a compiled regular expression in bytes.
    public static let regexStackBytes = 256 << 10
    /// The most instructions one rule compiles to.
    public static let instructionsPerRule = 200_000
    /// The most rules that one correlation refers to.
    public static let rulesPerCorrelation = 1_000
    /// The most alternatives that a correlation's condition over rules comes to.
    public static let correlationClauses = 256
    /// The longest timespan of a correlation in seconds.
    public static let timespanSeconds = 400 * 86_400
    /// The most events that are remembered of one group of a correlation.
    public static let correlationEventsPerGroup = 10_000
    /// The most groups that are remembered of all correlations together.
    public static let correlationGroups = 1_000_000
    /// The most bytes, about, that the groups take in memory.
    public static let correlationBytes = 384 << 20
    /// How late an event may come and still be counted, in seconds.
    public static let correlationLatenessSeconds = 3_600
    /// How far an event may lie ahead of the caller's clock, in seconds; one that lies further is forgotten once the clock
    /// is known to be right.
    public static let correlationFutureSeconds = 3_900
    /// In what steps time moves on for windows that wait, in seconds.
    public static let settlingSeconds = 60
    /// The most correlations that may stand on one another, below the uppermost.
    public static let correlationDepth = 16
    /// The most rules that all correlations together count, a rule taken once for each correlation above it.
    public static let correlatedRules = 200_000
    /// How many alternatives for one field an explanation shows one by one; of more it shows those that hold.
    public static let explainedAlternatives = 20
    /// How many values of a field an explanation shows.
    public static let explainedValues = 20
    /// How many characters of a value an explanation shows.
    public static let explainedValueBytes = 400
    /// The most rules in one set.
    public static let rules = 100_000
    /// Into how many values of an index field one rule may be filed; one with more is tried on every record.
    public static let indexValuesPerRule = 100_000
    /// The longest value of a field in bytes whose answers are kept for the next record.
    public static let rememberedValueBytes = 512
    /// For how many combinations of the index fields' values an evaluator remembers which rules to try. A power of two.
    public static let cachedCombinations = 1_024
    /// The longest such combination in bytes.
    public static let cachedCombinationBytes = 256
    /// The most rules that are remembered for all combinations together.
    public static let cachedCandidates = 1 << 17
    /// How many steps of a rule are followed to see whether it can hold on records of a combination.
    static let followedSteps = 64
}
