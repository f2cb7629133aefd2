// SPDX-License-Identifier: Apache-2.0

import Messages
import Testing
import TrailhoundCLI

@Suite struct RemediationTests {
    @Test func whatHurtsNeedsAYes() throws {
        func ask(_ answer: String?, given: Bool = false, terminal: Bool = true) throws(Failure) {
            try Confirmation.require("do it", isGiven: given, isInteractive: terminal) { answer }
        }
        for word in ["y", "Y", "yes", " YES "] { #expect(throws: Never.self) { try ask(word) } }
        for word in ["", "n", "no", "yess", nil] {
            #expect(throws: Failure("nothing was done")) { try ask(word) }
        }
        #expect(throws: Never.self) { try ask(nil, given: true, terminal: false) }
        let refusal = #expect(throws: Failure.self) { try ask("y", terminal: false) }
        #expect(refusal?.code == Failure.Code.usage)
        #expect(refusal?.message.contains("--yes") == true)
    }

    @Test func aChangeOfPolicyIsShownLineByLine() {
        let before = RemediationPolicy(
            action: .denyUser, mode: .off, minSeverity: .high, never: ["user/root-*"], hourlyCap: 5)
        var after = before
        #expect(PolicyPresentation.changes(before, after).isEmpty)
        after.mode = .dryRun
        after.never = []
        after.always = ["key/AKIA1"]
        #expect(
            PolicyPresentation.changes(before, after) == [
                "mode: off → dry-run", "never: user/root-* → none", "always: none → key/AKIA1",
            ])
    }

    @Test func onlyWhatActsWithoutAPersonIsAskedFor() {
        var before = RemediationPolicy(action: .deactivateAccessKey, mode: .off, never: ["user/a", "user/b"])
        func question(_ change: (inout RemediationPolicy) -> Void) -> String? {
            var after = before
            change(&after)
            return RemediationQuestion.text(before, after, "111122223333")
        }
        #expect(question { $0.mode = .dryRun } == nil)
        #expect(question { $0.mode = .approve } == nil)
        #expect(
            question { $0.mode = .auto }
                == "let deactivate-access-key in account 111122223333 act without asking anybody")
        #expect(question { $0.always = ["user/c"] }?.contains("user/c") == true)
        before.mode = .auto
        #expect(question { $0.hourlyCap = 9 } == nil)
        #expect(question { $0.never = ["user/a"] }?.hasSuffix("touch user/b") == true)
    }

    @Test func theTargetIsNamedAsNeverListsNameIt() {
        #expect(RemediationPresentation.target(RemediationTarget(accessKeyID: "AKIA1", userName: "a")) == "key/AKIA1")
        #expect(RemediationPresentation.target(RemediationTarget(userName: "a")) == "user/a")
        #expect(RemediationPresentation.target(RemediationTarget(roleName: "r")) == "role/r")
        #expect(RemediationPresentation.target(RemediationTarget(trail: "t")) == "trail/t")
        #expect(RemediationPresentation.target(nil).isEmpty)
        for action in ActionChoice.allCases { #expect(action.value.word == action.rawValue) }
        for mode in ModeChoice.allCases { #expect(mode.value.word == mode.rawValue) }
    }
}

@Suite struct ExecutorMemoryTests {
    private var memory = ExecutorMemory(lease: 100)

    private func result(_ id: String) -> ExecutorResult {
        ExecutorResult(commandID: id, outcome: .failure(ExecutorFailure(kind: "transient", message: id)))
    }

    /// Sends a renewal and has it confirmed at once.
    private mutating func renew(at now: Int64) -> [String] {
        let (number, ids) = memory.renewal(at: now)
        memory.confirmed(number, at: now)
        return ids
    }

    /// A new connection, whose hello is answered at once: it renews nothing.
    private mutating func connect(at now: Int64) {
        memory.greeted(at: now)
        memory.confirmed(0, at: now)
    }

    @Test mutating func aCommandIsBegunOnce() {
        #expect(memory.received("a", at: 0) == .begin)
        #expect(memory.received("a", at: 1) == .wait)
        memory.finished(result("a"))
        #expect(memory.received("a", at: 2) == .answer(result("a")))
        #expect(memory.underWay == 0)
        memory.released(["a", "unknown"])
        #expect(memory.received("a", at: 3) == .begin, "what was confirmed is forgotten")
    }

    @Test mutating func afterItsLeaseItIsSomebodyElses() {
        _ = renew(at: 0)
        _ = memory.received("a", at: 0)
        connect(at: 90)
        _ = memory.received("b", at: 90)
        #expect(memory.isOwn("a", at: 99))
        #expect(!memory.isOwn("a", at: 100))
        #expect(renew(at: 100) == ["b"], "a lease that ran out is not renewed")
        #expect(memory.isOwn("b", at: 199))
        _ = renew(at: 150)
        #expect(memory.received("a", at: 150) == .wait)
        #expect(memory.isOwn("a", at: 249), "the service has given it again")
    }

    /// The service gives a command up a lease after it heard of the executor last. The executor must have ended by then.
    @Test mutating func whatIsNotConfirmedDoesNotCount() {
        memory.greeted(at: 0)
        #expect(memory.received("early", at: 5) == .begin)
        #expect(!memory.isOwn("early", at: 5), "nothing was confirmed yet")
        memory.confirmed(0, at: 8)
        _ = memory.received("a", at: 10)
        #expect(memory.isOwn("a", at: 99) && !memory.isOwn("a", at: 100), "from the hello on, not from its coming")
        // Renewals that go into a dead connection hold nothing.
        for now in stride(from: Int64(30), to: 300, by: 30) { _ = memory.renewal(at: now) }
        #expect(!memory.isOwn("a", at: 100))
        // What comes late on that connection, behind the first renewal, is over already.
        memory.confirmed(1, at: 280)
        _ = memory.received("late", at: 290)
        #expect(!memory.isOwn("late", at: 290))
        memory.confirmed(9, at: 285)
        _ = memory.received("b", at: 290)
        #expect(memory.isOwn("b", at: 369) && !memory.isOwn("b", at: 370))
    }

    /// A renewal that is under way for longer than the lease finds the command given up.
    @Test mutating func aLateConfirmationRenewsNothingThatRanOut() {
        _ = renew(at: 0)
        _ = memory.received("a", at: 0)
        let (number, ids) = memory.renewal(at: 33)
        #expect(ids == ["a"])
        memory.confirmed(number, at: 101)
        #expect(!memory.isOwn("a", at: 101))
    }

    @Test mutating func aRenewalDoesNotBringBackWhatAFreezeTook() {
        _ = renew(at: 0)
        _ = memory.received("a", at: 0)
        let (number, ids) = memory.renewal(at: 10)
        #expect(ids == ["a"])
        memory.released(["a"])
        memory.confirmed(number, at: 11)
        #expect(!memory.isOwn("a", at: 11))
    }

    @Test mutating func onlySoManyResultsAreKept() {
        for number in 0...Limits.rememberedResults { memory.finished(result("\(number)")) }
        #expect(memory.received("0", at: 0) == .begin)
        #expect(memory.received("1", at: 0) == .answer(result("1")))
    }
}
