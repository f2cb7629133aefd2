// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// Threads of their own for one kind of reads. What waits for its turn in one lane never holds up another: a dispatch
/// queue would run all of them on as many threads as there are cores, which a few long queries fill.
package final class ReadLane: Sendable {
    /// Reads that the response to alerts rests on. Nothing that a caller asks for runs here.
    package static let response = ReadLane("read-response", threads: JournalLimits.responseReaders)
    /// Short reads that callers wait for: status, one alert, one account.
    package static let lookups = ReadLane("read-lookups", threads: JournalLimits.lookupReaders)
    /// Pages of the alert and audit log, for who follows them.
    package static let feed = ReadLane("read-feed", threads: JournalLimits.feedReaders)
    /// Queries over the archive and lists. Their threads give way to all others where cores are short.
    package static let queries = ReadLane(
        "read-queries", threads: JournalLimits.queryReaders, niceness: JournalLimits.queryNiceness)

    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var threads = 0
        var idle = 0
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let name: String
    private let threads: Int
    private let niceness: Int32

    /// - Parameters:
    ///   - threads: at most so many; each starts when there is work that no other is free for.
    ///   - niceness: by how much they give way to other threads, 0 to 19.
    init(_ name: String, threads: Int, niceness: Int32 = 0) {
        self.name = name
        self.threads = max(1, threads)
        self.niceness = niceness
    }

    /// Runs work on a thread of the lane, in the order in which it comes.
    func async(_ work: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            state.waiting.append(work)
            guard state.idle < state.waiting.count, state.threads < threads else { return false }
            state.threads += 1
            return true
        }
        if starts { start() }
        available.signal()
    }

    private func start() {
        let thread = Thread { [self] in
            // On Linux, the niceness of thread 0 is the calling thread's own.
            if niceness > 0 { _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, niceness) }
            while true {
                state.withLock { $0.idle += 1 }
                available.wait()
                let work = state.withLock { state in
                    state.idle -= 1
                    return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
                }
                work?()
            }
        }
        thread.name = name
        thread.start()
    }
}
