// SPDX-License-Identifier: Apache-2.0

import Journal
import Testing

@Suite struct FilterTests {
    @Test(arguments: [1, 2, 100, 20_000])
    func neverDeniesWhatWasAdded(expected: Int) {
        let filter = SplitBlockFilter(expected: expected)
        var random = SplitMix(state: 1)
        // Also when it holds four times what it was made for.
        let keys = (0..<expected * 4).map { _ in random.next() }
        for key in keys { filter.insert(key) }
        #expect(keys.allSatisfy(filter.mayContain))
    }

    @Test func seldomClaimsWhatWasNot() {
        let count = 50_000
        let filter = SplitBlockFilter(expected: count)
        var random = SplitMix(state: 2)
        for _ in 0..<count { filter.insert(random.next()) }
        let wrong = (0..<200_000).reduce(0) { wrong, _ in wrong + (filter.mayContain(random.next()) ? 1 : 0) }
        // About one in a thousand at 16 bits a key; the seed is fixed, so this is no matter of luck.
        #expect(wrong < 400)
        #expect(filter.bytes == count * 2)
    }

    @Test func anEmptyFilterClaimsNothing() {
        var random = SplitMix(state: 3)
        let filter = SplitBlockFilter(expected: 0)
        #expect(filter.bytes == 32)
        #expect((0..<1_000).allSatisfy { _ in !filter.mayContain(random.next()) })
    }
}
