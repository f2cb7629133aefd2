// SPDX-License-Identifier: Apache-2.0

import CJSON

/// The index of a field's values after a record was read.
public typealias Slot = Int

/// A growing set of the fields that somebody wants to read.
///
/// A path is exact in case and its dots walk objects: `userIdentity.sessionContext.sessionIssuer.arn`. A key of a
/// record that holds dots itself is found too. On the way and at the end, arrays fan out: each element stands for the
/// field.
public struct FieldSet: Sendable {
    /// Why a path can't be a field.
    public struct PathError: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// The paths; the slot of each is its index.
    public private(set) var paths: [String] = []
    private var slots: [String: Slot] = [:]

    public init() {}

    /// A set of these paths.
    public init(_ paths: [String]) throws(PathError) {
        for path in paths { try insert(path) }
    }

    /// The slot of a path, which is added when it is new.
    @discardableResult
    public mutating func insert(_ path: String) throws(PathError) -> Slot {
        if let slot = slots[path] { return slot }
        guard path.utf8.count <= JSONLimits.pathBytes else {
            throw PathError(description: "a field's path is longer than \(JSONLimits.pathBytes) bytes")
        }
        guard path.utf8.count(where: { $0 == UInt8(ascii: ".") }) < JSONLimits.pathKeys else {
            throw PathError(description: "the field '\(path)' has more than \(JSONLimits.pathKeys) keys")
        }
        guard paths.count < JSONLimits.fields else {
            throw PathError(description: "more than \(JSONLimits.fields) different fields")
        }
        slots[path] = paths.count
        paths.append(path)
        return paths.count - 1
    }

    /// The slot of a path, if it is in the set.
    public func slot(of path: String) -> Slot? { slots[path] }

    /// The set made ready for reading.
    ///
    /// - Parameters:
    ///   - kept: the slots that are read of every record. The members of a record below which slots lie but none of them are
    ///     only checked, until `RecordExtractor.fill` is called. Nil to read all of every record.
    ///   - remembered: a member of the record whose objects stand in record after record in the same bytes: the latest
    ///     `JSONLimits.rememberedObjects` of them are known again without being read.
    public func compile(keeping kept: [Slot]? = nil, remembering remembered: String? = nil) -> CompiledFields {
        CompiledFields(self, keeping: kept, remembering: remembered)
    }
}

/// A set of fields made ready for reading; any number of extractors on any threads share one.
public final class CompiledFields: Sendable {
    /// The set it was made of.
    public let fields: FieldSet
    /// The number of slots.
    public let count: Int
    private let remembered: String?
    // Immutable from the end of init to deinit, and only read through functions that take it as const.
    nonisolated(unsafe) let handle: OpaquePointer

    init(_ fields: FieldSet, keeping kept: [Slot]?, remembering remembered: String?) {
        self.fields = fields
        count = fields.paths.count
        self.remembered = remembered
        handle = th_json_fields_create()
        for path in fields.paths {
            var path = path
            _ = path.withUTF8 { text in
                text.withMemoryRebound(to: CChar.self) { th_json_fields_add(handle, $0.baseAddress, $0.count) }
            }
        }
        for slot in kept ?? [] { th_json_fields_keep(handle, UInt32(slot)) }
        if let remembered { remember(remembered) }
        th_json_fields_seal(handle)
    }

    private func remember(_ member: String) {
        var member = member
        member.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { th_json_fields_remember(handle, $0.baseAddress, $0.count) }
        }
    }

    /// Whether a slot has values of the remembered member's objects only, as long as `RecordExtractor.remembered` tells of
    /// one.
    public func isRemembered(_ slot: Slot) -> Bool {
        remembered.map { fields.paths[slot].hasPrefix($0 + ".") } ?? false
    }

    /// Whether a slot has its values only after `RecordExtractor.fill`.
    public func isDeferred(_ slot: Slot) -> Bool { deferral(slot) != 0 }

    /// What `RecordExtractor.fill` has to be given so that a slot has its values; 0 where it has them anyway.
    public func deferral(_ slot: Slot) -> UInt64 { th_json_fields_deferral(handle, UInt32(slot)) }

    deinit { th_json_fields_destroy(handle) }
}
