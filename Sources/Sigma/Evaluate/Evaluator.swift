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
        begin()
        guard let key = cache.key(plan.index.fields, extractor) else {
            forEachCandidate(extractor) { rule in
                if run(from: plan.starts.start[Int(rule)], extractor) { matches.append(Int(rule)) }
            }
            return
        }
        if let candidates = cache.find(key) {
            run(candidates, extractor, &matches)
        } else {
            let candidates = candidates(extractor)
            cache.insert(key, candidates)
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
            let instruction = plan.instructions[Int(at)]
            guard plan.isAboutIndex(instruction.predicate) else { return at }
            at = answer(instruction.predicate, extractor) ? instruction.onTrue : instruction.onFalse
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

    private func begin() {
        if generation.pointee == Self.lastGeneration {
            generation.pointee = 0
            tried.update(repeating: 0, count: plan.rules.count)
            folded.clear()
        }
        generation.pointee += 1
        folded.begin(generation: generation.pointee)
        versions.begin()
    }

    @inline(__always)
    private func run(from start: Int32, _ extractor: RecordExtractor) -> Bool {
        var at = start
        while at >= 0 {
            let instruction = plan.instructions.start[Int(at)]
            at = answer(instruction.predicate, extractor) ? instruction.onTrue : instruction.onFalse
        }
        return at == Program.match
    }

    /// What the answer to a predicate is good for: as long as this number is the same, so is what it asks for.
    @inline(__always)
    private func version(_ predicate: UnsafePointer<Predicate>, _ extractor: RecordExtractor) -> UInt64 {
        if predicate.pointee.asksOneField { return versions.version(predicate.pointee.slot, extractor) }
        guard predicate.pointee.kind == .fieldReference else { return versions.record }
        // Versions count up, so that the later one changes with either field.
        return max(
            versions.version(predicate.pointee.slot, extractor), versions.version(predicate.pointee.payload, extractor))
    }

    @inline(__always)
    private func answer(_ predicate: Int32, _ extractor: RecordExtractor) -> Bool {
        let asked = plan.predicates.start + Int(predicate)
        extractor.fill(asked.pointee.deferral)
        let version = version(asked, extractor)
        let known = answers[Int(predicate)]
        if known >> 1 == version { return known & 1 == 1 }
        let answer = test(asked, extractor)
        answers[Int(predicate)] = version << 1 | (answer ? 1 : 0)
        return answer
    }
}
