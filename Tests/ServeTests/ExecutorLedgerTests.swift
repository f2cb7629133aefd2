// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Serve
import Testing

@Suite struct ExecutorLedgerTests {
    private static let account = AccountID("111122223333") ?? .zero
    private static let other = AccountID("444455556666") ?? .zero

    private var ledger = ExecutorLedger(lease: 10, patience: 20)

    private static func session(_ name: String, _ account: AccountID = account) -> ExecutorLedger.Session {
        ExecutorLedger.Session(executorID: name, accountID: account)
    }

    private static func command(_ id: String, writes: Bool = false) -> ExecutorLedger.Command {
        ExecutorLedger.Command(id: id, accountID: account, isWrite: writes)
    }

    @Test mutating func oneExecutorGetsACommandAndOnlyOfItsAccount() {
        #expect(ledger.connected(1, Self.session("foreign", Self.other), 0).isEmpty)
        #expect(ledger.add(Self.command("a"), 0).isEmpty)
        #expect(ledger.connected(2, Self.session("x"), 1) == [.send(commandID: "a", session: 2)])
        #expect(ledger.connected(3, Self.session("y"), 2).isEmpty)
        // The next one goes to who has nothing to do.
        #expect(ledger.add(Self.command("b"), 3) == [.send(commandID: "b", session: 3)])
        #expect(ledger.executors(of: Self.account) == 2)
    }

    @Test mutating func aReadThatIsLostIsHandedOnAfterTheLease() {
        _ = ledger.connected(1, Self.session("x"), 0)
        _ = ledger.add(Self.command("a"), 0)
        _ = ledger.connected(2, Self.session("y"), 1)
        ledger.disconnected(1)
        #expect(ledger.tick(9).isEmpty, "it is still the first one's")
        #expect(ledger.nextTick == 10)
        #expect(ledger.tick(10) == [.send(commandID: "a", session: 2)])
        let (isTaken, _) = ledger.answered("a", by: 2, 11)
        #expect(isTaken && ledger.pending == 0)
    }

    @Test mutating func aWriteThatIsLostIsNotSentTwice() {
        _ = ledger.connected(1, Self.session("x"), 0)
        _ = ledger.add(Self.command("a", writes: true), 0)
        _ = ledger.connected(2, Self.session("y"), 1)
        ledger.disconnected(1)
        #expect(ledger.tick(10) == [.lost(commandID: "a", executorID: "x")])
        #expect(ledger.pending == 0)
        // The lost one comes back with a result that nobody waits for any more.
        _ = ledger.connected(3, Self.session("x"), 12)
        #expect(!ledger.answered("a", by: 3, 13).isTaken)
    }

    @Test mutating func aRenewalKeepsACommand() {
        _ = ledger.connected(1, Self.session("x"), 0)
        _ = ledger.connected(2, Self.session("y"), 0)
        _ = ledger.add(Self.command("a"), 0)
        ledger.renewed(["a"], by: 2, 5)
        #expect(ledger.nextTick == 10, "only its holder can renew it")
        ledger.renewed(["a", "unknown"], by: 1, 5)
        #expect(ledger.tick(14).isEmpty)
        #expect(ledger.tick(15) == [.send(commandID: "a", session: 2)] || ledger.tick(15).isEmpty)
    }

    @Test mutating func whoComesBackInTimeGetsItsCommandsAgain() {
        _ = ledger.connected(1, Self.session("x"), 0)
        _ = ledger.add(Self.command("a", writes: true), 0)
        ledger.disconnected(1)
        #expect(ledger.connected(2, Self.session("x"), 5) == [.send(commandID: "a", session: 2)])
        #expect(ledger.answered("a", by: 2, 6).isTaken)
    }

    @Test mutating func theAnswerOfAnotherDoesNotCount() {
        _ = ledger.connected(1, Self.session("x"), 0)
        _ = ledger.add(Self.command("a"), 0)
        _ = ledger.connected(2, Self.session("y"), 0)
        _ = ledger.connected(3, Self.session("x", Self.other), 0)
        #expect(!ledger.answered("a", by: 2, 1).isTaken)
        #expect(!ledger.answered("a", by: 3, 1).isTaken, "the same name in another account is another executor")
        #expect(ledger.answered("a", by: 1, 1).isTaken)
    }

    @Test mutating func nobodyWaitsForEver() {
        _ = ledger.add(Self.command("a"), 0)
        _ = ledger.add(Self.command("b", writes: true), 5)
        #expect(ledger.tick(20) == [.unserved(commandID: "a")])
        #expect(ledger.tick(25) == [.unserved(commandID: "b")])
        #expect(ledger.nextTick == nil)
        _ = ledger.add(Self.command("c"), 30)
        #expect(ledger.cancelled("c", 31).isEmpty)
        #expect(ledger.connected(1, Self.session("x"), 32).isEmpty)
    }

    @Test mutating func oneExecutorHasOnlySoMany() {
        _ = ledger.connected(1, Self.session("x"), 0)
        let sent = (0...Limits.commandsPerExecutor).flatMap { ledger.add(Self.command("\($0)"), 0) }
        #expect(sent.count == Limits.commandsPerExecutor)
        let (_, next) = ledger.answered("0", by: 1, 1)
        #expect(next == [.send(commandID: "\(Limits.commandsPerExecutor)", session: 1)])
    }
}
