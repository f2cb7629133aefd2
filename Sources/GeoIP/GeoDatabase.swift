// SPDX-License-Identifier: Apache-2.0

import CMaxMindDB
import Glibc

/// A database that tells where addresses are, or whose, in MaxMind's format: GeoLite2, GeoIP2 and whatever else has the
/// same fields. It is checked whole when it is opened, so that nothing in it can do harm later.
///
/// The file is mapped into memory. Put a new one in its place by renaming, as `geoipupdate` does, never by writing into it.
package final class GeoDatabase: @unchecked Sendable {
    // Sendable: the library's handle is written by `init` alone, and its look-ups only read it and the mapped file
    // ("thread safety" in libmaxminddb's manual).
    private let handle: UnsafeMutablePointer<MMDB_s>
    /// What the database says it is, for example `GeoLite2-City`.
    package let type: String
    /// When it was made, in seconds since 1970.
    package let builtAt: UInt64

    /// What is asked of a database.
    package enum Kind: String, Sendable {
        /// Where addresses are.
        case city = "City"
        /// Whose they are: autonomous systems.
        case network = "ASN"
    }

    /// Why a file is no such database.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        /// The kinds of reasons.
        package enum Reason: String, Sendable {
            case unreadable = "can't be read"
            case tooLarge = "is too large"
            case notADatabase = "is no MaxMind database"
            case wrongKind = "is a database of another kind"
            case brokenTree = "has a broken search tree"
            case brokenData = "has broken data"
        }

        package let reason: Reason
        package let path: String
        package let detail: String

        package var description: String { "\(path) \(reason.rawValue): \(detail)" }
    }

    /// Opens and checks a database.
    package init(path: String, kind: Kind) throws(Failure) {
        func failure(_ reason: Failure.Reason, _ detail: String) -> Failure {
            Failure(reason: reason, path: path, detail: detail)
        }
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            throw failure(.unreadable, String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure(.unreadable, "it is no regular file") }
        guard status.st_size <= GeoLimits.databaseBytes else {
            throw failure(.tooLarge, "a database has at most \(GeoLimits.databaseBytes) bytes")
        }
        let handle = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
        handle.initialize(to: MMDB_s())
        let code = MMDB_open(path, UInt32(MMDB_MODE_MMAP), handle)
        guard code == MMDB_SUCCESS else {
            handle.deallocate()
            let detail = String(cString: MMDB_strerror(code))
            throw failure(code == MMDB_INVALID_DATA_ERROR ? .brokenData : .notADatabase, detail)
        }
        self.handle = handle
        type = handle.pointee.metadata.database_type.map { String(cString: $0) } ?? ""
        builtAt = handle.pointee.metadata.build_epoch
        // From here on the handle is closed by `deinit`.
        guard let problem = check(kind) else { return }
        throw failure(problem.reason, problem.detail)
    }

    deinit {
        MMDB_close(handle)
        handle.deallocate()
    }

    private typealias Problem = (reason: Failure.Reason, detail: String)

    /// Goes through every node of the tree and every entry that they lead to, once.
    private func check(_ kind: Kind) -> Problem? {
        let metadata = handle.pointee.metadata
        guard type.hasSuffix(kind.rawValue) || type.contains(kind.rawValue + "-") else {
            return (
                .wrongKind, "it calls itself '\(type)', and a database whose name ends in \(kind.rawValue) is wanted"
            )
        }
        var entries: [UInt32] = []
        for number in 0..<metadata.node_count {
            var node = MMDB_search_node_s()
            guard MMDB_read_node(handle, number, &node) == MMDB_SUCCESS else {
                return (.brokenTree, "node \(number) can't be read")
            }
            for (type, entry) in [
                (node.left_record_type, node.left_record_entry), (node.right_record_type, node.right_record_entry),
            ] {
                switch Int32(type) {
                case Int32(MMDB_RECORD_TYPE_SEARCH_NODE), Int32(MMDB_RECORD_TYPE_EMPTY): continue
                case Int32(MMDB_RECORD_TYPE_DATA): entries.append(entry.offset)
                default: return (.brokenTree, "node \(number) leads nowhere")
                }
            }
        }
        entries.sort()
        guard let start = handle.pointee.data_section else { return (.brokenData, "it has none") }
        let data = UnsafeRawBufferPointer(start: start, count: Int(handle.pointee.data_section_size))
        var last: UInt32?
        for entry in entries where entry != last {
            last = entry
            var walk = EntryWalk(data)
            guard walk.isSound(at: Int(entry)) else { return (.brokenData, "the entry at \(entry) is none") }
        }
        return nil
    }

    /// The entry of an address; nil where there is none, or for a text that is no address.
    private func entry(of address: String) -> MMDB_entry_s? {
        var (addressError, error): (Int32, Int32) = (0, 0)
        let result = MMDB_lookup_string(handle, address, &addressError, &error)
        guard addressError == 0, error == MMDB_SUCCESS, result.found_entry else { return nil }
        return result.entry
    }

    private func value(_ entry: MMDB_entry_s, _ path: StaticString...) -> MMDB_entry_data_s? {
        var entry = entry
        var value = MMDB_entry_data_s()
        var names: [UnsafePointer<CChar>?] = path.map { name in
            UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        }
        names.append(nil)
        guard MMDB_aget_value(&entry, &value, names) == MMDB_SUCCESS, value.has_data else { return nil }
        return value
    }

    private func number(_ value: MMDB_entry_data_s?) -> Double? {
        guard var value else { return nil }
        let number = cmaxminddb_number(&value, .nan)
        return number.isFinite ? number : nil
    }

    private func text(_ value: MMDB_entry_data_s?) -> String {
        guard var value, let start = cmaxminddb_text(&value) else { return "" }
        let bytes = UnsafeRawBufferPointer(start: start, count: min(Int(value.data_size), GeoLimits.nameBytes))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension GeoDatabase {
    /// Where an address is, about.
    package struct Location: Sendable, Hashable {
        /// In degrees.
        package let latitude: Double
        package let longitude: Double
        /// How far from there it may be, in kilometres; 0 where the database does not say.
        package let radius: Double
        /// City and country in English, as far as they are known.
        package let name: String
    }

    /// Where an address is; nil where the database does not know.
    package func location(of address: String) -> Location? {
        guard let entry = entry(of: address),
            let latitude = number(value(entry, "location", "latitude")), abs(latitude) <= 90,
            let longitude = number(value(entry, "location", "longitude")), abs(longitude) <= 180
        else { return nil }
        let radius = number(value(entry, "location", "accuracy_radius")) ?? 0
        let names = [text(value(entry, "city", "names", "en")), text(value(entry, "country", "names", "en"))]
        return Location(
            latitude: latitude, longitude: longitude, radius: max(0, radius),
            name: names.filter { !$0.isEmpty }.joined(separator: ", "))
    }

    /// The number of the autonomous system that an address is in; nil where the database does not know.
    package func autonomousSystem(of address: String) -> UInt32? {
        entry(of: address).flatMap { number(value($0, "autonomous_system_number")) }.flatMap(UInt32.init(exactly:))
    }
}
