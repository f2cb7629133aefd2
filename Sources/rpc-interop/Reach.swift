// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RPC

/// Which server a client calls, and how.
struct Reach: ParsableArguments {
    @Option(name: [.long, .customLong("server_host")], help: "The server's name or address.")
    var host = "127.0.0.1"

    @Option(name: [.long, .customLong("server_port")], help: "The server's port.")
    var port: Int

    @Flag(help: "Speak TLS.")
    var tls = false

    @Option(name: .customLong("use_tls"), help: "The official spelling of --tls: true or false.")
    var useTLS = Switch.off

    @Option(help: "PEM file of the authority that the server's certificate is of; the system's where it is not given.")
    var ca: String?

    @Option(help: "PEM file of the client's own certificate.")
    var cert: String?

    @Option(help: "PEM file of its private key.")
    var key: String?

    @Option(
        name: [.long, .customLong("server_host_override")],
        help: "The name that the server's certificate must carry, where it is not its host.")
    var serverName: String?

    @OptionGroup var keepalive: KeepaliveOptions

    /// A client of that server.
    func makeClient() throws -> Client {
        var configuration = ClientConfiguration(target: .tcp(host: host, port: port))
        if tls || useTLS == .on {
            configuration.tls = .client(
                trustRoots: ca.map { .file($0) } ?? .system, certificateChainFile: cert, privateKeyFile: key,
                serverName: serverName)
        }
        keepalive.apply(to: &configuration.keepalive)
        return try Client(configuration: configuration)
    }
}

/// When a silent peer is asked whether it still lives.
struct KeepaliveOptions: ParsableArguments {
    @Option(help: "Ask the peer after so many seconds of silence; 0 for never.")
    var keepaliveInterval: Double?

    @Option(help: "Give it up after so many seconds without an answer.")
    var keepaliveTimeout: Double?

    func validate() throws {
        for seconds in [keepaliveInterval, keepaliveTimeout].compactMap({ $0 }) where !(0...86_400).contains(seconds) {
            throw ValidationError("a keepalive lasts from 0 to 86400 seconds")
        }
    }

    /// Changes what was given.
    func apply(to keepalive: inout KeepaliveConfiguration) {
        if let keepaliveInterval { keepalive.interval = keepaliveInterval > 0 ? .seconds(keepaliveInterval) : nil }
        if let keepaliveTimeout { keepalive.timeout = .seconds(keepaliveTimeout) }
    }
}
