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

    /// A fault that passes: it is retried, takes effect once, and nobody is alarmed.
    @Test(arguments: calls)
    func passingFaults(example: Example, call: String) async throws {
        for fault in FaultProxy.Fault.allCases where fault.isPassing {
            let isSlow = fault == .timeoutAfterEffect
            let isOnce = [.clockSkew, .expiredCredentials, .timeoutAfterEffect].contains(fault)
            let scene = try await MotoScene(example, impatience: isSlow ? .milliseconds(400) : nil)
            try await scene.channel.inject(fault, into: call, times: isOnce ? 1 : 3)
            let done = try await scene.run()
            #expect(done.outcome == .succeeded, "\(fault)")
            #expect(try await scene.look() == .inEffect, "\(fault)")
            #expect(scene.scene.alerts.isEmpty, "\(fault)")
            let seen = try await scene.channel.calls().seen
            #expect(seen.filter { $0 == call }.count > (isOnce ? 1 : 3), "\(fault)")
            // Where the answer alone was lost, the same state is set again before anybody can look.
            let isAnswerLost = [.lostAnswer, .halfAnswer, .timeoutAfterEffect].contains(fault) && call == example.write
            let writes = try await scene.writes()
            #expect(isAnswerLost ? Set(writes) == [example.write] : writes == [example.write], "\(fault)")
        }
    }

    /// A fault that stays: an end with the call and the reason, an alert, and no change.
    @Test(arguments: calls)
    func lastingFaults(example: Example, call: String) async throws {
        let faults: [(FaultProxy.Fault, String)] = [
            (.accessDenied, "AccessDenied"), (.echoed, "AccessDenied"), (.throttled, "Throttling"),
            (.serverError, "Failure"), (.expiredCredentials, "ExpiredToken"), (.clockSkew, "Signature"),
            (.reset, "ConnectionFailed"), (.garbage, "UnreadableResponse"),
        ]
        for (fault, code) in faults {
            let scene = try await MotoScene(example)
            try await scene.channel.inject(fault, into: call, times: 1_000_000)
            let done = try await scene.run()
            guard case .failed(let reason) = done.outcome else {
                Issue.record("\(fault): failed is expected, not \(String(describing: done.outcome))")
                continue
            }
            #expect(reason.contains(":\(call): ") && reason.contains(code), "\(fault): \(reason)")
            #expect(scene.scene.alerts == [.failed] && done.isSettled, "\(fault)")
            #expect(try await scene.look() == .asBefore, "\(fault)")
            #expect(try await scene.writes().isEmpty, "\(fault)")
        }
    }

    /// Answers that never come, after effects that do: what a look can show is not failed.
    @Test(arguments: calls)
    func answersThatNeverCome(example: Example, call: String) async throws {
        let scene = try await MotoScene(example)
        try await scene.channel.inject(.lostAnswer, into: call, times: 1_000_000)
        let done = try await scene.run()
        let isWrite = call == example.write
        #expect(done.outcome?.name == (isWrite ? "succeeded" : "failed"))
        #expect(scene.scene.alerts == (isWrite ? [] : [.failed]))
        #expect(try await scene.look() == (isWrite ? .inEffect : .asBefore))
    }

    /// Faults of the rollback's own calls.
    @Test(arguments: Example.all.filter { $0.rollbackEffect != nil })
    func faultsOfRollbacks(example: Example) async throws {
        let write =
            example.action == .deactivateAccessKey
            ? "UpdateAccessKey" : example.write.replacing("Put", with: "Delete")
        for call in [write, example.calls.last ?? ""] {
            for fault in FaultProxy.Fault.allCases where fault != .timeoutAfterEffect {
                let scene = try await MotoScene(example)
                #expect(try await scene.run().outcome == .succeeded)
                let isOnce = [.clockSkew, .expiredCredentials].contains(fault) || !fault.isPassing
                try await scene.channel.inject(fault, into: call, times: isOnce ? 1 : 3)
                let back = try await scene.rollback()
                if !fault.isPassing {
                    #expect(back?.outcome == .succeeded && scene.scene.alerts == [.rollbackFailed])
                    #expect(try await scene.look() == .inEffect)
                    #expect(try await scene.rollback()?.outcome == .rolledBack)
                } else {
                    #expect(back?.outcome == .rolledBack && scene.scene.alerts.isEmpty, "\(fault)")
                }
                #expect(try await scene.look() == .asBefore, "\(fault)")
            }
        }
    }
}
