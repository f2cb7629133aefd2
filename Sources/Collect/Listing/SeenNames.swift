// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Cryptography
import Glibc

/// The log files that a collector without a queue has delivered, by the day of their folders: eight bytes of a hash of
/// each name, in memory and in a file a day.
///
/// Names are added once the service has acknowledged the file. A crash loses the last few at most, and these files are
/// delivered again: the service recognises their events. Two of ten million names share a hash with a chance of one in
/// 400,000.
final class SeenNames {
    private let folder: String
    private var days: [String: Set<UInt64>] = [:]
    private var files: [String: Int32] = [:]

    /// Reads the days from `oldest` on (as `2026/11/22`), and forgets those before it.
    init(folder: String, oldest: String) throws {
        self.folder = folder
        try StateFolder.make(folder)
        for name in try StateFolder.names(folder) where name.hasSuffix(".seen") {
            let day = String(name.dropLast(".seen".count).replacing("-", with: "/"))
            if day < oldest {
                unlink(folder + "/" + name)
            } else {
                days[day] = Set(try Self.load(folder + "/" + name))
            }
        }
    }

    deinit { for descriptor in files.values { close(descriptor) } }

    /// How many names are remembered.
    var count: Int { days.values.reduce(0) { $0 + $1.count } }

    /// Whether a file was delivered.
    func contains(_ key: String, day: String) -> Bool { days[day]?.contains(Self.hash(key)) ?? false }

    /// A file was delivered.
    func insert(_ key: String, day: String) throws(StateError) {
        let hash = Self.hash(key)
        guard days[day, default: []].insert(hash).inserted else { return }
        let descriptor = try file(day)
        let bytes = withUnsafeBytes(of: hash.littleEndian) { Array($0) }
        if let failure = DurableFile.writeAll(bytes, descriptor) { throw StateError("write", path(day), failure) }
    }

    /// Forgets the days before one.
    func forget(before oldest: String) {
        for day in days.keys where day < oldest {
            days[day] = nil
            if let descriptor = files.removeValue(forKey: day) { close(descriptor) }
            unlink(path(day))
        }
    }

    /// The oldest day that is remembered.
    var oldest: String? { days.keys.min() }

    /// The newest day that is remembered.
    var newest: String? { days.keys.max() }

    static func hash(_ key: String) -> UInt64 {
        SHA256.hash(Array(key.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func path(_ day: String) -> String { folder + "/" + day.replacing("/", with: "-") + ".seen" }

    private func file(_ day: String) throws(StateError) -> Int32 {
        if let known = files[day] { return known }
        let descriptor = open(path(day), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError("write", path(day), errno) }
        files[day] = descriptor
        return descriptor
    }

    /// The hashes of a day. What a crash has left of a last one is cut off, so that the next stands in its place.
    private static func load(_ path: String) throws(StateError) -> [UInt64] {
        let bytes = try DurableFile.read(path, limit: CollectLimits.seenNames * 8) ?? []
        let whole = bytes.count - bytes.count % 8
        if whole < bytes.count, truncate(path, off_t(whole)) != 0 { throw StateError("write", path, errno) }
        return bytes.withUnsafeBytes { all in
            (0..<whole / 8).map { UInt64(littleEndian: all.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
        }
    }
}
