// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How the sources of a run that ends came out.
final class OnboardedTally: Sendable {
    private let state = Mutex<(succeeded: Int, failures: [String])>((0, []))

    func succeed() { state.withLock { $0.succeeded += 1 } }

    func fail(_ text: String) { state.withLock { $0.failures.append(text) } }

    /// - Throws: a `Failure` where a source failed; its code says whether others did their work.
    func check() throws(Failure) {
        let (succeeded, failures) = state.withLock { $0 }
        guard let first = failures.first else { return }
        let others = failures.count > 1 ? " (and \(failures.count - 1) more, told above)" : ""
        throw Failure(first + others, code: succeeded > 0 ? Failure.Code.rejected : Failure.Code.failed)
    }
}
