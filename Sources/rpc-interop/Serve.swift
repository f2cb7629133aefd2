// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import RPC

/// `rpc-interop serve`: serves until SIGTERM or Ctrl-C.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve grpc.testing.TestService.")

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 for a free one. The first line printed is the port.")
    var port: Int

    @Flag(help: "Serve over TLS.")
    var tls = false

    @Option(name: .customLong("use_tls"), help: "The official spelling of --tls: true or false.")
    var useTLS = Switch.off

    @Option(name: [.long, .customLong("tls_cert_file")], help: "PEM file of the certificate, its chain after it.")
    var cert: String?

    @Option(name: [.long, .customLong("tls_key_file")], help: "PEM file of the private key.")
    var key: String?

    @Option(help: "PEM file of an authority: clients must show a certificate of it.")
    var clientCa: String?

    @OptionGroup var keepalive: KeepaliveOptions

    @Flag(help: "Print a line for each connection that comes up or ends, and for each limit that a client runs into.")
    var logConnections = false

    func run() async throws {
        var configuration = ServerConfiguration(addresses: [.tcp(host: host, port: port)])
        if tls || useTLS == .on {
            guard let cert, let key else { throw ValidationError("TLS needs --cert and --key") }
            configuration.tls = .server(
                certificateChainFile: cert, privateKeyFile: key, trustRoots: clientCa.map { .file($0) } ?? .none,
                clientCertificates: clientCa == nil ? .none : .require)
        }
        keepalive.apply(to: &configuration.keepalive)
        if logConnections { configuration.observer = ConnectionLog() }
        var router = Router()
        TestService.add(to: &router)
        let server = try Server(configuration: configuration, router: router)
        for address in try await server.start() { print(address.port) }
        fflush(nil)
        await StopSignal.wait()
        await server.shutdown(gracePeriod: .seconds(1))
    }
}

/// Prints what happens to connections.
struct ConnectionLog: ServerObserver {
    private func say(_ what: String, _ address: String) {
        print(what, address)
        fflush(nil)
    }

    func connectionEstablished(_ peer: Peer) { say("open", peer.address) }
    func connectionClosed(_ peer: Peer) { say("closed", peer.address) }
    func handshakeFailed(_ failure: HandshakeFailure, address: String) { say("failed: \(failure)", address) }
    func refused(by limit: LimitName, peer: Peer) { say("limit \(limit)", peer.address) }
}
