// SPDX-License-Identifier: Apache-2.0

import Foundation
import Serve
import Testing

@Suite struct ConfigurationTests {
    private var fresh: ServiceConfiguration { ServiceConfiguration(dataDirectory: "data", rules: "Rules") }

    @Test(arguments: [
        ("127.0.0.1:7443", "127.0.0.1", 7443), ("[::1]:0", "::1", 0), ("example.com:65535", "example.com", 65_535),
    ])
    func addressesAreRead(text: String, host: String, port: Int) throws {
        var settings = fresh
        try settings.listen(on: text)
        #expect(settings.host == host)
        #expect(settings.port == port)
    }

    @Test(arguments: ["", "localhost", ":7443", "a:b", "a:65536", "a:-1"])
    func noAddressIsRefused(text: String) {
        var settings = fresh
        #expect(throws: ConfigurationError.self) { try settings.listen(on: text) }
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.1.2.3", true), ("::1", true), ("localhost", true), ("0.0.0.0", false),
        ("::", false), ("192.0.2.1", false), ("127.0.0.1.example.com", false), ("127.0.0", false),
    ])
    func plaintextIsForTheLoopback(host: String, isAllowed: Bool) {
        var settings = fresh
        settings.host = host
        settings.isPlaintext = true
        if isAllowed {
            #expect(throws: Never.self) { try settings.check() }
        } else {
            #expect(throws: ConfigurationError.self) { try settings.check() }
        }
    }

    @Test func numbersHaveBounds() {
        let wrong: [(String, (inout ServiceConfiguration) -> Void)] = [
            ("--workers is 0, ", { $0.workers = 0 }), ("--workers is -1, ", { $0.workers = -1 }),
            ("--event-loops is 0, ", { $0.eventLoops = 0 }), ("--event-loops is 1025, ", { $0.eventLoops = 1_025 }),
            ("--retention-days is 0, ", { $0.retentionDays = 0 }),
            ("--retention-days is \(Int.max), ", { $0.retentionDays = .max }),
            ("--degraded-after-minutes is \(Int.max), ", { $0.degradedAfterMinutes = .max }),
        ]
        for (start, change) in wrong {
            var settings = fresh
            change(&settings)
            let error = #expect(throws: ConfigurationError.self) { try settings.check() }
            #expect(error?.description.hasPrefix(start) == true, "\(String(describing: error))")
        }
        var settings = fresh
        (settings.workers, settings.eventLoops, settings.retentionDays) = (1, 1_024, 36_500)
        #expect(throws: Never.self) { try settings.check() }
    }

    @Test func certificatesGoTogether() {
        var settings = fresh
        settings.certificate = "server.pem"
        #expect(throws: ConfigurationError.self) { try settings.check() }
        settings.key = "key.pem"
        settings.clientCA = "ca.pem"
        #expect(throws: Never.self) { try settings.check() }
        settings.isPlaintext = true
        #expect(throws: ConfigurationError.self) { try settings.check() }
    }

    @Test func aFileIsReadAndItsMistakesAreNamed() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        func read(_ text: String) throws -> ServiceConfiguration {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            var settings = fresh
            try settings.read(file: path)
            return settings
        }
        let settings = try read("listen: 127.0.0.1:9\nretention-days: 30\nworkers: 3\nplaintext: true\n")
        #expect(settings.port == 9 && settings.retentionDays == 30 && settings.workers == 3 && settings.isPlaintext)
        #expect(try read("").port == 7443)
        let others = try read("data-dir: /srv/hound\nlog-level: debug\nlog-format: json\n")
        #expect(others.dataDirectory == "/srv/hound" && others.logLevel == "debug" && others.logFormat == "json")
        let databases = try read("geoip-city: c.mmdb\ngeoip-asn: a.mmdb\n")
        #expect(databases.geoCity == "c.mmdb" && databases.geoNetwork == "a.mmdb")
        for (text, place) in [
            ("rules: a\nretention: 3\n", ":2: retention is no setting"), ("workers: many\n", ":1: workers has to be"),
            ("workers: 0\n", ":1: workers has to be"), ("- a\n", "has to be a mapping"), ("a: [\n", ""),
        ] {
            do {
                _ = try read(text)
                Issue.record("\(text) was taken")
            } catch let error as ConfigurationError {
                #expect(place.isEmpty || error.description.contains(place), "\(error)")
            }
        }
    }
}
