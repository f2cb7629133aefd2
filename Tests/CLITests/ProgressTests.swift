// SPDX-License-Identifier: Apache-2.0

import Testing
import TrailhoundCLI

@Suite struct ProgressTests {
    @Test func aSteadyRateGivesTheRightEnd() throws {
        var progress = ProgressEstimate(total: 1000, start: 50)
        for tick in 1...20 { progress.observe(done: UInt64(tick * 10), records: UInt64(tick * 5), at: 50 + Double(tick)) }
        #expect(progress.fraction == 0.2)
        #expect(abs(progress.recordsPerSecond - 5) < 0.001)
        let left = try #require(progress.secondsLeft)
        #expect(abs(left - 80) < 0.001)
    }

    @Test func nothingIsPromisedBeforeAnythingHappened() {
        var progress = ProgressEstimate(total: 100, start: 0)
        #expect(progress.secondsLeft == nil)
        progress.observe(done: 0, records: 0, at: 1)
        #expect(progress.secondsLeft == nil)
        #expect(progress.recordsPerSecond == 0)
    }

    @Test func theRateFollowsAChange() throws {
        var progress = ProgressEstimate(total: 1_000_000, start: 0)
        var done: UInt64 = 0
        for tick in 1...40 {
            done += tick <= 20 ? 1000 : 100
            progress.observe(done: done, records: done, at: Double(tick))
        }
        #expect(progress.recordsPerSecond > 100)
        #expect(progress.recordsPerSecond < 150)
    }

    @Test func observationsTooCloseTogetherDoNotJump() {
        var progress = ProgressEstimate(total: 1000, start: 0)
        progress.observe(done: 10, records: 10, at: 1)
        progress.observe(done: 500, records: 500, at: 1.000001)
        #expect(progress.recordsPerSecond == 10)
        #expect(progress.records == 500)
    }

    @Test func aClockThatGoesBackDoesNoHarm() {
        var progress = ProgressEstimate(total: 1000, start: 100)
        progress.observe(done: 10, records: 10, at: 50)
        progress.observe(done: 5, records: 5, at: 200)
        #expect(progress.recordsPerSecond >= 0)
    }

    @Test func moreThanAllIsAll() {
        var progress = ProgressEstimate(total: 10, start: 0)
        progress.observe(done: 20, records: 1, at: 1)
        #expect(progress.fraction == 1)
        #expect(progress.secondsLeft == 0)
        #expect(ProgressEstimate(total: 0, start: 0).fraction == 1)
    }

    @Test func theLineShowsShareRateAndEnd() {
        var progress = ProgressEstimate(total: 1000, start: 0)
        progress.observe(done: 500, records: 123_456, at: 2)
        let line = ProgressBar.line(progress, width: 80)
        #expect(line == "[=================>                 ] 50%  123,456 records  61,728/s  ETA 2.0 s")
    }

    @Test(arguments: [10, 20, 40, 60, 80, 200])
    func theLineNeverWraps(width: Int) {
        var progress = ProgressEstimate(total: 1000, start: 0)
        progress.observe(done: 999, records: 9_999_999, at: 1)
        #expect(DisplayWidth.of(ProgressBar.line(progress, width: width, note: "reconnecting")) < width)
    }

    @Test func anUnknownTotalHasNoBar() {
        var progress = ProgressEstimate(total: nil, start: 0)
        progress.observe(done: 10, records: 20, at: 1)
        #expect(ProgressBar.line(progress, width: 80) == "20 records  20/s")
    }
}
