// SPDX-License-Identifier: Apache-2.0

/// Something that takes bytes from outside, as an entry for a fuzzer: any input is handled, or it is a bug.
///
/// A new one is a value like those beside this file and an element of `all`; its seeds lie in `Corpus/NAME`.
package struct FuzzTarget: Sendable {
    /// How it is called on the command line, and its folder of the corpus.
    package let name: String
    /// Handles one input. Traps where something that must hold does not.
    package let run: @Sendable (UnsafeRawBufferPointer) -> Void

    /// An entry by its name.
    package init(_ name: String, run: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
        self.name = name
        self.run = run
    }

    /// Every target.
    package static let all: [FuzzTarget] = [
        .serverFrames, .clientFrames, .headers, .encodings, .messages, .protobuf, .rules, .records, .logData,
    ]
}

/// Traps unless the condition holds: the fuzzer has found something.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}

/// Reads an input from its front.
struct InputReader {
    private var rest: UnsafeRawBufferPointer.SubSequence

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// The next byte, 0 after the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// The next bytes, so many or all that are left.
    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = rest.prefix(max(0, count))
        rest = rest.dropFirst(taken.count)
        return UnsafeRawBufferPointer(rebasing: taken)
    }

    /// What is left.
    mutating func all() -> UnsafeRawBufferPointer { bytes(rest.count) }
}
