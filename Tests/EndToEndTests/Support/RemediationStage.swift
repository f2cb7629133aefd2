// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Contract
import Foundation
import Messages
import TestKit
import Testing

/// A user with two access keys in an account of moto's, and the built service with a role there.
struct RemediationStage {
    static let role = "TrailhoundRemediation"

    let account: String
    let service: Service
    let proxy: FaultProxy.Channel
    let user: String
    /// The key that is stolen, and the user's other one.
    let keys: [String]
    /// The account's owner: who sets the stage, and looks at what came of it.
    let owner: AWSClient
    var iam: IAM { IAM(owner) }

    /// - Parameter role: Whether the service reaches the account by a role; else it is left to the test.
    init(role: Bool = true) async throws {
        // An account of its own, so that tests keep apart.
        let account = "4" + String((0..<11).map { _ in Character("\(Int.random(in: 0...9))") })
        let proxy = try FaultProxy.shared.get().channel()
        let service = try await Service(
            options: ["--workers", "1"], accounts: [account], environment: TestCaller.service.environment(proxy.url))
        let owner = try MotoServer.shared.get().client().assuming(
            STS.RoleRequest(roleARN: "arn:aws:iam::\(account):role/Stage", sessionName: "test"))
        try await self.init(account: account, service: service, proxy: proxy, owner: owner)
        if role {
            try await succeed(
                "remediation", "access", account, "--role", "arn:aws:iam::\(account):role/\(Self.role)")
        }
    }

    /// Takes an account that a service watches, and makes the user there.
    init(account: String, service: Service, proxy: FaultProxy.Channel, owner: AWSClient) async throws {
        self.account = account
        self.service = service
        self.proxy = proxy
        self.owner = owner
        user = "mallory-\(UUID().uuidString.prefix(8).lowercased())"
        keys = try await MotoStage(owner).makeUser(user, keys: 2).map(\.accessKeyID)
    }

    /// Runs a command of the CLI that has to succeed, and returns what it printed.
    @discardableResult
    func succeed(_ arguments: String...) async throws -> String {
        let outcome = try await run(
            Programs.client, arguments + ["--server", service.server, "--pki", service.pki.path])
        guard outcome.status == 0 else {
            let log = service.logText.split(separator: "\n").suffix(5).joined(separator: "\n")
            throw ServiceFailure(message: "\(arguments.joined(separator: " ")): \(outcome.errors)\n\(log)")
        }
        return outcome.text
    }

    /// Lets an action go as far as `mode`.
    func enable(_ mode: String, of action: String = "deactivate-access-key", _ options: String...) async throws {
        let arguments = ["remediation", "enable", account, action, "--mode", mode, "--yes"] + options
        let outcome = try await run(
            Programs.client, arguments + ["--server", service.server, "--pki", service.pki.path])
        guard outcome.status == 0 else { throw ServiceFailure(message: outcome.errors) }
    }

    /// Who attacks: the user with the stolen key, or a session of a role.
    enum Attacker {
        case user
        case role(String)
    }

    /// The stolen key, or a stolen session, stops the trail: an alert of high severity.
    func attack(by attacker: Attacker = .user, historical: Bool = false, secondsAgo: Int64 = 0) async throws {
        let client = try service.connect()
        let stream = try await client.bidirectional(IngestService.submitEvents)
        try await stream.requests.write(
            SubmitEventsRequest(
                sequence: 1, source: "test",
                payload: .records(RecordBatch(records: [Bytes(record(attacker, secondsAgo: secondsAgo))])),
                historical: historical))
        try await stream.requests.finish()
        for try await answer in stream.responses where answer.accepted != 1 {
            throw ServiceFailure(message: "the record was not accepted: \(answer)")
        }
        await client.close()
    }

    /// StopLogging by the attacker.
    func record(_ attacker: Attacker = .user, secondsAgo: Int64 = 0) -> [UInt8] {
        let time = SyntheticTrail.timestamp(Int64(Date().timeIntervalSince1970) - secondsAgo)
        let identity =
            switch attacker {
            case .user:
                """
                "type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::\(account):user/\(user)","accountId":\
                "\(account)","accessKeyId":"\(keys[0])","userName":"\(user)"
                """
            case .role(let role):
                """
                "type":"AssumedRole","principalId":"AROAEXAMPLE:s","arn":"arn:aws:sts::\(account):assumed-role/\(role)/s",\
                "accountId":"\(account)","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role",\
                "principalId":"AROAEXAMPLE","arn":"arn:aws:iam::\(account):role/\(role)","accountId":"\(account)",\
                "userName":"\(role)"}}
                """
            }
        return Array(
            """
            {"eventVersion":"1.10","userIdentity":{\(identity)},"eventTime":"\(time)","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging",\
            "awsRegion":"us-east-1","sourceIPAddress":"203.0.113.57","userAgent":"aws-cli/2.17.42","requestParameters":\
            {"name":"arn:aws:cloudtrail:us-east-1:\(account):trail/main"},"responseElements":null,"requestID":\
            "\(UUID().uuidString.lowercased())","eventID":"\(UUID().uuidString.lowercased())","readOnly":false,\
            "eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"\(account)","eventCategory":\
            "Management"}
            """.utf8)
    }

    /// What IAM says of the two keys.
    func statuses() async throws -> [IAM.KeyStatus?] {
        let listed = try await iam.listAccessKeys(userName: user)
        return keys.map { key in listed.first { $0.accessKeyID == key }?.status }
    }

    /// The remediations as the service has them, the newest first.
    func remediations() async throws -> [Remediation] {
        let client = try service.connect()
        let answer = try await client.unary(RemediationService.listRemediations, ListRemediationsRequest())
        await client.close()
        return answer.remediations
    }

    /// The first remediation, once it is as wanted.
    func remediation(_ what: String, where isWanted: (Remediation) -> Bool) async throws -> Remediation {
        var last: [Remediation] = []
        let found = try await eventually {
            last = try await remediations()
            return last.first(where: isWanted)
        }
        guard let found else { throw ServiceFailure(message: "no remediation \(what): \(last); \(service.logText)") }
        return found
    }

    /// Attacks while every change fails for the moment, freezes in the midst of the retries, and looks whether one more
    /// change is tried through a channel after the acknowledgement.
    func frozenForGood(_ channel: FaultProxy.Channel) async throws {
        func tries() async throws -> Int { try await channel.calls().seen.count { $0 == "UpdateAccessKey" } }
        try await attack()
        let isTrying = try await eventually { try await tries() >= 2 ? true : nil }
        #expect(isTrying == true)
        try await succeed("remediation", "freeze", "--reason", "a drill")
        let before = try await tries()
        // Longer than the pauses between tries.
        try await Task.sleep(for: .seconds(6))
        #expect(try await tries() == before)
        #expect(try await statuses() == [.active, .active])
    }

    /// How often a call reached moto through the service's or an executor's channel.
    func passed(_ operation: String) async throws -> Int {
        try await proxy.calls().passed.count { $0 == operation }
    }
}

/// Asks until there is an answer; nil after a time that only a test that hangs needs.
func eventually<Value>(_ ask: () async throws -> Value?) async throws -> Value? {
    let end = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < end {
        if let value = try await ask() { return value }
        try await Task.sleep(for: .milliseconds(20))
    }
    return nil
}
