// SPDX-License-Identifier: Apache-2.0

/// What keeps the groups of correlations apart: a hash of 128 bits of the correlation, the tenant and the values of the
/// `group-by` fields. It is the same in every process, since it is stored.
public struct CorrelationKey: Hashable, Comparable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Both halves, mixed once: they are a hash already, made with a secret, and a table of a million groups would spend
    /// most of its time on hashing.
    public func _rawHashValue(seed: Int) -> Int {
        Int(truncatingIfNeeded: high &* 0x9E37_79B9_7F4A_7C15 ^ low) ^ seed
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(high)
        hasher.combine(low)
    }

    public static func < (left: CorrelationKey, right: CorrelationKey) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

/// What hashes are made with, so that nobody outside can make two values of one hash: a record crafted to be counted in
/// another one's group, or as a value that was seen. It belongs to the stored state: with another one that means nothing.
public struct CorrelationSecret: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// For rules under test and files at rest, whose records are one's own.
    public static let none = CorrelationSecret(high: 0, low: 0)

    /// Half of it, for hashes of half the size.
    package var word: UInt64 { high }
}

/// Makes keys: two lanes of multiplication and folding, each begun with a half of a secret.
package struct CorrelationHasher {
    private var first: UInt64
    private var second: UInt64

    package init(_ seed: UInt64, _ secret: CorrelationSecret = .none) {
        first = seed ^ 0x9E6C_63D0_676A_9A99 ^ secret.high
        second = seed ^ 0xC2B2_AE3D_27D4_EB4F ^ secret.low
    }

    package mutating func combine(_ word: UInt64) {
        first = Self.fold(first ^ word, 0xE703_7ED1_A0B4_28DB)
        second = Self.fold(second ^ word, 0x8EBC_6AF0_9C88_C6E3)
    }

    /// A text and its length, so that neighbours can't run together.
    package mutating func combine(_ text: UnsafeRawBufferPointer) {
        var index = 0
        while index + 8 <= text.count {
            combine(UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
            index += 8
        }
        var tail: UInt64 = 0
        var shift: UInt64 = 0
        while index < text.count {
            tail |= UInt64(text[index]) << shift
            shift += 8
            index += 1
        }
        combine(tail)
        combine(UInt64(text.count))
    }

    package mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { combine(UnsafeRawBufferPointer($0)) }
    }

    /// Stands for a field that the event lacks.
    package mutating func combineAbsent() { combine(UInt64.max) }

    package var key: CorrelationKey {
        CorrelationKey(high: Self.fold(first, 0x5899_65CC_7537_4CC3), low: Self.fold(second, 0x1D8E_4E27_C47D_124F))
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

extension SigmaCorrelation {
    /// What its groups are stored under: a hash of what it is referred to by, so that they survive a reload.
    package var identity: UInt64 {
        var hasher = CorrelationHasher(1)
        hasher.combine(metadata.reference)
        return hasher.key.high
    }

    /// Whether an event more can only make a window hold and never undo it. Such a correlation is judged with each event;
    /// of any other a window waits until no event of it can come any more.
    ///
    /// That holds for a sum that is to reach something since negative numbers are left out of it.
    package var isMonotone: Bool {
        switch kind {
        case .eventCount, .valueCount, .temporal, .temporalOrdered: break
        case .valueSum: guard bounds.allSatisfy({ $0.number > 0 }) else { return false }
        case .valueAverage, .valuePercentile, .valueMedian: return false
        }
        return clauses.allSatisfy(\.absent.isEmpty)
            && bounds.allSatisfy { $0.comparison == .greater || $0.comparison == .greaterOrEqual }
    }
}
