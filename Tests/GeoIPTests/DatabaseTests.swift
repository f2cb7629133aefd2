// SPDX-License-Identifier: Apache-2.0

import Foundation
import GeoIP
import Testing

/// Databases of addresses: MaxMind's own small ones, and broken ones.
@Suite struct DatabaseTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("../shared/corpora/mmdb").standardizedFileURL
    /// False where the databases are not there; the tests say then that they skip.
    private static let isThere = FileManager.default.fileExists(atPath: folder.path)

    private static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private static func failure(_ path: String, _ kind: GeoDatabase.Kind = .city) -> GeoDatabase.Failure? {
        do throws(GeoDatabase.Failure) {
            _ = try GeoDatabase(path: path, kind: kind)
            return nil
        } catch { return error }
    }

    @Test(.enabled(if: isThere, "no ../shared/corpora")) func placesAreFound() throws {
        let database = try GeoDatabase(path: Self.path("GeoLite2-City-Test.mmdb"), kind: .city)
        #expect(database.type == "GeoLite2-City")
        let london = try #require(database.location(of: "81.2.69.142"))
        #expect(london.name == "London, United Kingdom")
        #expect(abs(london.latitude - 51.5142) < 0.001 && abs(london.longitude + 0.0931) < 0.001)
        #expect(london.radius == 10)
        #expect(database.location(of: "2001:218::1")?.name == "Japan")
        for nowhere in ["10.0.0.1", "AWS Internal", "ec2.amazonaws.com", "", "81.2.69.142 ", "::"] {
            #expect(database.location(of: nowhere) == nil, "\(nowhere)")
        }
    }

    @Test(.enabled(if: isThere, "no ../shared/corpora")) func networksAreFound() throws {
        let database = try GeoDatabase(path: Self.path("GeoLite2-ASN-Test.mmdb"), kind: .network)
        #expect(database.autonomousSystem(of: "1.128.0.1") == 1_221)
        #expect(database.autonomousSystem(of: "192.0.2.1") == nil)
        #expect(database.location(of: "1.128.0.1") == nil)
    }

    @Test(.enabled(if: isThere, "no ../shared/corpora")) func brokenOnesAreRefusedByName() throws {
        for name in ["cyclic-data-structure.mmdb", "unexpected-bytes.mmdb"] {
            #expect(Self.failure(Self.path(name))?.reason == .brokenData, "\(name)")
        }
        // One that the library opens.
        let deep = try #require(Self.failure(Self.path("libmaxminddb-deep-nesting.mmdb")))
        #expect(deep.reason == .wrongKind)
        let folder = try Folder()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.path("libmaxminddb-deep-nesting.mmdb")))
        // The same under a name that is wanted: the metadata's `database_type` is "Test".
        let renamed = try #require(Self.renamed(bytes, from: "Test", to: "City"))
        #expect(Self.failure(try folder.write(renamed))?.reason == .brokenData)
    }

    private static func renamed(_ bytes: Data, from old: String, to new: String) -> Data? {
        guard let place = bytes.range(of: Data(("D" + old).utf8), options: .backwards) else { return nil }
        var bytes = bytes
        bytes.replaceSubrange(place, with: Data(("D" + new).utf8))
        return bytes
    }

    @Test(.enabled(if: isThere, "no ../shared/corpora")) func otherFilesAreRefusedByName() throws {
        let folder = try Folder()
        #expect(Self.failure(folder.url.path)?.reason == .unreadable)
        #expect(Self.failure(folder.url.path + "/nothing")?.reason == .unreadable)
        #expect(Self.failure(try folder.write(Data()))?.reason == .notADatabase)
        #expect(Self.failure(try folder.write(Data("text".utf8)))?.reason == .notADatabase)
        #expect(Self.failure(Self.path("GeoLite2-ASN-Test.mmdb"))?.reason == .wrongKind)
        #expect(Self.failure(Self.path("GeoLite2-City-Test.mmdb"), .network)?.reason == .wrongKind)
    }

    /// A database that is cut, or has a byte changed, is refused or answers; it never ends the process.
    @Test(.enabled(if: isThere, "no ../shared/corpora")) func damagedOnesDoNoHarm() throws {
        let sound = try Data(contentsOf: URL(fileURLWithPath: Self.path("GeoLite2-City-Test.mmdb")))
        let folder = try Folder()
        var random = SystemRandomNumberGenerator()
        var refused = 0
        for round in 0..<150 {
            var bytes = sound
            if round < 30 {
                bytes = bytes.prefix(bytes.count * round / 30)
            } else {
                for _ in 0..<(1 << (round % 8)) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let path = try folder.write(bytes)
            if let failure = Self.failure(path) {
                #expect(failure.description.hasPrefix(path))
                refused += 1
            } else {
                let database = try GeoDatabase(path: path, kind: .city)
                for number in 0..<256 { _ = database.location(of: "\(number).2.69.142") }
            }
        }
        #expect(refused > 60)
    }
}

/// A folder that goes away with its owner.
private final class Folder {
    let url: URL
    private var count = 0

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("geoip-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ bytes: Data) throws -> String {
        count += 1
        let file = url.appendingPathComponent("\(count).mmdb")
        try bytes.write(to: file)
        return file.path
    }
}
