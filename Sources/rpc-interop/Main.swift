// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// gRPC's interoperability service, and the client's test cases against anybody's.
@main
struct Interop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rpc-interop",
        abstract: "gRPC's interoperability tests over this project's transport.",
        discussion: "The service and the cases are those of gRPC's interop-test-descriptions.",
        subcommands: [Serve.self, RunClient.self, Hold.self])
}

/// The official programs spell a flag with its value: `--use_tls=true`.
enum Switch: String, ExpressibleByArgument {
    case on = "true"
    case off = "false"
}
