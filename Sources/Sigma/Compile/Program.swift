// SPDX-License-Identifier: Apache-2.0

/// One step of a rule: a predicate, and where to go on for each answer.
struct Instruction {
    var predicate: Int32
    /// An instruction, `Program.match` or `Program.noMatch`.
    var onTrue: Int32
    var onFalse: Int32
    /// The one field that the predicate asks for; -1 where there are more.
    var slot: Int32 = -1
}

/// Turns questions over predicates into steps that jump as soon as the answer is known.
struct Program {
    static let match: Int32 = -1
    static let noMatch: Int32 = -2

    private(set) var instructions: [Instruction] = []
    private var limit = 0

    /// Adds a rule and returns where it starts: an instruction, `match` or `noMatch`.
    mutating func add(_ node: PredicateNode, cost: (Int32) -> Int) throws(PlanError) -> Int32 {
        limit = instructions.count + SigmaLimits.instructionsPerRule
        return try emit(Self.ordered(node, cost: cost).node, Self.match, Self.noMatch)
    }

    /// Adds the steps of a node, which end at one of two targets, and returns where they start. What comes later in a
    /// chain is added first, since its start has to be known.
    private mutating func emit(_ node: PredicateNode, _ yes: Int32, _ no: Int32) throws(PlanError) -> Int32 {
        switch node {
        case .constant(let value): return value ? yes : no
        case .test(let predicate):
            guard instructions.count < limit else {
                throw PlanError(message: "compiles to more than \(SigmaLimits.instructionsPerRule) steps")
            }
            instructions.append(Instruction(predicate: predicate, onTrue: yes, onFalse: no))
            return Int32(instructions.count - 1)
        case .all(let parts):
            var next = yes
            for part in parts.reversed() { next = try emit(part, next, no) }
            return next
        case .any(let parts):
            var next = no
            for part in parts.reversed() { next = try emit(part, yes, next) }
            return next
        case .not(let part): return try emit(part, no, yes)
        case .atLeast(let count, let parts): return try emit(atLeast: count, parts, yes, no)
        }
    }

    /// A grid: one row for each part, one column for each number still needed.
    private mutating func emit(
        atLeast count: Int, _ parts: [PredicateNode], _ yes: Int32, _ no: Int32
    ) throws(PlanError) -> Int32 {
        guard count > 0 else { return yes }
        guard count <= parts.count else { return no }
        // starts[needed] is where to go on with the parts behind the current one; more needed than left is `no`.
        var starts = [yes] + [Int32](repeating: no, count: count)
        for part in parts.reversed() {
            var before = starts
            for needed in 1...count {
                before[needed] =
                    starts[needed] == starts[needed - 1]
                    ? starts[needed] : try emit(part, starts[needed - 1], starts[needed])
            }
            starts = before
        }
        return starts[count]
    }

    /// The same question with cheap parts before dear ones.
    private static func ordered(_ node: PredicateNode, cost: (Int32) -> Int) -> (node: PredicateNode, cost: Int) {
        func sorted(_ parts: [PredicateNode]) -> (nodes: [PredicateNode], cost: Int) {
            let parts = parts.map { ordered($0, cost: cost) }
            let order = parts.indices.sorted { (parts[$0].cost, $0) < (parts[$1].cost, $1) }
            return (order.map { parts[$0].node }, parts.reduce(0) { $0 + $1.cost })
        }
        switch node {
        case .constant: return (node, 0)
        case .test(let predicate): return (node, cost(predicate))
        case .not(let part):
            let inner = ordered(part, cost: cost)
            return (.not(inner.node), inner.cost)
        case .all(let parts):
            let inner = sorted(parts)
            return (.all(inner.nodes), inner.cost)
        case .any(let parts):
            let inner = sorted(parts)
            return (.any(inner.nodes), inner.cost)
        case .atLeast(let count, let parts):
            let inner = sorted(parts)
            return (.atLeast(count, inner.nodes), inner.cost)
        }
    }
}
