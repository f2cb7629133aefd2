// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Asks every queue of a run how many messages wait in it.
final class QueueGauges: Sendable {
    private let gauges = Mutex<(next: Int, all: [Int: @Sendable () async -> Int?])>((0, [:]))

    /// Adds a queue; the key takes it away again.
    func add(_ gauge: @escaping @Sendable () async -> Int?) -> Int {
        gauges.withLock { gauges in
            gauges.next += 1
            gauges.all[gauges.next] = gauge
            return gauges.next
        }
    }

    /// Takes a queue away.
    func remove(_ key: Int) { gauges.withLock { $0.all[key] = nil } }

    /// The messages of all queues; nil where there is none that can be asked.
    func waiting() async -> Int? {
        var sum: Int?
        for gauge in gauges.withLock({ Array($0.all.values) }) {
            if let count = await gauge() { sum = (sum ?? 0) + count }
        }
        return sum
    }
}
