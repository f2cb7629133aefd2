// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// RFC 9113 and RFC 7541, section by section: `Python/http2_cases.py` plays a client frame by frame with the parsers of
/// the hyperframe and hpack packages, and judges our server. Skipped without those (`make deps` installs them).
@Suite(.enabled(if: Python.isInstalled), .timeLimit(.minutes(5))) struct ConformanceTests {
    /// Every section of the script and the number of its cases.
    static let sections: [(String, Int)] = [
        ("RFC 9113 3.4", 6), ("RFC 9113 4.1", 3), ("RFC 9113 4.2", 3), ("RFC 9113 4.3", 5), ("RFC 9113 5.1", 14),
        ("RFC 9113 5.1.1", 4), ("RFC 9113 5.1.2", 1), ("RFC 9113 5.4.1", 2), ("RFC 9113 5.4.2", 1),
        ("RFC 9113 5.5", 1), ("RFC 9113 6.1", 5), ("RFC 9113 6.2", 3), ("RFC 9113 6.3", 3), ("RFC 9113 6.4", 3),
        ("RFC 9113 6.5", 4), ("RFC 9113 6.5.2", 5), ("RFC 9113 6.5.3", 3), ("RFC 9113 6.6", 1), ("RFC 9113 6.7", 4),
        ("RFC 9113 6.8", 3), ("RFC 9113 6.9", 3), ("RFC 9113 6.9.1", 5), ("RFC 9113 6.9.2", 3), ("RFC 9113 6.10", 4),
        ("RFC 7541 2.3.3", 2), ("RFC 7541 2.3.2", 1), ("RFC 7541 4.2", 3), ("RFC 7541 4.4", 1), ("RFC 7541 5.1", 1),
        ("RFC 7541 5.2", 4), ("RFC 7541 6.1", 1), ("RFC 7541 6.2", 1), ("RFC 7541 6.2.3", 1), ("RFC 9113 8.1", 5),
        ("RFC 9113 8.1.1", 5), ("RFC 9113 8.2.1", 10), ("RFC 9113 8.2.2", 6), ("RFC 9113 8.3", 6),
        ("RFC 9113 8.3.1", 6), ("RFC 9113 8.5", 1), ("RFC 9113 8.6", 3), ("RFC 9113 8.7", 1), ("RFC 9113 10.5.1", 2),
    ]

    private static func addService(to router: inout Router) {
        EchoService.add(to: &router)
        router.bidirectional(EchoService.method("Hold", .bidirectional)) { _, _, _ in
            try await Task.sleep(for: .seconds(3600))
        }
    }

    @Test(arguments: sections) func section(_ section: String, _ count: Int) async throws {
        try await Rig.run(
            .socket,
            server: {
                // Short where a client owes an answer, so long that a slow machine gives it in time elsewhere.
                $0.limits.settingsTimeout = section == "RFC 9113 6.5.3" ? .seconds(3) : .seconds(60)
            }, router: Self.addService
        ) { rig in
            let port = try #require(rig.address?.port)
            let script = try Python.start("http2_cases.py", ["--port", "\(port)", "--section", section])
            var verdicts = 0
            while let line = await script.nextLine() {
                let parts = line.split(separator: "\t", maxSplits: 2)
                #expect(parts.count == 3 && parts[2] == "ok", "\(line)")
                verdicts += 1
            }
            #expect(verdicts == count)
            let response = try await rig.client.unary(EchoService.unary, [42])
            #expect(response == [42])
        }
    }

    @Test func noSectionIsLeftOut() async throws {
        let script = try Python.start("http2_cases.py", ["--list"])
        var listed: [String] = []
        while let line = await script.nextLine() { listed.append(line) }
        #expect(listed == Self.sections.map { "\($0)\t\($1)" })
    }
}
