// SPDX-License-Identifier: Apache-2.0

import CJSON

/// simdjson's own DOM parse, which does nothing with what it reads: what benchmarks measure this module against.
public final class SimdjsonYardstick {
    /// How many readable bytes must stand behind a document.
    public static let padding = th_json_yardstick_padding()
    private let fields = FieldSet().compile()
    private let parser: OpaquePointer

    public init() { parser = th_json_parser_create(fields.handle) }

    deinit { th_json_parser_destroy(parser) }

    /// Parses one value of `length` bytes. Returns whether it is JSON.
    /// - Parameter bytes: the value and the padding behind it.
    public func parse(_ bytes: UnsafeRawBufferPointer, length: Int) -> Bool {
        precondition(length >= 0 && bytes.count >= length + Self.padding)
        return th_json_yardstick_dom(parser, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), length)
    }
}
