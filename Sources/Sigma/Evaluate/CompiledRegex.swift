// SPDX-License-Identifier: Apache-2.0

import CPCRE2

/// A regular expression ready to run, on any thread at a time.
final class CompiledRegex: Sendable {
    /// Why a pattern can't be used.
    struct Failure: Error {
        let message: String
    }

    // Made in init, not changed afterwards: PCRE2 only reads compiled code, the machine code of its JIT included.
    nonisolated(unsafe) let code: OpaquePointer

    init(_ regex: SigmaRegex) throws(Failure) {
        guard regex.pattern.utf8.count <= SigmaLimits.regexBytes else {
            throw Failure(message: "longer than \(SigmaLimits.regexBytes) bytes")
        }
        guard let context = pcre2_compile_context_create_8(nil) else { throw Failure(message: "out of memory") }
        defer { pcre2_compile_context_free_8(context) }
        pcre2_set_parens_nest_limit_8(context, SigmaLimits.regexNesting)
        var options = UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP) | UInt32(PCRE2_NEVER_BACKSLASH_C)
        if regex.ignoresCase { options |= UInt32(PCRE2_CASELESS) }
        if regex.multiline { options |= UInt32(PCRE2_MULTILINE) }
        if regex.dotMatchesNewline { options |= UInt32(PCRE2_DOTALL) }
        var error: Int32 = 0
        var offset = 0
        let pattern = Array(regex.pattern.utf8)
        guard let code = pcre2_compile_8(pattern, pattern.count, options, &error, &offset, context) else {
            throw Failure(message: "\(Self.message(error)), at character \(offset + 1)")
        }
        self.code = code
        // Where the JIT can't take a pattern or a machine, the interpreter runs it under the same limits.
        _ = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
    }

    deinit { pcre2_code_free_8(code) }

    private static func message(_ error: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(error, &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer[..<Int(length)], as: UTF8.self) : "error \(error)"
    }
}

/// What one thread needs to run regular expressions.
final class RegexRunner {
    private let data: OpaquePointer?
    private let context: OpaquePointer?
    private let stack: OpaquePointer?
    /// How often an expression was given up for taking too many steps.
    private(set) var limitHits = 0

    init() {
        data = pcre2_match_data_create_8(1, nil)
        context = pcre2_match_context_create_8(nil)
        stack = pcre2_jit_stack_create_8(32 << 10, SigmaLimits.regexStackBytes, nil)
        if let context {
            pcre2_set_match_limit_8(context, SigmaLimits.regexMatchSteps)
            pcre2_set_depth_limit_8(context, SigmaLimits.regexMatchDepth)
            if let stack { pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack)) }
        }
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }

    /// Whether the expression matches somewhere in valid UTF-8. One that runs into a limit does not match, and is
    /// counted.
    func matches(_ code: OpaquePointer, _ text: UnsafeRawBufferPointer) -> Bool {
        // An empty buffer may have no address, and PCRE2 wants one.
        var nothing: UInt8 = 0
        let result = withUnsafeBytes(of: &nothing) { empty in
            let start = (text.baseAddress ?? empty.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            return pcre2_match_8(code, start, text.count, 0, UInt32(PCRE2_NO_UTF_CHECK), data, context)
        }
        if result >= 0 { return true }
        if result != PCRE2_ERROR_NOMATCH { limitHits += 1 }
        return false
    }
}
