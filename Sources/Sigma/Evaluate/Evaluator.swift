// SPDX-License-Identifier: Apache-2.0

import CJSON
import JSON

/// Evaluates a plan on records, one after the other. One worker owns one evaluator; after it has warmed up, nothing is
/// allocated per record.
public final class Evaluator {
    public let plan: Plan
    /// How often a regular expression was given up for taking too many steps; such a one counts as no match.
    public var regexLimitHits: Int { regexes.limitHits }

    let folded: FoldedTexts
    let regexes = RegexRunner()
    var allValues = AllValues()
    /// Counts records. An answer or text of another generation is of another record.
    let generation: UnsafeMutablePointer<UInt32>
    /// For each predicate: the generation it was answered in, and the answer in the last bit.
    private let answers: UnsafeMutablePointer<UInt32>
    /// For each rule: the generation it was tried in, where an index field has several values.
    private let tried: UnsafeMutablePointer<UInt32>
    private static let lastGeneration = UInt32.max >> 1

    public init(_ plan: Plan) {
        self.plan = plan
        folded = FoldedTexts(count: plan.fields.count)
        answers = .allocate(capacity: max(1, plan.predicates.count))
        answers.initialize(repeating: 0, count: max(1, plan.predicates.count))
        tried = .allocate(capacity: max(1, plan.rules.count))
        tried.initialize(repeating: 0, count: max(1, plan.rules.count))
        generation = .allocate(capacity: 1)
        generation.initialize(to: 0)
    }

    deinit {
        answers.deallocate()
        tried.deallocate()
        generation.deallocate()
        folded.free()
    }

    /// Appends the indices of the rules that hold on the extractor's current record, in ascending order.
    /// - Parameter extractor: one for the plan's own fields, which has just read a record.
    public func evaluate(_ extractor: RecordExtractor, into matches: inout [Int]) {
        precondition(extractor.fields === plan.fields, "the extractor reads other fields")
        begin()
        let before = matches.count
        let index = plan.index
        for place in 0..<index.always.count where run(index.always[place], extractor) {
            matches.append(Int(index.always[place]))
        }
        for place in 0..<index.fields.count {
            let field = index.fields[place]
            var at = UInt32(bitPattern: field.slot)
            while true {
                let entry = extractor.entry(at: at)
                guard entry.pointee.kind > Self.nullKind else {
                    at = entry.pointee.next
                    if at == 0 { break }
                    continue
                }
                let bucket = field.table.find(folded.text(Int(at), Self.bytes(entry)))
                // Running a rule may move the entries.
                let next = entry.pointee.next
                let hasSeveral = at != UInt32(bitPattern: field.slot) || next != 0
                if bucket >= 0 { runBucket(Int(bucket), extractor, onlyOnce: hasSeveral, &matches) }
                at = next
                if at == 0 { break }
            }
        }
        if matches.count - before > 1 { matches[before...].sort() }
    }

    /// Whether a rule holds on the record that `evaluate` was last given.
    public func holds(rule: Int, _ extractor: RecordExtractor) -> Bool {
        precondition(extractor.fields === plan.fields, "the extractor reads other fields")
        return run(Int32(rule), extractor)
    }

    static let nullKind = UInt8(truncatingIfNeeded: TH_JSON_NULL.rawValue)

    @inline(__always)
    static func bytes(_ entry: UnsafeMutablePointer<th_json_value>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: entry.pointee.text, count: Int(entry.pointee.length))
    }

    private func begin() {
        if generation.pointee == Self.lastGeneration {
            generation.pointee = 0
            answers.update(repeating: 0, count: plan.predicates.count)
            tried.update(repeating: 0, count: plan.rules.count)
            folded.clear()
        }
        generation.pointee += 1
        folded.begin(generation: generation.pointee)
    }

    @inline(__always)
    private func runBucket(_ bucket: Int, _ extractor: RecordExtractor, onlyOnce: Bool, _ matches: inout [Int]) {
        let index = plan.index
        for place in Int(index.starts[bucket])..<Int(index.starts[bucket + 1]) {
            let rule = index.rules[place]
            if onlyOnce {
                if tried[Int(rule)] == generation.pointee { continue }
                tried[Int(rule)] = generation.pointee
            }
            if run(rule, extractor) { matches.append(Int(rule)) }
        }
    }

    @inline(__always)
    private func run(_ rule: Int32, _ extractor: RecordExtractor) -> Bool {
        var at = plan.starts[Int(rule)]
        while at >= 0 {
            let instruction = plan.instructions[Int(at)]
            at = answer(instruction.predicate, extractor) ? instruction.onTrue : instruction.onFalse
        }
        return at == Program.match
    }

    @inline(__always)
    private func answer(_ predicate: Int32, _ extractor: RecordExtractor) -> Bool {
        let known = answers[Int(predicate)]
        if known >> 1 == generation.pointee { return known & 1 == 1 }
        let answer = test(plan.predicates.start + Int(predicate), extractor)
        answers[Int(predicate)] = generation.pointee << 1 | (answer ? 1 : 0)
        return answer
    }
}
