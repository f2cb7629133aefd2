// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The extent of a list.
struct ListOptions: ParsableArguments {
    @Option(help: "The most to list; 100 where neither this nor --all is given.")
    var limit: Int?

    @Flag(help: "List everything, page by page.")
    var all = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
        if limit != nil, all { throw ValidationError("--limit and --all exclude each other") }
    }

    /// The most to list.
    var most: Int { all ? .max : limit ?? Limits.listed }

    /// The size of the page that `listed` items are followed by.
    func pageSize(after listed: Int) -> UInt32 { UInt32(clamping: min(Int(Limits.pageSize), most - listed)) }
}

/// A stretch of time on the command line. `--since` and `--until` are times wherever they stand.
struct TimeOptions: ParsableArguments {
    @Option(
        help: .init(
            "Only what happened from this time on: 2026-11-22T09:30:00Z, 2026-11-22, or 2h, 7d ago.",
            valueName: "time"))
    var since: String?

    @Option(help: .init("Only what happened before this time.", valueName: "time"))
    var until: String?

    func validate() throws {
        for (name, text) in [("--since", since), ("--until", until)] {
            guard let text, Clock.parse(text, now: SystemClock.now()) == nil else { continue }
            throw ValidationError(
                "\(name): '\(text)' is not a time; write 2026-11-22T09:30:00Z, 2026-11-22, or 2h for two hours ago")
        }
    }
}
