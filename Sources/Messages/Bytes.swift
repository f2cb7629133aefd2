// SPDX-License-Identifier: Apache-2.0

/// An immutable run of bytes that shares the memory it was decoded into.
///
/// Copying a value, keeping it or sending it to another thread copies no payload; the memory lives as long as a value
/// that views it. Mind that a small value keeps the whole message's memory.
///
/// `@unchecked Sendable` holds because the bytes never change: `owner` is Sendable and keeps them alive, and no method
/// hands out a mutable pointer.
package struct Bytes: @unchecked Sendable {
    private let owner: (any AnyObject & Sendable)?
    private let start: UnsafeRawPointer?
    /// How many bytes there are.
    package let count: Int

    /// No bytes.
    package init() {
        owner = nil
        start = nil
        count = 0
    }

    /// Views memory that `owner` keeps alive and that nobody changes as long as `owner` lives.
    package init(owner: any AnyObject & Sendable, viewing bytes: UnsafeRawBufferPointer) {
        self.owner = owner
        start = bytes.baseAddress
        count = bytes.count
    }

    /// Views memory that is never freed and never changes: a constant of the program.
    package init(viewingConstant bytes: UnsafeRawBufferPointer) {
        owner = nil
        start = bytes.baseAddress
        count = bytes.count
    }

    /// Copies the bytes.
    package init(copying bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else {
            self.init()
            return
        }
        var allocator = BumpAllocator(capacity: bytes.count + BumpAllocator.alignment, budget: Int.max)
        guard let place = allocator.allocate(bytes.count) else {
            self.init()
            return
        }
        let copy = UnsafeMutableRawBufferPointer(start: place, count: bytes.count)
        copy.copyMemory(from: bytes)
        self.init(owner: Arena(adopting: &allocator), viewing: UnsafeRawBufferPointer(copy))
    }

    /// Copies the bytes.
    package init(_ bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Bytes(copying: $0) }
    }

    /// Copies the text's UTF-8.
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { Bytes(copying: UnsafeRawBufferPointer($0)) }
    }

    /// True where there is no byte.
    package var isEmpty: Bool { count == 0 }

    /// The bytes, valid only inside `body`.
    @inline(__always)
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(owner) {} }
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The bytes where they lie. The caller must keep this value alive as long as it uses them.
    package var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// A copy of the bytes.
    package var array: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension Bytes: Equatable {
    /// True where both have the same bytes.
    package static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        guard left.start != right.start else { return true }
        return left.withUnsafeBytes { leftBytes in
            right.withUnsafeBytes { rightBytes in leftBytes.elementsEqual(rightBytes) }
        }
    }
}

extension Bytes: ExpressibleByArrayLiteral {
    /// The bytes of a literal.
    package init(arrayLiteral elements: UInt8...) {
        self.init(elements)
    }
}

extension Bytes: CustomStringConvertible {
    /// The number of bytes, never the bytes.
    package var description: String { "\(count) bytes" }
}
