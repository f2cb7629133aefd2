// SPDX-License-Identifier: Apache-2.0

/// A place for one value of a type that its owner knows: an optional of a generic type would have its metadata looked up at
/// every touch. The owner destroys what it has not taken.
package struct RequestSlot {
    private enum State { case empty, inPlace, elsewhere }

    private var state = State.empty
    /// The value, or the address of its memory where it does not fit.
    private var memory: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// No value is in.
    package var isEmpty: Bool { state == .empty }

    /// A place without a value.
    package init() {}

    /// Puts a value in, where there is none.
    package mutating func put<Value>(_ value: Value) {
        guard isEmpty else { return }
        let fits =
            MemoryLayout<Value>.size <= MemoryLayout.size(ofValue: memory)
            && MemoryLayout<Value>.alignment <= MemoryLayout<UInt64>.alignment
        state = fits ? .inPlace : .elsewhere
        withUnsafeMutableBytes(of: &memory) { memory in
            if fits {
                memory.baseAddress?.initializeMemory(as: Value.self, to: value)
            } else {
                let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
                pointer.initialize(to: value)
                memory.storeBytes(of: UnsafeMutableRawPointer(pointer), as: UnsafeMutableRawPointer.self)
            }
        }
    }

    /// Takes the value out; there must be one, of this type.
    package mutating func take<Value>(_ type: Value.Type) -> Value {
        precondition(!isEmpty)
        let isInPlace = state == .inPlace
        state = .empty
        return withUnsafeMutablePointer(to: &memory) { memory in
            let memory = UnsafeMutableRawPointer(memory)
            if isInPlace { return memory.assumingMemoryBound(to: Value.self).move() }
            let pointer = memory.load(as: UnsafeMutableRawPointer.self).assumingMemoryBound(to: Value.self)
            defer { pointer.deallocate() }
            return pointer.move()
        }
    }

    /// Destroys the value, if there is one, of this type.
    package mutating func destroy<Value>(_ type: Value.Type) {
        if !isEmpty { _ = take(type) }
    }
}
