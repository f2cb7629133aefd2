// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "How to print results: table, json (one document) or jsonl (one object a line).")
    var format: OutputFormat = .table
}

/// Where the service is and who asks.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: .init(
            "Where the service listens; else TRAILHOUND_SERVER, else 127.0.0.1:7443.", valueName: "host:port"))
    var server: String?

    @Option(
        help: .init(
            """
            The folder with ca.pem, admin.pem and admin-key.pem; else TRAILHOUND_PKI, else trailhound-data/pki here or \
            ~/.config/trailhound/pki.
            """, valueName: "dir"),
        completion: .directory)
    var pki: String?

    @Option(
        help: .init("The authority that the service's certificate must come from.", valueName: "file"),
        completion: .file())
    var ca: String?

    @Option(help: .init("The certificate to present.", valueName: "file"), completion: .file())
    var cert: String?

    @Option(help: .init("The key of that certificate.", valueName: "file"), completion: .file())
    var key: String?

    @Flag(help: "Use no TLS. For a service on this machine that was started with --plaintext.")
    var plaintext = false

    /// What options, environment and defaults come to.
    func settings() throws(Failure) -> ConnectionSettings {
        var choices = ConnectionSettings.Choices()
        choices.server = server
        choices.folder = pki
        choices.authority = ca
        choices.certificate = cert
        choices.key = key
        choices.plaintext = plaintext
        return try ConnectionSettings(
            choices, environment: { Environment[$0] }, isReadable: { access($0, R_OK) == 0 })
    }
}

/// The options of every command that talks to the service.
struct GlobalOptions: ParsableArguments {
    @OptionGroup(title: "Output options") var output: OutputOptions
    @OptionGroup(title: "Connection options") var connection: ConnectionOptions
}

/// Options that belong to every command may stand before the command too: `trailhound -o json status`.
package enum GlobalArguments {
    private static let withValue: Set<String> = ["-o", "--output", "--server", "--pki", "--ca", "--cert", "--key"]
    private static let flags: Set<String> = ["--plaintext"]

    /// The arguments with the global options that lead them moved behind the command's own.
    package static func hoisted(_ arguments: [String]) -> [String] {
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            if flags.contains(argument) {
                index += 1
            } else if withValue.contains(argument), index + 1 < arguments.count {
                index += 2
            } else if withValue.contains(where: { $0.hasPrefix("--") && argument.hasPrefix($0 + "=") }) {
                index += 1
            } else {
                break
            }
        }
        guard index > 0, index < arguments.count else { return arguments }
        let (global, rest) = (arguments[..<index], arguments[index...])
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end] + global + rest[end...])
    }
}
