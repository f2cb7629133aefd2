// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Draws the progress of a submission on standard error, as long as that is a terminal.
struct ProgressDisplay: Sendable {
    private let progress: SubmitProgress
    private let total: UInt64?
    private let start: Double

    /// `total` is the bytes of input, nil where they aren't known.
    init(_ progress: SubmitProgress, total: UInt64?, start: Double) {
        self.progress = progress
        self.total = total
        self.start = start
    }

    /// Draws until the task is cancelled, then wipes the line.
    func run() async {
        guard Terminal.of(descriptor: STDERR_FILENO).isInteractive else { return }
        var estimate = ProgressEstimate(total: total, start: start)
        var isDrawn = false
        while (try? await Task.sleep(for: Limits.progressInterval)) != nil {
            let counts = progress.counts
            estimate.observe(done: counts.inputBytes, records: counts.answered, at: SystemClock.seconds())
            let width = Terminal.columns(STDERR_FILENO) ?? Limits.assumedTerminalWidth
            let note = counts.waiting > 0 ? "reconnecting" : ""
            Self.write("\r\u{1B}[K" + ProgressBar.line(estimate, width: width, note: note))
            isDrawn = true
        }
        if isDrawn { Self.write("\r\u{1B}[K") }
    }

    private static func write(_ text: String) {
        _ = FileWriting.writeAll(Array(text.utf8), to: STDERR_FILENO)
    }
}
