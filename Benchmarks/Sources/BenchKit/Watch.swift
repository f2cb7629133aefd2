// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Time since it was made: by the clock, and of this thread's processor, which other programs' load does not lengthen.
package struct Watch {
    private let start = Watch.read(CLOCK_MONOTONIC)
    private let cpuStart = Watch.read(CLOCK_THREAD_CPUTIME_ID)

    package init() {}

    package var seconds: Double { Self.read(CLOCK_MONOTONIC) - start }
    package var cpuSeconds: Double { Self.read(CLOCK_THREAD_CPUTIME_ID) - cpuStart }
    package var milliseconds: Int { Int(seconds * 1_000) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// What the kernel says of a process.
package struct ProcessFigures {
    private let folder: String

    package init(_ process: Int32? = nil) { folder = "/proc/\(process.map(String.init) ?? "self")" }

    /// The greatest resident size so far, in MiB.
    package var peakMiB: Int {
        let status = (try? String(contentsOfFile: folder + "/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1_024
    }

    /// The resident size now, in bytes.
    package var residentBytes: Int {
        let text = (try? String(contentsOfFile: folder + "/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }

    /// Processor time of all its threads so far, in seconds.
    package var cpuSeconds: Double {
        let stat = (try? String(contentsOfFile: folder + "/stat", encoding: .utf8)) ?? ""
        // The fields after the name, which stands in brackets: utime and stime are the twelfth and thirteenth.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// The middle one, or the mean of both middle ones; 0 of nothing.
package func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return 0 }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
        ? (sorted[middle - 1] + sorted[middle]) / 2 : (middle < sorted.count ? sorted[middle] : last)
}

/// The machine's load over the last minute, which stands beside every figure.
package func load() -> String {
    var loads = [0.0]
    return getloadavg(&loads, 1) == 1 ? decimal(loads[0], 1) : "unknown"
}

package func decimal(_ value: Double, _ places: Int = 2) -> String { String(format: "%.\(places)f", value) }

/// A whole number with its thousands apart.
package func grouped(_ value: Double) -> String { grouped(Int(value.rounded())) }

/// A whole number with its thousands apart.
package func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// Prints a line at once, also into a file.
package func report(_ parts: String...) {
    print(parts.joined(separator: " "))
    fflush(nil)
}
