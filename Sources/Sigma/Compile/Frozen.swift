// SPDX-License-Identifier: Apache-2.0

/// An array that nothing changes any more, in memory of its own, so that reading it costs no reference count and no
/// check of exclusive access. Its owner frees it.
struct Frozen<Element> {
    let start: UnsafeMutablePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        count = elements.count
        start = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
        elements.withUnsafeBufferPointer { source in
            if let from = source.baseAddress { start.initialize(from: from, count: source.count) }
        }
    }

    @inline(__always)
    subscript(index: Int) -> Element {
        assert(index >= 0 && index < count)
        return start[index]
    }

    func free() {
        start.deinitialize(count: count)
        start.deallocate()
    }
}

/// A table from byte strings to numbers.
struct StringTable {
    private struct Entry {
        var hash: UInt64
        var offset: UInt32
        var length: UInt32
        var value: Int32
    }

    private let entries: Frozen<Entry>
    private let bytes: Frozen<UInt8>
    private let mask: Int
    private let seed: UInt64

    /// Of equal keys the first counts.
    init(_ items: [(key: [UInt8], value: Int32)]) {
        var size = 2
        while size < items.count * 2 { size *= 2 }
        mask = size - 1
        let seed = Self.seed
        self.seed = seed
        var entries = [Entry](repeating: Entry(hash: 0, offset: 0, length: 0, value: -1), count: size)
        var bytes: [UInt8] = []
        for (key, value) in items {
            let hash = key.withUnsafeBytes { Self.hash($0, seed) }
            var at = Int(truncatingIfNeeded: hash) & mask
            var isKnown = false
            while entries[at].value >= 0 {
                let entry = entries[at]
                if entry.hash == hash, bytes[Int(entry.offset)..<Int(entry.offset + entry.length)].elementsEqual(key) {
                    isKnown = true
                    break
                }
                at = (at + 1) & mask
            }
            if isKnown { continue }
            entries[at] = Entry(hash: hash, offset: UInt32(bytes.count), length: UInt32(key.count), value: value)
            bytes += key
        }
        self.entries = Frozen(entries)
        self.bytes = Frozen(bytes)
    }

    func free() {
        entries.free()
        bytes.free()
    }

    /// The number of a key, or -1.
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer) -> Int32 {
        let hash = Self.hash(key, seed)
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = entries.start[at]
            if entry.value < 0 { return -1 }
            if entry.hash == hash, Int(entry.length) == key.count,
                equal(key, bytes.start + Int(entry.offset), key.count)
            {
                return entry.value
            }
            at = (at + 1) & mask
        }
    }

    /// Folds eight bytes at a time by a 128-bit product; the last ones may overlap those before. Seeded per process, so that
    /// nobody outside can make keys collide.
    @inline(__always)
    static func hash(_ key: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: key.count)
        guard let start = key.baseAddress else { return mix(state) }
        let last = key.count - 8
        if last >= 0 {
            var at = 0
            while at < last {
                state = mix(state ^ start.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            return mix(state ^ start.loadUnaligned(fromByteOffset: last, as: UInt64.self))
        }
        if last >= -4 {
            let low = UInt64(start.loadUnaligned(as: UInt32.self))
            let high = UInt64(start.loadUnaligned(fromByteOffset: key.count - 4, as: UInt32.self))
            return mix(state ^ (low << 32 | high))
        }
        for byte in key { state = state << 8 ^ UInt64(byte) }
        return mix(state)
    }

    /// Another in each process.
    static let seed = UInt64.random(in: .min ... .max)

    @inline(__always)
    static func mix(_ word: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
