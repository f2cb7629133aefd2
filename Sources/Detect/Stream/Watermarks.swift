// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// How late the events of each account are by now: its latest one in whole minutes, by which all that waits for late events
/// knows when none can come any more. A value that does no I/O and takes time as an argument.
struct Watermarks: StreamPart {
    private var marks: [AccountID: Milliseconds] = [:]
    private var log = FieldWriter()
    private static let minute: Milliseconds = 60_000
    /// Later than any mark.
    static let never: Milliseconds = 1 << 56

    /// The account's mark; nothing lies before that of one without any.
    subscript(account: AccountID) -> Milliseconds { marks[account] ?? .min }

    var all: [AccountID: Milliseconds] { marks }

    var bytes: Int { marks.count * 48 }

    /// Takes that an account has an event of a time. Whether that moved its mark on.
    mutating func advance(_ account: AccountID, to latest: Milliseconds, now: Milliseconds) -> Bool {
        // An event from the future moves nothing on before its time.
        let mark = min(latest, now) / Self.minute * Self.minute
        guard mark > self[account] else { return false }
        marks[account] = mark
        Self.write(mark, account, &log)
        return true
    }

    /// Takes the marks back that lie later than now, as a clock that ran ahead has left them.
    mutating func correctClock(now: Milliseconds) {
        let latest = now / Self.minute * Self.minute
        for (account, mark) in marks where mark > latest {
            marks[account] = latest
            Self.write(latest, account, &log)
        }
    }

    /// What was learned since the last call.
    mutating func takeLog() -> [UInt8] {
        defer { log = FieldWriter() }
        return log.bytes
    }

    /// Takes in what `takeLog` or `live` gave.
    mutating func replay(_ bytes: [UInt8], now: Milliseconds) {
        Self.read(bytes) { mark, account in marks[account] = max(self[account], mark) }
    }

    /// What still counts of bytes that `takeLog` gave.
    func live(_ bytes: [UInt8]) -> [UInt8] {
        var writer = FieldWriter()
        Self.read(bytes) { mark, account in if marks[account] == mark { Self.write(mark, account, &writer) } }
        return writer.bytes
    }

    private static func write(_ mark: Milliseconds, _ account: AccountID, _ writer: inout FieldWriter) {
        writer.field(1) {
            $0.signed(mark)
            $0.varint(account.number)
        }
    }

    private static func read(_ bytes: [UInt8], _ take: (Milliseconds, AccountID) -> Void) {
        var reader = FieldReader(bytes)
        while !reader.isAtEnd {
            guard let (_, body) = try? reader.field() else { return }
            var field = FieldReader(body)
            if let mark = try? field.signed(), let account = try? field.account() { take(mark, account) }
        }
    }
}
