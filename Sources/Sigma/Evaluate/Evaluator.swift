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
    /// Counts records. A text of another generation is of another record.
    let generation: UnsafeMutablePointer<UInt32>
    private let versions: FieldVersions
    /// For each predicate: the version of its field that it was answered for, and the answer in the last bit. Of one that
    /// asks for more than one field, the record.
    private let answers: UnsafeMutablePointer<UInt64>
    /// For each rule: the generation it was tried in, where an index field has several values.
    private let tried: UnsafeMutablePointer<UInt32>
    private let cache = CandidateCache()
    /// Room for the rules that the index leaves.
    private var picked: [Int32] = []
    private static let lastGeneration = UInt32.max >> 1

    public init(_ plan: Plan) {
        self.plan = plan
        folded = FoldedTexts(count: plan.fields.count)
        versions = FieldVersions(plan.fields)
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
        cache.free()
        versions.free()
    }

    /// Appends the indices of the rules that hold on the extractor's current record, in ascending order.
    /// - Parameter extractor: one for the plan's own fields, which has just read a record.
    public func evaluate(_ extractor: RecordExtractor, into matches: inout [Int]) {
        precondition(extractor.fields === plan.fields, "the extractor reads other fields")
        begin(extractor)
        let fields = plan.index.fields
        guard let key = cache.key(fields, extractor) else {
            forEachCandidate(extractor) { rule in
                if run(from: plan.starts.start[Int(rule)], extractor) { matches.append(Int(rule)) }
            }
            return
        }
        if let candidates = cache.find(key, fields, extractor) {
            run(candidates, extractor, &matches)
        } else {
            let candidates = candidates(extractor)
            cache.insert(key, fields, extractor, candidates)
            candidates.withUnsafeBufferPointer { run($0, extractor, &matches) }
        }
    }

    @inline(__always)
    private func run(
        _ candidates: UnsafeBufferPointer<CandidateCache.Candidate>, _ extractor: RecordExtractor,
        _ matches: inout [Int]
    ) {
        for candidate in candidates where run(from: candidate.start, extractor) { matches.append(Int(candidate.rule)) }
    }

    /// Calls `body` with each rule that the index leaves, in ascending order.
    private func forEachCandidate(_ extractor: RecordExtractor, _ body: (Int32) -> Void) {
        let index = plan.index
        var rules: [Int32] = []
        swap(&rules, &picked)
        defer { swap(&rules, &picked) }
        rules.removeAll(keepingCapacity: true)
        for place in 0..<index.always.count { rules.append(index.always[place]) }
        for place in 0..<index.fields.count {
            let field = index.fields[place]
            var at = UInt32(bitPattern: field.slot)
            repeat {
                let entry = extractor.entry(at: at)
                if entry.pointee.kind > Self.nullKind {
                    let bucket = field.table.find(folded.text(Int(at), Self.bytes(entry)))
                    if bucket >= 0 {
                        for place in Int(index.starts[Int(bucket)])..<Int(index.starts[Int(bucket) + 1]) {
                            rules.append(index.rules[place])
                        }
                    }
                }
                at = entry.pointee.next
            } while at != 0
        }
        rules.sort()
        for rule in rules where tried[Int(rule)] != generation.pointee {
            tried[Int(rule)] = generation.pointee
            body(rule)
        }
    }

    /// What to try on all records that have the values of the index fields that the extractor's record has.
    private func candidates(_ extractor: RecordExtractor) -> [CandidateCache.Candidate] {
        var candidates: [CandidateCache.Candidate] = []
        forEachCandidate(extractor) { rule in
            let start = following(plan.starts[Int(rule)], extractor)
            var steps = SigmaLimits.followedSteps
            if canMatch(start, extractor, &steps) {
                candidates.append(CandidateCache.Candidate(rule: rule, start: start))
            }
        }
        return candidates
    }

    /// The first step from one on that asks for another field than the index's.
    private func following(_ start: Int32, _ extractor: RecordExtractor) -> Int32 {
        var at = start
        while at >= 0 {
            let step = plan.instructions.start + Int(at)
            guard plan.isAboutIndex(step.pointee.predicate) else { return at }
            at = answer(step, extractor) ? step.pointee.onTrue : step.pointee.onFalse
        }
        return at
    }

    /// Whether a rule that stands at a step can hold, whatever the fields have that are not the index's. After so many
    /// steps it is taken for granted.
    private func canMatch(_ at: Int32, _ extractor: RecordExtractor, _ steps: inout Int) -> Bool {
        let at = following(at, extractor)
        guard at >= 0 else { return at == Program.match }
        steps -= 1
        guard steps > 0 else { return true }
        let instruction = plan.instructions[Int(at)]
        return canMatch(instruction.onTrue, extractor, &steps) || canMatch(instruction.onFalse, extractor, &steps)
    }

    /// Whether a rule holds on the record that `evaluate` was last given.
    public func holds(rule: Int, _ extractor: RecordExtractor) -> Bool {
        precondition(extractor.fields === plan.fields, "the extractor reads other fields")
        return run(from: plan.starts[rule], extractor)
    }

    @inline(__always) static var nullKind: UInt8 { UInt8(truncatingIfNeeded: TH_JSON_NULL.rawValue) }
    @inline(__always) static var stringKind: UInt8 { UInt8(truncatingIfNeeded: TH_JSON_STRING.rawValue) }

    @inline(__always)
    static func bytes(_ entry: UnsafeMutablePointer<th_json_value>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: entry.pointee.text, count: Int(entry.pointee.length))
    }

    private func begin(_ extractor: RecordExtractor) {
        if generation.pointee == Self.lastGeneration {
            generation.pointee = 0
            tried.update(repeating: 0, count: plan.rules.count)
            folded.clear()
        }
        generation.pointee += 1
        folded.begin(generation: generation.pointee)
        versions.begin(extractor)
    }

    @inline(__always)
    private func run(from start: Int32, _ extractor: RecordExtractor) -> Bool {
        var at = start
        while at >= 0 {
            let step = plan.instructions.start + Int(at)
            at = answer(step, extractor) ? step.pointee.onTrue : step.pointee.onFalse
        }
        return at == Program.match
    }

    /// Whether a step's predicate holds. As long as what it asks for has the same version, so has the answer.
    @inline(__always)
    private func answer(_ step: UnsafePointer<Instruction>, _ extractor: RecordExtractor) -> Bool {
        let predicate = Int(step.pointee.predicate)
        let slot = step.pointee.slot
        let version = slot >= 0 ? versions.version(slot, extractor) : version(ofSeveral: predicate, extractor)
        let known = answers[predicate]
        return known >> 1 == version ? known & 1 == 1 : ask(predicate, version, extractor)
    }

    /// The version of all that a predicate asks for which asks for more than one field.
    private func version(ofSeveral predicate: Int, _ extractor: RecordExtractor) -> UInt64 {
        let asked = plan.predicates.start + predicate
        guard asked.pointee.kind == .fieldReference else { return versions.record }
        // Versions count up, so that the later one changes with either field.
        return max(
            versions.version(asked.pointee.slot, extractor), versions.version(asked.pointee.payload, extractor))
    }

    @inline(never)
    private func ask(_ predicate: Int, _ version: UInt64, _ extractor: RecordExtractor) -> Bool {
        let answer = test(plan.predicates.start + predicate, extractor)
        answers[predicate] = version << 1 | (answer ? 1 : 0)
        return answer
    }
}
