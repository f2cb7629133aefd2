// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import RPC

/// `rpc-interop client`: runs cases against a server, one line for each; fails when one fails.
struct RunClient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Run cases against a server of grpc.testing.TestService.")

    @OptionGroup var reach: Reach

    @Option(
        name: [.customLong("case"), .customLong("test_case")],
        help: "The case's name, or all. Can be given several times.")
    var cases: [String]

    func run() async throws {
        var chosen: [TestCase] = []
        for name in cases {
            if name == "all" {
                chosen += TestCase.allCases
            } else if let one = TestCase(rawValue: name) {
                chosen.append(one)
            } else {
                let known = TestCase.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--case: \(name) is none of all, \(known)")
            }
        }
        let client = try reach.makeClient()
        var failed = 0
        for one in chosen {
            do {
                try await one.run(client)
                print("ok \(one.rawValue)")
            } catch {
                failed += 1
                print("failed \(one.rawValue): \(error)")
            }
            fflush(nil)
        }
        await client.close(now: true)
        if failed > 0 { throw ExitCode.failure }
    }
}
