// SPDX-License-Identifier: Apache-2.0

import JSON

/// Why rules can't be compiled. A rule that was parsed without an error compiles, but for limits on what all rules
/// together take.
public struct PlanError: Error, Sendable, CustomStringConvertible {
    public let message: String
    /// The rule at fault, where it is one.
    public internal(set) var rule: String?

    init(message: String, rule: String? = nil) {
        self.message = message
        self.rule = rule
    }

    public var description: String { rule.map { "rule \($0): \(message)" } ?? message }
}

/// All rules made into one plan: the fields to extract, the predicates without repetition, a program for each rule, and
/// an index that picks the rules worth trying. Immutable; any number of evaluators on any threads share one.
public final class Plan: Sendable {
    /// The rules; a match is an index into them.
    public let rules: [SigmaRule]
    /// The fields of all rules and the caller's own.
    public let fields: CompiledFields
    /// How many different questions the rules ask of records.
    public var predicateCount: Int { predicates.count }
    /// How many rules are tried on every record, since they need no value of an index field.
    public var unindexedRuleCount: Int { index.always.count }

    private let regexes: [CompiledRegex]

    // What follows is written in init, freed in deinit, and only read in between.
    nonisolated(unsafe) let predicates: Frozen<Predicate>
    nonisolated(unsafe) let tables: Frozen<StringTable>
    nonisolated(unsafe) let wildcards: Frozen<WildcardMatcher>
    nonisolated(unsafe) let networks: Frozen<SigmaNetwork>
    nonisolated(unsafe) let regexCodes: Frozen<OpaquePointer>
    nonisolated(unsafe) let bytes: Frozen<UInt8>
    nonisolated(unsafe) let numbers: Frozen<Double>
    nonisolated(unsafe) let instructions: Frozen<Instruction>
    nonisolated(unsafe) let starts: Frozen<Int32>
    nonisolated(unsafe) let index: RuleIndex

    /// Compiles rules.
    /// - Parameters:
    ///   - rules: what to evaluate; a match is an index into this array.
    ///   - indexFields: fields whose values tell most rules apart.
    ///   - extraFields: fields that the caller reads itself; they keep their slots.
    ///   - kept: so many of the first extra fields are read of every record; what neither they nor the index fields need is
    ///     read only of records on which a rule comes to ask for it. The caller calls `RecordExtractor.fill` before it
    ///     reads other fields. Nil to read all fields of every record.
    ///   - remembered: a member of the record whose objects come again and again, such as who calls.
    ///   - onDemand: so many of the last rules are not tried on every record: `Evaluator.holds` asks them.
    public init(
        _ rules: [SigmaRule], indexFields: [String] = [], extraFields: FieldSet = FieldSet(), keeping kept: Int? = nil,
        remembering remembered: String? = nil, onDemand: Int = 0
    ) throws(PlanError) {
        guard rules.count <= SigmaLimits.rules else {
            throw PlanError(message: "more than \(SigmaLimits.rules) rules")
        }
        var builder = PredicateBuilder(fields: extraFields)
        var program = Program()
        var starts: [Int32] = []
        for rule in rules {
            do throws(PlanError) {
                let node = try builder.node(rule.expression)
                starts.append(try program.add(node, cost: { builder.cost($0) }))
            } catch {
                throw PlanError(message: error.message, rule: rule.metadata.reference)
            }
        }
        var slots: [(path: String, slot: Int32)] = []
        for field in indexFields {
            do {
                slots.append((field, Int32(try builder.fields.insert(field))))
            } catch {
                throw PlanError(message: error.description)
            }
        }
        self.rules = rules
        fields = builder.fields.compile(
            keeping: kept.map { Array(0..<$0) + slots.map { Int($0.slot) } }, remembering: remembered)
        if kept != nil {
            for index in builder.predicates.indices where builder.predicates[index].slot >= 0 {
                let predicate = builder.predicates[index]
                let other = predicate.kind == .fieldReference ? predicate.payload : predicate.slot
                builder.predicates[index].deferral =
                    fields.deferral(Int(predicate.slot)) | fields.deferral(Int(other))
            }
        }
        regexes = builder.regexes
        predicates = Frozen(builder.predicates)
        tables = Frozen(builder.tables)
        wildcards = Frozen(builder.wildcards)
        networks = Frozen(builder.networks)
        regexCodes = Frozen(builder.regexes.map(\.code))
        bytes = Frozen(builder.bytes)
        numbers = Frozen(builder.numbers)
        instructions = Frozen(
            program.instructions.map { step in
                var step = step
                let asked = builder.predicates[Int(step.predicate)]
                if asked.asksOneField { step.slot = asked.slot }
                return step
            })
        self.starts = Frozen(starts)
        index = RuleIndex(rules.dropLast(onDemand).map(\.expression), fields: slots)
    }

    /// Whether a predicate asks for an index field and nothing else.
    func isAboutIndex(_ predicate: Int32) -> Bool {
        let predicate = predicates[Int(predicate)]
        guard predicate.kind != .fieldReference else { return false }
        return (0..<index.fields.count).contains { index.fields[$0].slot == predicate.slot }
    }

    deinit {
        for table in 0..<tables.count { tables[table].free() }
        for wildcard in 0..<wildcards.count { wildcards[wildcard].free() }
        predicates.free()
        tables.free()
        wildcards.free()
        networks.free()
        regexCodes.free()
        bytes.free()
        numbers.free()
        instructions.free()
        starts.free()
        index.free()
    }
}
