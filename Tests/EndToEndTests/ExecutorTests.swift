// SPDX-License-Identifier: Apache-2.0

import AWSTestKit
import Contract
import Foundation
import Messages
import RPC
import Testing

/// Remediation through executors: the service has no credentials in the account at all.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct ExecutorTests {
    /// The executor's own role.
    static let role = "Executor"

    /// A running `trailhound execute` that can be killed.
    private final class Executor {
        let proxy: FaultProxy.Channel
        private let process = Process()
        private let scratch: TemporaryFolder

        init(_ stage: RemediationStage) throws {
            proxy = try FaultProxy.shared.get().channel()
            scratch = try TemporaryFolder()
            let log = scratch.url.appendingPathComponent("log")
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
            let pki = stage.service.pki
            process.executableURL = Programs.client
            process.arguments = [
                "execute", "--server", stage.service.server, "--ca", pki.appendingPathComponent("ca.pem").path,
                "--cert", pki.appendingPathComponent("executor.pem").path, "--key",
                pki.appendingPathComponent("executor-key.pem").path, "--account", stage.account,
            ]
            // The account's own credentials: moto knows the account of a key by the role that it was given for.
            var environment = TestCaller.service.environment(proxy.url)
            let profile = scratch.url.appendingPathComponent("config")
            try """
            [profile inside]
            role_arn = arn:aws:iam::\(stage.account):role/\(ExecutorTests.role)
            source_profile = base
            [profile base]
            aws_access_key_id = \(TestCaller.service.rawValue)
            aws_secret_access_key = test-secret
            """.write(to: profile, atomically: true, encoding: .utf8)
            environment["AWS_CONFIG_FILE"] = profile.path
            environment["AWS_PROFILE"] = "inside"
            environment["AWS_ACCESS_KEY_ID"] = ""
            environment["AWS_SECRET_ACCESS_KEY"] = ""
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: log)
            try process.run()
        }

        var log: String {
            (try? String(contentsOf: scratch.url.appendingPathComponent("log"), encoding: .utf8)) ?? ""
        }

        func waitUntilConnected() async throws {
            let isConnected = try await eventually { () -> Bool? in
                guard process.isRunning else { throw ServiceFailure(message: "the executor ended: \(log)") }
                return log.contains("waiting for commands") ? true : nil
            }
            guard isConnected == true else { throw ServiceFailure(message: "the executor did not connect: \(log)") }
        }

        var updates: Int { get async throws { try await proxy.calls().passed.count { $0 == "UpdateAccessKey" } } }

        /// SIGKILL: nothing of the process gets a chance to tidy up.
        func killNow() async throws {
            kill(process.processIdentifier, SIGKILL)
            while process.isRunning { try await Task.sleep(for: .milliseconds(2)) }
        }

        /// SIGTERM: it ends by itself. Returns the exit status.
        func stop() async throws -> Int32 {
            process.terminate()
            while process.isRunning { try await Task.sleep(for: .milliseconds(2)) }
            return process.terminationStatus
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    }

    private static func stage() async throws -> RemediationStage {
        let stage = try await RemediationStage(role: false)
        try await stage.succeed("remediation", "access", stage.account, "--executor")
        try await run(
            Programs.client,
            [
                "certs", "issue", "executor", "--role", "executor", "--account", stage.account, "--pki",
                stage.service.pki.path,
            ]
        ).check()
        return stage
    }

    @Test(.timeLimit(.minutes(4)))
    func oneThatIsKilledWithACallIsReplacedWithoutASecondEffect() async throws {
        let stage = try await Self.stage()
        let nobody = try await stage.service.client(
            "remediation", "enable", stage.account, "deactivate-access-key", "--mode", "auto", "--yes")
        #expect(nobody.status == 1 && nobody.errors.contains("trailhound execute"), "\(nobody.errors)")
        let executors = [try Executor(stage), try Executor(stage)]
        for executor in executors {
            try await executor.waitUntilConnected()
            // The change is made, and whoever made it never hears of it.
            try await executor.proxy.inject(.timeoutAfterEffect, into: "UpdateAccessKey", times: 1)
        }
        try await stage.enable("auto")
        try await stage.attack()
        let holder = try await eventually { () -> Int? in
            for (index, executor) in executors.enumerated() where try await executor.updates == 1 { return index }
            return nil
        }
        let holding = try #require(holder)
        try await executors[holding].killNow()
        let done = try await stage.remediation("in effect") { $0.outcome == "succeeded" }
        #expect(try await stage.statuses() == [.inactive, .active])
        #expect(try await executors[holding].updates + executors[1 - holding].updates == 1)
        #expect(done.history.contains { $0.kind == "retrying" && $0.detail.contains("lost") })
        #expect(try await stage.passed("UpdateAccessKey") == 0, "the service itself makes no call in the account")
        // The one that is left takes it back; the change that was to hang has gone out by then.
        try await executors[1 - holding].proxy.inject(.reset, into: "UpdateAccessKey", times: 0)
        try await stage.succeed("remediation", "rollback", done.remediationID, "--yes")
        #expect(try await stage.statuses() == [.active, .active])
        #expect(try await executors[1 - holding].stop() != 0)
        try await stage.service.stop()
    }

    /// The executor is in the midst of its own retries when everything is frozen.
    @Test(.timeLimit(.minutes(3)))
    func afterTheAcknowledgementOfAFreezeNoWriteLeavesAnExecutor() async throws {
        let stage = try await Self.stage()
        let executor = try Executor(stage)
        try await executor.waitUntilConnected()
        try await stage.enable("auto")
        try await executor.proxy.inject(.throttled, into: "UpdateAccessKey", times: 1_000)
        try await stage.frozenForGood(executor.proxy)
        try await stage.service.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func anExecutorIsForTheAccountsOfItsCertificate() async throws {
        let stage = try await Self.stage()
        let other = "999999999999"
        try await stage.succeed("account", "onboard", other)
        func refusal(_ hello: ExecutorHello, certificate: String = "executor") async throws -> RPCError? {
            let client = try stage.service.connect(name: certificate)
            defer { Task { await client.close(now: true) } }
            do {
                let stream = try await client.bidirectional(RemediationService.serveExecutor)
                try await stream.requests.write(ServeExecutorRequest(message: .hello(hello)))
                guard case .welcome(let welcome)? = try await stream.responses.next()?.message else {
                    throw ServiceFailure(message: "no welcome")
                }
                #expect(welcome.protocolVersion == hello.protocolVersion && welcome.leaseMilliseconds > 0)
                return nil
            } catch let error as RPCError { return error }
        }
        let hello = ExecutorHello(protocolVersion: 2, executorID: "a", accountID: stage.account)
        #expect(try await refusal(hello) == nil)
        var foreign = hello
        foreign.accountID = other
        #expect(try await refusal(foreign)?.code == .permissionDenied)
        var strange = hello
        strange.protocolVersion = 1
        #expect(try await refusal(strange)?.code == .failedPrecondition)
        var nameless = hello
        nameless.executorID = ""
        #expect(try await refusal(nameless)?.code == .invalidArgument)
        // An admin is no executor, and an executor nothing else.
        #expect(try await refusal(hello, certificate: "admin")?.code == .permissionDenied)
        let client = try stage.service.connect(name: "executor")
        let error = await #expect(throws: RPCError.self) {
            try await client.unary(RemediationService.listRemediations, ListRemediationsRequest())
        }
        #expect(error?.code == .permissionDenied)
        await client.close(now: true)
        try await stage.service.stop()
    }
}
