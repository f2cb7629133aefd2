// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import JSON
import Journal
import Logging

/// The tuning of detections between the live catalog and the journal.
///
/// A setting is an entry of the engine's state under `tuning/setting/DETECTION/ACCOUNT`, with `*` for everywhere; an
/// exception is its own text under `tuning/exception/ID`.
enum TuningStore {
    private static let settings = "tuning/setting/"
    private static let exceptions = "tuning/exception/"

    /// The tuning as it was left. An exception that can no longer be read (it names a placeholder that is gone) is left
    /// out with a word in the log.
    static func load(
        _ reader: Reader, placeholders: [String: [String]], _ damage: DamageTally, _ log: Logger
    ) throws -> Tuning {
        var tuning = Tuning()
        // Switches of stores that knew nothing else.
        for row in try reader.detectionStates() {
            tuning.set(Tuning.Setting(enabled: row.enabled), of: row.detectionID)
        }
        try each(reader, settings) { name, value in
            let pieces = name.split(separator: "/", maxSplits: 1)
            let account = pieces.count == 2 ? AccountID(String(pieces[1])) : nil
            guard pieces.count == 2, account != nil || pieces[1] == "*", let setting = decode(value) else {
                // The detection is as its author set it.
                let error = JournalError.damaged("state \(settings)\(name)", "the setting can't be read")
                if damage.note(error) { log.error("a tuning is left out: \(error)") }
                return
            }
            tuning.set(setting, of: String(pieces[0]), in: account)
        }
        try each(reader, exceptions) { id, value in
            do throws(DetectionException.Failure) {
                tuning.add(
                    try DetectionException(
                        parsing: String(decoding: value, as: UTF8.self), file: "exception \(id)",
                        placeholders: placeholders))
            } catch { log.warning("\(error)") }
        }
        return tuning
    }

    /// Keeps what is set of a detection.
    static func put(
        _ setting: Tuning.Setting, of detectionID: String, in account: AccountID?, _ transaction: borrowing Transaction
    ) throws {
        // An entry stays even where nothing is set, so that a switch of an older store does not come back.
        try transaction.putState(settings + detectionID + "/" + (account?.description ?? "*"), encode(setting))
    }

    /// Keeps an exception.
    static func put(_ exception: DetectionException, _ transaction: borrowing Transaction) throws {
        try transaction.putState(exceptions + exception.id, Array(exception.text.utf8))
    }

    /// Forgets an exception.
    static func remove(exception id: String, _ transaction: borrowing Transaction) throws {
        try transaction.putState(exceptions + id, nil)
    }

    /// Gives the engine's state under the names that begin with a prefix, without it.
    static func each(
        _ reader: Reader, _ prefix: String, _ body: (Substring, [UInt8]) throws -> Void
    ) throws {
        var last = ""
        while true {
            let page = try reader.states(prefix: prefix, after: last, limit: Limits.largestPage)
            for (name, value) in page { try body(name.dropFirst(prefix.count), value) }
            guard let name = page.last?.name else { return }
            last = name
        }
    }

    private static func encode(_ setting: Tuning.Setting) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if let enabled = setting.enabled {
            writer.key("enabled")
            writer.bool(enabled)
        }
        if let severity = setting.severity {
            writer.key("severity")
            writer.string(severity.name)
        }
        if let onTrial = setting.onTrial {
            writer.key("trial")
            writer.bool(onTrial)
        }
        writer.endObject()
        return writer.bytes
    }

    private static func decode(_ bytes: [UInt8]) -> Tuning.Setting? {
        guard let value = try? JSONValue(parsing: bytes), value.object != nil else { return nil }
        return Tuning.Setting(
            enabled: value["enabled"]?.bool, severity: value["severity"]?.string.flatMap(Severity.init(name:)),
            onTrial: value["trial"]?.bool)
    }
}
