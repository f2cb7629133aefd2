// SPDX-License-Identifier: Apache-2.0

/// Elements that wait, of several parties that take turns: deficit round robin. Each turn gives a party a quantum of weight
/// to spend, so that a party with few light elements waits for one element of another's at most, however many those are. A
/// value without I/O or clock.
///
/// The elements of one party keep their order.
package struct FairLine<Element> {
    /// Names a party.
    package typealias Party = String

    /// An element with what it costs to hold and to work off.
    package struct Entry {
        package let element: Element
        /// The room that it takes.
        package let cost: Int
        /// The work that it is: what turns are counted in.
        package let weight: Int

        package init(_ element: Element, cost: Int, weight: Int) {
            self.element = element
            self.cost = cost
            self.weight = weight
        }
    }

    fileprivate struct Lane {
        // An array, whose removed elements are let go of at once; a slice would hold their payload.
        var entries: [Entry] = []
        var cost = 0
        /// Weight that the party may still spend in this turn.
        var credit = 0
    }

    /// Elements that wait.
    package private(set) var count = 0
    /// What they take.
    package private(set) var cost = 0
    /// The work that they are.
    package private(set) var weight = 0
    private let quantum: Int
    private var lanes: [Party: Lane] = [:]
    /// Parties with elements; the first one has its turn.
    private var turns: ArraySlice<Party> = []

    /// An empty line, in which a turn is so much weight.
    package init(quantum: Int) { self.quantum = max(1, quantum) }

    /// Nothing waits.
    package var isEmpty: Bool { count == 0 }
    /// Parties that have something waiting.
    package var parties: Int { turns.count }
    /// What the elements of a party take.
    package func cost(of party: Party) -> Int { lanes[party]?.cost ?? 0 }
    /// How many elements a party has.
    package func count(of party: Party) -> Int { lanes[party]?.entries.count ?? 0 }
    /// The party's oldest element.
    package func first(of party: Party) -> Entry? { lanes[party]?.entries.first }

    /// Puts an element at the end of its party's lane.
    package mutating func append(_ entry: Entry, of party: Party) {
        if lanes[party] == nil { turns.append(party) }
        lanes[party, default: Lane()].entries.append(entry)
        lanes[party]?.cost += entry.cost
        count += 1
        cost += entry.cost
        weight += entry.weight
    }

    /// Takes the element whose turn it is.
    package mutating func next() -> (party: Party, entry: Entry)? {
        while let party = turns.first {
            guard let head = lanes[party]?.entries.first else {
                turns.removeFirst()
                continue
            }
            // Alone nobody has to wait for anybody's turn.
            if turns.count == 1 {
                lanes[party]?.credit = 0
                return (party, remove(party, head))
            }
            if let credit = lanes[party]?.credit, credit >= head.weight {
                lanes[party]?.credit = credit - head.weight
                return (party, remove(party, head))
            }
            lanes[party]?.credit += quantum
            turns.removeFirst()
            turns.append(party)
        }
        return nil
    }

    /// The first party, in the order of turns, whose oldest element `isWanted` says.
    package func party(where isWanted: (Party, Entry) -> Bool) -> Party? {
        turns.first { party in first(of: party).map { isWanted(party, $0) } ?? false }
    }

    /// Takes the oldest element of the party; its credit pays.
    package mutating func next(of party: Party) -> Entry? {
        guard let head = lanes[party]?.entries.first else { return nil }
        lanes[party]?.credit -= head.weight
        return remove(party, head)
    }

    private mutating func remove(_ party: Party, _ head: Entry) -> Entry {
        count -= 1
        cost -= head.cost
        weight -= head.weight
        lanes[party]?.entries.removeFirst()
        lanes[party]?.cost -= head.cost
        if lanes[party]?.entries.isEmpty ?? true {
            lanes[party] = nil
            turns.removeAll { $0 == party }
        }
        return head
    }
}

extension FairLine: Sendable where Element: Sendable {}
extension FairLine.Entry: Sendable where Element: Sendable {}
extension FairLine.Lane: Sendable where Element: Sendable {}
