// SPDX-License-Identifier: Apache-2.0

import PKI
import RPC
import Serve
import Testing

/// Failed handshakes in the log, callers' shares, descriptors and folders.
@Suite struct HandshakeTallyTests {
    @Test func aFloodIsToldInSum() {
        var tally = HandshakeTally()
        var told = 0
        for number in 0..<100_000
        where tally.failed(number % 2 == 0 ? .notTLS : .missingCertificate, now: Int64(number)) {
            told += 1
        }
        // Ten at once, and one every six seconds of a hundred.
        #expect(told == Serve.Limits.toldHandshakes + 16)
        let sums = tally.take(now: 100_000)
        #expect(sums.values.reduce(0, +) == 100_000 - told)
        #expect(Set(sums.keys) == [.notTLS, .missingCertificate])
        let rest = tally.take(now: 100_000)
        #expect(rest.isEmpty)
    }

    @Test func sumsWaitForTheirTime() {
        var tally = HandshakeTally()
        let atOnce = (0...Serve.Limits.toldHandshakes).map { _ in tally.failed(.other, now: 0) }
        #expect(atOnce == Array(repeating: true, count: Serve.Limits.toldHandshakes) + [false])
        let early = tally.take(now: Serve.Limits.handshakeSumMilliseconds - 1)
        let sums = tally.take(now: Serve.Limits.handshakeSumMilliseconds)
        #expect(early.isEmpty && sums == [.other: 1])
        // A clock that stands still or goes back gives nothing.
        let later = [-5, Serve.Limits.toldHandshakeMilliseconds].map { tally.failed(.other, now: $0) }
        #expect(later == [false, true])
    }

    @Test func descriptorsBoundConnections() throws {
        let error = #expect(throws: ConfigurationError.self) { try Descriptors(limit: 24, loops: 2) }
        #expect(error?.description.contains("RLIMIT_NOFILE") == true)
        let few = try Descriptors(limit: 64, loops: 2)
        #expect(few.connections(wanted: 20_000) == 64 - few.own)
        #expect(try Descriptors(limit: 1 << 20, loops: 8).connections(wanted: 20_000) == 20_000)
    }

    @Test func foldersThatOthersMayUseAreWarnedOf() {
        #expect(DataDirectory.warning("/data", mode: 0o040700) == nil)
        #expect(DataDirectory.warning("/data", mode: 0o040750) == nil)
        #expect(DataDirectory.warning("/data", mode: 0o040777)?.contains("mode 777, and others may write") == true)
        #expect(DataDirectory.warning("/data", mode: 0o040755)?.contains("mode 755, and others may read") == true)
        #expect(DataDirectory.warning("/data", mode: 0o040770)?.contains("write") == true)
    }

    @Test func callersOfTheSameAccountsShare() {
        #expect(CallerShares.receivingBytes(of: .collector) >= 3 * Serve.Limits.requestBytes)
        for role in Role.allCases { #expect(CallerShares.receivingBytes(of: role) <= Serve.Limits.receivingBytes) }
    }
}
