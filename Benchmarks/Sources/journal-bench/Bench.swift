// SPDX-License-Identifier: Apache-2.0

import BenchKit
import CloudTrail
import Foundation
import Journal

/// The measurements.
struct Bench {
    let total: Int
    let directory: String
    let workload: Workload

    func run() throws {
        try? FileManager.default.removeItem(atPath: directory)
        do {
            let journal = try Journal(directory: directory)
            let writer = try journal.makeWriter()
            let size = "\(Workload.blocksPerCommit) blocks of \(Workload.recordsPerBlock)"
            report("filling \(total) records: \(size) a commit")
            try fill(journal, writer)
            try resubmit(writer)
            try lookUp(journal)
            let statistics = try journal.reader.statistics()
            report(
                "database \(statistics.databaseBytes >> 20) MiB: blocks \(statistics.storedBytes >> 20) MiB of",
                "\(statistics.rawBytes >> 20) MiB of records; index memory \(writer.indexBytes >> 20) MiB;",
                "peak memory \(ProcessFigures().peakMiB) MiB")
        }
        let journal = try Journal(directory: directory)
        var watch = Watch()
        let writer = try journal.makeWriter()
        report("start: \(watch.milliseconds) ms to read the index; \(writer.indexBytes >> 20) MiB")
        watch = Watch()
        try writer.commit { try $0.dropDays(before: Day(number: 1)) }
        let dropped = watch.milliseconds
        watch = Watch()
        var commits = 0
        var worst = 0.0
        while writer.needsMaintenance {
            let watch = Watch()
            try writer.commit { _ in }
            worst = max(worst, watch.seconds)
            commits += 1
        }
        report(
            "retention: the day dropped in \(dropped) ms; its room taken back in \(commits) commits,",
            "\(watch.milliseconds) ms, the longest \(decimal(worst * 1_000)) ms")
    }

    /// Stores everything, and prints the rate of each tenth.
    func fill(_ journal: Journal, _ writer: Writer) throws {
        let perCommit = Workload.blocksPerCommit * Workload.recordsPerBlock
        let slice = max(total / 10, perCommit)
        var next = 0
        var first = 0.0
        while next < total {
            var wall = 0.0
            var cpu = 0.0
            var worst = 0.0
            let end = min(next + slice, total)
            let start = next
            while next < end {
                let blocks = try workload.blocks(from: next)
                let watch = Watch()
                try writer.commit { transaction in
                    for (block, ids) in blocks {
                        let admission = try transaction.append(block, ids: ids, receivedAt: 0)
                        precondition(admission.freshCount == ids.count)
                    }
                }
                wall += watch.seconds
                cpu += watch.cpuSeconds
                worst = max(worst, watch.seconds)
                next += perCommit
            }
            let rate = Double(next - start) / wall
            if first == 0 { first = rate }
            report(
                "to \(next): \(Int(rate)) records/s (\(Int(rate / first * 100)) % of the first tenth), worst commit",
                "\(Int(worst * 1_000)) ms, cpu \(decimal(cpu / Double(next - start) * 1e6)) µs a record =",
                "\(decimal(cpu / Double(next - start) * 6e6)) % of a core at 60,000/s, peak memory \(ProcessFigures().peakMiB) MiB"
            )
        }
    }

    /// Offers parts of what is stored again, in its order and shuffled.
    func resubmit(_ writer: Writer) throws {
        let perCommit = Workload.blocksPerCommit * Workload.recordsPerBlock
        let commits = min(100, total / perCommit)
        for shuffled in [false, true] {
            var wall = 0.0
            var cpu = 0.0
            for _ in 0..<commits {
                let start = Int.random(in: 0..<max(total / perCommit, 1)) * perCommit
                let numbers = (0..<perCommit).map { shuffled ? Int.random(in: 0..<total) : start + $0 }
                let ids = numbers.map(Workload.id)
                let watch = Watch()
                let known = try writer.knownEvents(ids)
                wall += watch.seconds
                cpu += watch.cpuSeconds
                precondition(known.allSatisfy { $0 })
            }
            let records = Double(commits * perCommit)
            report(
                "duplicates \(shuffled ? "in random order" : "in stored order"): \(Int(records / wall)) records/s, cpu",
                "\(decimal(cpu / records * 1e6)) µs a record")
        }
    }

    /// Looks single events, rare keys and common ones up.
    func lookUp(_ journal: Journal) throws {
        var worst = 0.0
        for _ in 0..<200 {
            let number = Int.random(in: 0..<total)
            let watch = Watch()
            let record = try journal.reader.record(Workload.id(number))
            worst = max(worst, watch.seconds)
            precondition(record != nil)
        }
        report("look-up by eventID: worst of 200 \(decimal(worst * 1_000)) ms")
        for (name, token) in [("rare key", workload.rareToken(total)), ("common key", workload.commonToken())] {
            let watch = Watch()
            let blocks = try journal.reader.blocks(with: [token], limit: 100)
            for block in blocks.prefix(10) { _ = try journal.reader.block(block) }
            report("look-up by \(name): \(blocks.count) blocks, ten decoded, \(decimal(watch.seconds * 1_000)) ms")
        }
    }
}
