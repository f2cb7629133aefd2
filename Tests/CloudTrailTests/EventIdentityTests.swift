// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Testing

@Suite("Identities of events") struct EventIdentityTests {
    /// Against OpenSSL's SIPHASH of 16 bytes with the same key and the same 24 bytes.
    @Test func isSipHashOfTheEventIDAndTheAccount() throws {
        let key = EventIdentityKey(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        let id = EventID(high: 0x0706_0504_0302_0100, low: 0x0F0E_0D0C_0B0A_0908)
        let account = try #require(AccountID("111122223333"))
        let identity = key.identity(of: id, in: account)
        #expect(identity == EventID(high: 0xC6AD_5167_511F_9826, low: 0xAE22_F0CB_A0D7_C509))
    }

    @Test func accountsAndKeysTellApart() throws {
        let id = EventID("53d40d92-f4ac-4b82-bdab-b2b26c8c42fb")
        let first = try #require(AccountID("111122223333"))
        let second = try #require(AccountID("444455556666"))
        let key = EventIdentityKey(1, 2)
        #expect(key.identity(of: id, in: first) != key.identity(of: id, in: second))
        #expect(key.identity(of: id, in: first) != EventIdentityKey(1, 3).identity(of: id, in: first))
    }
}
