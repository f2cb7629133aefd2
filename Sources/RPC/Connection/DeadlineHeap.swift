// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Something with a deadline that knows its place in the heap, so that it can be taken out without a search.
package protocol HasDeadline: AnyObject {
    var deadline: NIODeadline? { get }
    /// The place in the heap; negative outside of it. Only the heap writes it.
    var deadlineIndex: Int { get set }
}

/// The deadlines of a connection's open calls: a binary heap that holds no call longer than it is open.
package struct DeadlineHeap<Element: HasDeadline> {
    private var elements: [Element] = []

    /// An empty heap.
    package init() {}

    /// The earliest deadline.
    package var earliest: NIODeadline? { elements.first?.deadline }

    /// Takes in an element that has a deadline and is in no heap.
    package mutating func insert(_ element: Element) {
        guard element.deadline != nil, element.deadlineIndex < 0 else { return }
        elements.append(element)
        element.deadlineIndex = elements.count - 1
        siftUp(elements.count - 1)
    }

    /// Takes the element out, if it is in.
    package mutating func remove(_ element: Element) {
        let index = element.deadlineIndex
        guard index >= 0, index < elements.count, elements[index] === element else { return }
        element.deadlineIndex = -1
        let last = elements.removeLast()
        guard last !== element else { return }
        place(last, at: index)
        siftDown(index)
        siftUp(index)
    }

    /// Takes out one element whose deadline has come.
    package mutating func popDue(_ now: NIODeadline) -> Element? {
        guard let first = elements.first, let deadline = first.deadline, deadline <= now else { return nil }
        remove(first)
        return first
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (elements[left].deadline ?? .distantFuture) < (elements[right].deadline ?? .distantFuture)
    }

    private mutating func place(_ element: Element, at index: Int) {
        elements[index] = element
        element.deadlineIndex = index
    }

    private mutating func exchange(_ left: Int, _ right: Int) {
        let moved = elements[left]
        place(elements[right], at: left)
        place(moved, at: right)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, isBefore(index, (index - 1) / 2) {
            exchange(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2] where child < elements.count && isBefore(child, smallest) {
                smallest = child
            }
            if smallest == index { return }
            exchange(index, smallest)
            index = smallest
        }
    }
}
