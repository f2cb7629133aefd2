// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Sigma
import Synchronization

/// The detections as they run now. A new set is compiled beside the old one and swapped in whole; workers take it up with
/// their next batch, so no event sees half of each.
///
/// Every worker takes the lock with each batch, so nothing is compiled under it: a change is prepared from a version and
/// installed where that version still stands.
package final class LiveCatalog: Sendable {
    fileprivate struct State {
        /// Counts the changes.
        var version: UInt64 = 0
        var catalog: Catalog
        /// What operators changed, over what the rules' authors set.
        var tuning: Tuning
        var plan: DetectionPlan
        /// What the names that rules `expand` stand for.
        var placeholders: [String: [String]]
        /// The change that is being made durable: no other is installed before it is, or has failed.
        var claim: UInt64?
    }

    /// A change that is compiled and not yet in force.
    package struct Prepared: Sendable {
        fileprivate let state: State
        fileprivate let number: UInt64
        /// The tuning as it will be.
        var tuning: Tuning { state.tuning }
    }

    /// The detections changed while a change of them was compiled.
    package struct Conflict: Error {}

    /// The folder that the rules are read from.
    package let folder: String
    /// The file that the placeholders are read from; nil where there is none.
    package let placeholderFile: String?
    /// Where addresses are.
    package let geography: Geography
    /// What the plans hash with.
    package let secret: CorrelationSecret
    private let state: Mutex<State>
    private let preparations = Atomic<UInt64>(0)

    /// Reads the rules folder. Rules with errors are left out and named in `problems`.
    package init(
        folder: String, placeholders: [String: [String]] = [:], placeholderFile: String? = nil,
        tuning: Tuning = Tuning(), geography: Geography = .none, secret: CorrelationSecret = .none
    ) throws {
        self.secret = secret
        self.geography = geography
        self.folder = folder
        self.placeholderFile = placeholderFile
        let catalog = try Catalog.load(folder: folder, placeholders: placeholders)
        let plan = try DetectionPlan(catalog, tuning: tuning, geography: geography, secret: secret)
        state = Mutex(State(catalog: catalog, tuning: tuning, plan: plan, placeholders: placeholders))
    }

    /// What the workers evaluate.
    package var plan: DetectionPlan { state.withLock { $0.plan } }

    package var catalog: Catalog { state.withLock { $0.catalog } }

    /// What operators changed.
    package var tuning: Tuning { state.withLock { $0.tuning } }

    /// What the names that rules `expand` stand for.
    package var placeholders: [String: [String]] { state.withLock { $0.placeholders } }

    package var enabledCount: Int {
        let state = state.withLock { $0 }
        return state.catalog.all.count { state.tuning.standing(of: $0).isEnabled }
    }

    /// Compiles a change of the tuning. Throws where it can't be compiled.
    package func prepare(_ change: (inout Tuning) -> Void) throws -> Prepared {
        var fresh = state.withLock { $0 }
        change(&fresh.tuning)
        return try compiled(fresh)
    }

    /// Compiles another set of rules; what was switched stays switched, and exceptions take the new placeholders.
    func prepare(_ catalog: Catalog, placeholders: [String: [String]]) throws -> Prepared {
        var fresh = state.withLock { $0 }
        if placeholders != fresh.placeholders {
            for exception in fresh.tuning.exceptions {
                let name = "exception \(exception.id)"
                // One that misses a placeholder now keeps the values that it was made with.
                guard
                    let again = try? DetectionException(
                        parsing: exception.text, file: name, placeholders: placeholders)
                else { continue }
                fresh.tuning.replace(again)
            }
        }
        (fresh.catalog, fresh.placeholders) = (catalog, placeholders)
        return try compiled(fresh)
    }

    private func compiled(_ state: State) throws -> Prepared {
        var state = state
        state.plan = try DetectionPlan(
            state.catalog, tuning: state.tuning, geography: geography, secret: secret)
        state.claim = nil
        return Prepared(state: state, number: preparations.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Keeps the detections as they are until a change is installed or released, unless there was another one since it
    /// was prepared. To claim again what is claimed changes nothing.
    func claim(_ prepared: Prepared) throws(Conflict) {
        let isClaimed = state.withLock { state in
            guard state.version == prepared.state.version, state.claim ?? prepared.number == prepared.number else {
                return false
            }
            state.claim = prepared.number
            return true
        }
        guard isClaimed else { throw Conflict() }
    }

    /// Gives up a claim: the change did not become durable.
    func release(_ prepared: Prepared) {
        state.withLock { if $0.claim == prepared.number { $0.claim = nil } }
    }

    /// Puts a change in force, unless there was another one since it was prepared.
    package func install(_ prepared: Prepared) throws(Conflict) {
        let installed = state.withLock { state in
            guard state.version == prepared.state.version, state.claim ?? prepared.number == prepared.number else {
                return false
            }
            state = prepared.state
            state.version += 1
            return true
        }
        guard installed else { throw Conflict() }
    }

    /// Changes the tuning, and swaps the plan that follows from it in. Nothing changes where that can't be compiled.
    package func tune(_ change: (inout Tuning) -> Void) throws {
        try untilInstalled { try prepare(change) }
    }

    /// Puts a sound set in the place of the one that runs; what was switched stays switched.
    package func replace(_ fresh: Catalog, placeholders: [String: [String]]? = nil) throws {
        try untilInstalled { try prepare(fresh, placeholders: placeholders ?? self.placeholders) }
    }

    private func untilInstalled(_ prepare: () throws -> Prepared) throws {
        for _ in 1..<Limits.catalogAttempts {
            do { return try install(try prepare()) } catch is Conflict {
                // A change that is being made durable holds the others back for as long as a commit takes.
                usleep(Limits.catalogPauseMicroseconds)
            }
        }
        try install(try prepare())
    }

    /// Reads the placeholders' file again.
    func readPlaceholders() throws -> [String: [String]] {
        guard let placeholderFile else { return placeholders }
        return try Self.placeholders(of: placeholderFile)
    }

    /// The placeholders of a file.
    static func placeholders(of path: String) throws -> [String: [String]] {
        let bytes = try FileTree.read(path, limit: DetectLimits.placeholderBytes)
        return try Placeholders.read(String(decoding: bytes, as: UTF8.self))
    }
}
