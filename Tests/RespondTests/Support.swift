// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Detect
import Foundation
import Respond
import Synchronization

/// A process that dies: no code after it runs but what a new process starts.
struct Crash: Error {}

/// Counts operations, and dies at the one it is told to.
final class Fuse: Sendable {
    private let state: Mutex<(left: Int, passed: Int)>

    init(_ operations: Int = .max) { state = Mutex((operations, 0)) }

    var passed: Int { state.withLock { $0.passed } }

    func burn() throws {
        try state.withLock { state in
            guard state.left > 0 else { throw Crash() }
            state.left -= 1
            state.passed += 1
        }
    }
}

/// A store in memory that keeps remediations as JSON, as a real one would.
final class MemoryStore: RemediationStore {
    private let saved: Mutex<[String: Data]>
    private let fuse: Fuse

    init(fuse: Fuse = Fuse()) {
        saved = Mutex([:])
        self.fuse = fuse
    }

    private init(_ data: [String: Data], fuse: Fuse) {
        saved = Mutex(data)
        self.fuse = fuse
    }

    /// The same store after a restart.
    func reopened(with fuse: Fuse) -> MemoryStore { MemoryStore(saved.withLock { $0 }, fuse: fuse) }

    func save(_ remediation: Remediation) async throws {
        try fuse.burn()
        let data = try JSONEncoder().encode(remediation)
        saved.withLock { $0[remediation.id] = data }
        try fuse.burn()
    }

    func load(_ id: String) async throws -> Remediation? {
        try saved.withLock { $0[id] }.map { try JSONDecoder().decode(Remediation.self, from: $0) }
    }

    func unfinished() async throws -> [Remediation] {
        try saved.withLock { Array($0.values) }
            .map { try JSONDecoder().decode(Remediation.self, from: $0) }
            .filter { !$0.isSettled }
    }

    func automaticRuns(
        accountID: String, action: RemediationAction, since time: Milliseconds
    ) async throws -> [Milliseconds] {
        try saved.withLock { Array($0.values) }
            .map { try JSONDecoder().decode(Remediation.self, from: $0) }
            .filter { $0.accountID == accountID && $0.action == action }
            .compactMap(\.automaticAt).filter { $0 >= time }
    }
}

/// One policy for all accounts.
final class FixedRules: RemediationRules {
    let value: Mutex<(RemediationPolicy, RemediationSituation)>

    init(_ policy: RemediationPolicy, _ situation: RemediationSituation = RemediationSituation()) {
        value = Mutex((policy, situation))
    }

    func rules(
        accountID: String, action: RemediationAction
    ) async throws -> (policy: RemediationPolicy, situation: RemediationSituation) {
        value.withLock { (policy: $0.0, situation: $0.1) }
    }
}
