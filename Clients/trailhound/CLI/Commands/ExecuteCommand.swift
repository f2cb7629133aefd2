// SPDX-License-Identifier: Apache-2.0

import AWS
import ArgumentParser
import Contract
import Foundation
import Messages
import RPC
import Respond

struct ExecuteCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "execute", abstract: "Carry remediations out from inside an account.",
        discussion: """
            Runs where the account's own credentials are (AWS's default chain), connects to the service with an \
            executor's certificate, and makes the calls that the service's remediations want, so that the service needs no \
            role in the account. It makes only those calls: it refuses every policy that is not one of Trailhound's \
            denies. Several may run for an account; each call goes to one. Ends with Ctrl-C or SIGTERM.

              trailhound certs issue executor-1 --role executor --account 111122223333
              trailhound execute --server hound.example.com:7443 --ca ca.pem --cert executor-1.pem --key executor-1-key.pem
            """)

    @Option(help: "Take credentials from this profile of the shared AWS files.")
    var profile: String?

    @Option(help: "The region to call in; else AWS_REGION, else the profile's, else us-east-1.")
    var region: String?

    @Option(help: .init("End unless the credentials are of this account.", valueName: "account-id"))
    var account: String?

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session, _ output: Output) async throws {
        let context = CredentialContext(
            environment: ProcessInfo.processInfo.environment, profile: profile, region: region)
        let account = account
        try await Interruption.guarding {
            let client = AWSClient(
                credentials: CredentialChain(context), region: try context.resolvedRegion() ?? "us-east-1",
                endpoints: EndpointResolver(environment: context.environment))
            let identity = try await Self.identity(client)
            if let account, identity.account != account {
                throw Failure("the credentials are of account \(identity.account), not of \(account)")
            }
            Self.tell("acting in account \(identity.account) as \(identity.arn)")
            let hello = ExecutorHello(
                protocolVersion: Limits.executorProtocol, executorID: Self.name(), accountID: identity.account,
                principalArn: identity.arn, version: Version.current)
            let agent = ExecutorAgent(service: AWSActionService(client), told: Self.tell)
            try await Self.serve(agent, hello, session)
        }
    }

    private static func identity(_ client: AWSClient) async throws -> STS.CallerIdentity {
        do { return try await STS(client).getCallerIdentity() } catch let error as AWSError {
            throw Failure("no AWS account to act in: \(error.description)")
        }
    }

    /// This process's name, which no other and no later one has: a command's results are in its memory alone.
    private static func name() -> String {
        "\(ProcessInfo.processInfo.hostName.prefix(100))/\(UUID().uuidString.lowercased())"
    }

    /// Serves connection after connection, for ever. Only a refusal that will not change ends it.
    private static func serve(_ agent: ExecutorAgent, _ hello: ExecutorHello, _ session: Session) async throws {
        var backoff = Backoff()
        while true {
            let client = try session.makeClient()
            let begin = SystemClock.seconds()
            do {
                let stream = try await client.bidirectional(RemediationService.serveExecutor)
                try await agent.serve(stream, hello: hello)
            } catch {
                await client.close(now: true)
                try Task.checkCancellation()
                guard ServiceError.isTransient(error) else { throw session.failure(error) }
                tell("\(session.failure(error).message); connecting again")
            }
            await client.close(now: true)
            if SystemClock.seconds() - begin > Double(Limits.executorStableSeconds) { backoff.reset() }
            try await Task.sleep(for: backoff.pause(random: .random(in: 0...1)))
        }
    }

    /// A line for whoever reads the executor's log.
    private static func tell(_ line: String) { Diagnostics.note("\(Clock.short(SystemClock.now())) \(line)") }
}
