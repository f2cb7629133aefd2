// SPDX-License-Identifier: Apache-2.0

/// What waits its turn, the least first: a binary heap. What does not wait any more stays in it until its turn comes, or
/// until so much of it is outdated that it is made anew; whoever takes an element asks whether it still counts.
struct Turns<Element: Comparable & Sendable>: Sendable {
    private var heap: [Element] = []

    /// With what is outdated.
    var count: Int { heap.count }

    var first: Element? { heap.first }

    mutating func insert(_ element: Element) {
        heap.append(element)
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard heap[place] < heap[parent] else { return }
            heap.swapAt(place, parent)
            place = parent
        }
    }

    /// Takes the least out.
    mutating func popFirst() -> Element? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        sink(0)
        return first
    }

    /// Drops everything that does not count any more.
    mutating func keep(where counts: (Element) -> Bool) {
        heap.removeAll { !counts($0) }
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != place else { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
