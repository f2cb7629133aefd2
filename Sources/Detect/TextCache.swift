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
final class TextCache {
    /// Behind pointers, so that no access to them is checked.
    private let strings: UnsafeMutablePointer<String>
    /// The length of each, and its bytes where it is not long.
    private let lengths: UnsafeMutablePointer<Int>
    private let bytes: UnsafeMutableRawPointer

    private static let ownBytes = 64

    init() {
        strings = .allocate(capacity: DetectLimits.cachedTexts)
        strings.initialize(repeating: "", count: DetectLimits.cachedTexts)
        lengths = .allocate(capacity: DetectLimits.cachedTexts)
        lengths.initialize(repeating: 0, count: DetectLimits.cachedTexts)
        bytes = .allocate(byteCount: DetectLimits.cachedTexts * Self.ownBytes, alignment: Self.ownBytes)
    }

    deinit {
        strings.deinitialize(count: DetectLimits.cachedTexts)
        strings.deallocate()
        lengths.deallocate()
        bytes.deallocate()
    }

    /// The string of a text of the record at hand, cut to at most `limit` bytes.
    func string(_ text: TextView?, limit: Int = CloudTrailLimits.keptTextBytes) -> String {
        guard let text, let start = text.baseAddress, !text.isEmpty else { return "" }
        guard text.count <= min(limit, DetectLimits.cachedTextBytes) else { return text.string(limit: limit) }
        let place = Self.place(text)
        let own = bytes + place * Self.ownBytes
        if lengths[place] == text.count {
            let isSame =
                text.count <= Self.ownBytes ? memcmp(own, start, text.count) == 0 : Self.isSame(strings[place], text)
            if isSame { return strings[place] }
        }
        let made = text.string(limit: limit)
        strings[place] = made
        lengths[place] = text.count
        if text.count <= Self.ownBytes { own.copyMemory(from: start, byteCount: text.count) }
        return made
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

    private static func isSame(_ text: String, _ bytes: TextView) -> Bool {
        var text = text
        return text.withUTF8 { own in
            guard own.count == bytes.count, let one = own.baseAddress, let other = bytes.baseAddress else {
                return false
            }
            return memcmp(one, other, own.count) == 0
        }
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
        _ extractor: RecordExtractor, _ fields: EnvelopeFields, _ texts: TextCache
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
