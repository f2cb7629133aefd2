// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The texts of matches as strings. Names, regions, addresses and callers come again and again: a text that was made a
/// string lately is not made one again. One worker owns one.
struct TextCache {
    private var entries = [String](repeating: "", count: DetectLimits.cachedTexts)

    /// The string of a text of the record at hand, cut to at most `limit` bytes.
    mutating func string(_ bytes: TextView?, limit: Int = CloudTrailLimits.keptTextBytes) -> String {
        guard let bytes, !bytes.isEmpty else { return "" }
        guard bytes.count <= min(limit, DetectLimits.cachedTextBytes) else { return bytes.string(limit: limit) }
        let place = Self.place(bytes)
        if Self.isSame(entries[place], bytes) { return entries[place] }
        let text = bytes.string(limit: limit)
        entries[place] = text
        return text
    }

    /// By the length and the words at its ends and in its middle; what is alike in these shares a place.
    private static func place(_ bytes: TextView) -> Int {
        var mixed = UInt64(truncatingIfNeeded: bytes.count)
        func add(_ word: UInt64) { mixed = (mixed ^ word) &* 0x9E37_79B9_7F4A_7C15; mixed ^= mixed >> 29 }
        if bytes.count >= 8 {
            add(bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            add(bytes.loadUnaligned(fromByteOffset: (bytes.count - 8) / 2, as: UInt64.self))
            add(bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self))
        } else {
            for byte in bytes { add(UInt64(byte)) }
        }
        return Int(truncatingIfNeeded: mixed >> 32) & (DetectLimits.cachedTexts - 1)
    }

    private static func isSame(_ left: TextView, _ right: TextView) -> Bool {
        guard left.count == right.count, let one = left.baseAddress, let other = right.baseAddress else { return false }
        return memcmp(one, other, left.count) == 0
    }

    private static func isSame(_ text: String, _ bytes: TextView) -> Bool {
        var text = text
        return text.withUTF8 { isSame(UnsafeRawBufferPointer($0), bytes) }
    }
}

/// The actors of matches. One caller makes many records of a file: its actor is made once for a run of them. One worker
/// owns one.
struct ActorCache {
    private struct Entry {
        var version: UInt64 = 0
        var actor = SharedActor(Actor(principal: ""))
    }

    private var entries = [Entry](repeating: Entry(), count: DetectLimits.cachedActors)

    /// The actor of the record that the extractor holds.
    mutating func actor(
        _ extractor: RecordExtractor, _ fields: EnvelopeFields, _ texts: inout TextCache
    ) -> SharedActor {
        guard let version = extractor.remembered?.version else { return SharedActor(Actor(extractor, fields)) }
        let source = texts.string(fields.sourceIP(of: extractor))
        let agent = texts.string(fields.userAgent(of: extractor))
        let mixed = (version &* 31 &+ UInt64(agent.utf8.count)) &* 31 &+ UInt64(source.utf8.count)
        let place = Int(truncatingIfNeeded: mixed & UInt64(DetectLimits.cachedActors - 1))
        let known = entries[place]
        if known.version == version, known.actor.actor.sourceIP == source, known.actor.actor.userAgent == agent {
            return known.actor
        }
        let made = SharedActor(Actor(extractor, fields))
        entries[place] = Entry(version: version, actor: made)
        return made
    }
}
