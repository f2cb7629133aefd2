// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// One part of the stream's state: a value that remembers something of past events, and a log of what it learned. Every
/// time is in milliseconds; a part that keeps coarser ones converts them itself.
protocol StreamPart: Sendable {
    /// Bytes that it takes in memory, about, and in the log where nothing is outdated.
    var bytes: Int { get }

    /// Returns what was learned since the last call.
    mutating func takeLog() -> [UInt8]

    /// Takes in what `takeLog` or `live` gave.
    mutating func replay(_ bytes: [UInt8], now: Milliseconds)

    /// Returns what still counts of bytes that `takeLog` gave, as it stands now.
    func live(_ bytes: [UInt8]) -> [UInt8]

    /// Forgets what no event in time can reach any more.
    ///
    /// - Parameter marks: the event time that each account has reached.
    mutating func expire(_ marks: Watermarks, now: Milliseconds)

    /// Undoes what a clock that ran ahead for a while has left.
    ///
    /// - Parameter now: a clock that is right again.
    mutating func correctClock(now: Milliseconds)
}

extension StreamPart {
    /// Does nothing: what the part keeps ends by itself.
    mutating func expire(_ marks: Watermarks, now: Milliseconds) {}
}

/// A part's number in the stored rows, and access to the part in the state.
struct StreamPartEntry: Sendable {
    /// On disk: never renumber.
    let number: UInt8
    let bytes: @Sendable (StreamState) -> Int
    let takeLog: @Sendable (inout StreamState) -> [UInt8]
    let replay: @Sendable (inout StreamState, [UInt8], Milliseconds) -> Void
    let live: @Sendable (StreamState, [UInt8]) -> [UInt8]
    let expire: @Sendable (inout StreamState, Watermarks, Milliseconds) -> Void
    let correctClock: @Sendable (inout StreamState, Milliseconds) -> Void

    init<Part: StreamPart>(_ number: UInt8, _ path: WritableKeyPath<StreamState, Part> & Sendable) {
        self.number = number
        bytes = { $0[keyPath: path].bytes }
        takeLog = { $0[keyPath: path].takeLog() }
        replay = { $0[keyPath: path].replay($1, now: $2) }
        live = { $0[keyPath: path].live($1) }
        expire = { $0[keyPath: path].expire($1, now: $2) }
        correctClock = { $0[keyPath: path].correctClock(now: $1) }
    }
}

extension Milliseconds {
    /// Whole seconds since 1970, where a part keeps no finer ones.
    var wholeSeconds: UInt32 { UInt32(clamping: self / 1_000) }

    /// Whole hours since 1970, where a part keeps no finer ones.
    var wholeHours: UInt32 { UInt32(clamping: self / 3_600_000) }
}

/// The correlator counts the caller's clock in seconds.
extension Correlator: StreamPart {
    mutating func replay(_ bytes: [UInt8], now: Milliseconds) { replay(bytes, now: now.wholeSeconds) }

    mutating func expire(_ marks: Watermarks, now: Milliseconds) { expire(now: now.wholeSeconds) }

    mutating func correctClock(now: Milliseconds) { correctClock(now: now.wholeSeconds) }
}
