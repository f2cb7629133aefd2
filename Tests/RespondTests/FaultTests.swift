// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Respond
import Testing

/// Every fault at every call of every action, over sockets: each ends in a defined state with a clear reason.
// Skipped where moto is not installed in the repository's .venv.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct FaultTests {
    /// Every call of every action, the taking on of the role among them.
    private static let calls = Example.all.flatMap { example in
        (Set(example.calls).sorted() + ["AssumeRole"]).map { (example, $0) }
    }

    private static let passing = FaultProxy.Fault.allCases.filter(\.isPassing)

    /// All faults that pass, one after the other at the same call: each is survived, and nobody is alarmed.
    @Test(arguments: calls)
    func passingFaults(example: Example, call: String) async throws {
        let scene = try await MotoScene(example, impatientAt: call == example.write ? nil : call)
        // A lost answer of a write is answered by a look, so that no call is left for what would follow.
        let faults = Self.passing.filter { call != example.write || !$0.losesAnswer }
        try await scene.channel.inject(faults, into: call)
        #expect(try await scene.run().outcome == .succeeded)
        #expect(try await scene.look() == .inEffect)
        #expect(scene.scene.alerts.isEmpty)
        #expect(try await scene.channel.calls().seen.filter { $0 == call }.count > faults.count)
        #expect(try await scene.writes() == [example.write])
    }

    /// Each fault alone at the call that writes: it takes effect once, or the same state is set again.
    @Test(arguments: Example.all, passing)
    func passingFaultsOfWrites(example: Example, fault: FaultProxy.Fault) async throws {
        let isSlow = fault == .timeoutAfterEffect
        // A clock that is still wrong after it was set right is not a fault that passes.
        let isOnce = isSlow || fault == .clockSkew
        let scene = try await MotoScene(example, impatientAt: isSlow ? example.write : nil)
        try await scene.channel.inject([fault], into: example.write, times: isOnce ? 1 : 3)
        #expect(try await scene.run().outcome == .succeeded)
        #expect(try await scene.look() == .inEffect)
        #expect(scene.scene.alerts.isEmpty)
        let writes = try await scene.writes()
        #expect(fault.losesAnswer ? Set(writes) == [example.write] : writes == [example.write])
        #expect(try await scene.channel.calls().seen.filter { $0 == example.write }.count > 1)
    }

    /// Refusals, throttling and a clock that can't be set right, at every call: an end with the call and the reason, an
    /// alert, and no change.
    @Test(arguments: calls)
    func lastingFaults(example: Example, call: String) async throws {
        let faults: [(FaultProxy.Fault, String)] = [
            (.accessDenied, "AccessDenied"), (.throttled, "Throttling"), (.clockSkew, "Signature"),
        ]
        for (fault, code) in faults { try await last(fault, code, example, call) }
    }

    /// Every other fault that stays, at the call that writes.
    @Test(arguments: Example.all)
    func lastingFaultsOfWrites(example: Example) async throws {
        let faults: [(FaultProxy.Fault, String)] = [
            (.serverError, "Failure"), (.expiredCredentials, "ExpiredToken"), (.reset, "ConnectionFailed"),
            (.garbage, "UnreadableResponse"), (.echoed, "AccessDenied"),
        ]
        for (fault, code) in faults { try await last(fault, code, example, example.write) }
    }

    private func last(_ fault: FaultProxy.Fault, _ code: String, _ example: Example, _ call: String) async throws {
        let scene = try await MotoScene(example)
        try await scene.channel.inject([fault], into: call, times: 1_000_000)
        let done = try await scene.run()
        guard case .failed(let reason) = done.outcome else {
            Issue.record("\(fault): failed is expected, not \(String(describing: done.outcome))")
            return
        }
        #expect(reason.contains(":\(call): ") && reason.contains(code), "\(fault): \(reason)")
        #expect(scene.scene.alerts == [.failed] && done.isSettled, "\(fault)")
        #expect(try await scene.look() == .asBefore, "\(fault)")
        #expect(try await scene.writes().isEmpty, "\(fault)")
    }

    /// Answers that never come, after effects that do: what a look can show is not failed.
    @Test(arguments: calls)
    func answersThatNeverCome(example: Example, call: String) async throws {
        let scene = try await MotoScene(example)
        try await scene.channel.inject([.lostAnswer], into: call, times: 1_000_000)
        let done = try await scene.run()
        let isWrite = call == example.write
        #expect(done.outcome?.name == (isWrite ? "succeeded" : "failed"))
        #expect(scene.scene.alerts == (isWrite ? [] : [.failed]))
        #expect(try await scene.look() == (isWrite ? .inEffect : .asBefore))
    }

    /// Faults of the rollback's own calls: those that pass, then a refusal.
    @Test(arguments: Example.all.filter { $0.rollbackEffect != nil })
    func faultsOfRollbacks(example: Example) async throws {
        let isKey = example.action == .deactivateAccessKey
        let write = isKey ? "UpdateAccessKey" : example.write.replacing("Put", with: "Delete")
        for call in [write, example.calls.last ?? ""] {
            let scene = try await MotoScene(example)
            #expect(try await scene.run().outcome == .succeeded)
            try await scene.channel.inject([.accessDenied], into: call)
            #expect(try await scene.rollback()?.outcome == .succeeded)
            #expect(scene.scene.alerts == [.rollbackFailed])
            #expect(try await scene.look() == .inEffect)
            let faults = Self.passing.filter { $0 != .timeoutAfterEffect && (call != write || !$0.losesAnswer) }
            try await scene.channel.inject(faults, into: call)
            #expect(try await scene.rollback()?.outcome == .rolledBack)
            #expect(try await scene.look() == .asBefore)
            #expect(scene.scene.alerts == [.rollbackFailed])
        }
    }
}

extension FaultProxy.Fault {
    /// Whether the call has its effect, and its caller does not hear of it.
    var losesAnswer: Bool { [.lostAnswer, .halfAnswer, .timeoutAfterEffect].contains(self) }
}
