// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Logging
import Respond
import Serve
import Testing

@Suite struct PolicyBookTests {
    private static func withPipeline(_ data: String, _ body: (Pipeline) async throws -> Void) async throws {
        let rules = data + "-rules"
        try FileManager.default.createDirectory(atPath: rules, withIntermediateDirectories: true)
        let pipeline = try await Pipeline(dataDirectory: data, rules: rules, workers: 1, log: Logger(label: "test"))
        do { try await body(pipeline) } catch {
            try await pipeline.stop()
            throw error
        }
        try await pipeline.stop()
    }

    @Test func whatIsSetIsThereAfterARestart() async throws {
        let data = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { for path in [data, data + "-rules"] { try? FileManager.default.removeItem(atPath: path) } }
        let account = "111122223333"
        let policy = StoredPolicy(
            policy: RemediationPolicy(
                mode: .approve, never: [try #require(TargetPattern("user/break-glass"))], hourlyCap: 7),
            changedAt: 5, changedBy: "eve")
        let access = AccountAccess(way: .executor)
        let entry = AuditEntry(time: 1, actor: AuditActor(role: "admin"), method: "test", summary: "a change")
        try await Self.withPipeline(data) { pipeline in
            let book = try PolicyBook(pipeline)
            #expect(book.policy(.denyUser, of: account).policy == RemediationPolicy())
            #expect(book.policy(.denyUser, of: account).policy.mode == .off, "everything is off until it is set")
            #expect(book.liveAccounts.isEmpty && !book.freeze.isFrozen)
            try await book.set(account, action: .denyUser, policy: policy, access: access, audit: entry)
            try await book.set(
                FreezeState(isFrozen: true, changedAt: 6, changedBy: "eve", reason: "drill"), audit: entry)
            #expect(book.liveAccounts == [account])
        }
        try await Self.withPipeline(data) { pipeline in
            let book = try PolicyBook(pipeline)
            #expect(book.policy(.denyUser, of: account) == policy)
            #expect(book.policy(.revokeRoleSessions, of: account) == StoredPolicy())
            #expect(book.access(to: account) == access)
            #expect(book.freeze == FreezeState(isFrozen: true, changedAt: 6, changedBy: "eve", reason: "drill"))
        }
    }
}
