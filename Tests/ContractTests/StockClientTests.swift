// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Testing

/// Python's stock gRPC client against the standard services and, found by reflection, one of our own. `make deps`
/// installs it into .venv; without it this test says that it is skipped.
@Suite(.enabled(if: StockClient.isThere, "there is no .venv with grpc and protobuf; run: make deps"))
struct StockClientTests {
    @Test(.timeLimit(.minutes(2)))
    func aClientFindsItsWayByReflection() async throws {
        var router = Router()
        router.register(Health())
        router.register(OneAccount())
        Reflection.register(in: &router)
        let server = try Server(
            configuration: ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)]), router: router)
        let port = try await server.start()[0].port
        let result = try await StockClient.run(port: port)
        await server.shutdown(gracePeriod: .seconds(1))
        #expect(result.status == 0, "\(result.output)")
        let services =
            "grpc.health.v1.Health grpc.reflection.v1.ServerReflection grpc.reflection.v1alpha.ServerReflection "
            + "trailhound.v1.AccountService"
        #expect(
            result.output.split(separator: "\n") == [
                "health 1", "watch 3", "v1 \(services)", "v1 error 5", "v1alpha \(services)", "v1alpha error 5",
                "accounts 111122223333",
                "refused INVALID_ARGUMENT 3 type.googleapis.com/google.rpc.BadRequest account_id",
                "garbage INVALID_ARGUMENT",
            ])
    }
}

/// Runs Python/stock_client.py.
private enum StockClient {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let python = folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".venv/bin/python").path

    static let isThere =
        FileManager.default.isExecutableFile(atPath: python)
        && (try? start(["-c", "import grpc, google.protobuf"]))?.status == 0

    /// Runs the script on a thread of its own, as waiting for it blocks.
    static func run(port: Int) async throws -> (status: Int32, output: String) {
        let set = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString).pb")
        defer { try? FileManager.default.removeItem(at: set) }
        // Each file as element of field 1 of a FileDescriptorSet.
        var bytes: [UInt8] = []
        for file in ProtoFile.all {
            bytes += GrpcReflectionV1.FileDescriptorResponse(fileDescriptorProto: [file.descriptor]).encodedBytes()
        }
        try Data(bytes).write(to: set)
        let arguments = [folder.appendingPathComponent("Python/stock_client.py").path, set.path, String(port)]
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try start(arguments) }) }
        }
    }

    private static func start(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
