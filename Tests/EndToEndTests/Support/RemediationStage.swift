// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Contract
import Foundation
import Messages
import TestKit

/// A user with two access keys in an account of moto's, and the built service with a role there.
struct RemediationStage {
    static let role = "TrailhoundRemediation"

    let account: String
    let service: Service
    let proxy: FaultProxy.Channel
    let user: String
    /// The key that is stolen, and the user's other one.
    let keys: [String]
    let iam: IAM

    /// - Parameter role: Whether the service reaches the account by a role; else it is left to the test.
    init(role: Bool = true) async throws {
        let moto = try MotoServer.shared.get()
        proxy = try FaultProxy.shared.get().channel()
        // An account of its own, so that tests keep apart.
        account = "4" + String((0..<11).map { _ in Character("\(Int.random(in: 0...9))") })
        user = "mallory-\(UUID().uuidString.prefix(8).lowercased())"
        service = try await Service(
            options: ["--workers", "1"], accounts: [account], environment: Self.environment(proxy.url))
        let owner = moto.client().assuming(
            STS.RoleRequest(roleARN: "arn:aws:iam::\(account):role/Owner", sessionName: "test"))
        iam = IAM(owner)
        let stage = MotoStage(owner)
        try await stage.query(.iam, "CreateUser", [QueryItem("UserName", user)])
        var made: [String] = []
        for _ in 0..<2 {
            let answer = try await stage.query(.iam, "CreateAccessKey", [QueryItem("UserName", user)])
            guard let key = answer.value("AccessKey", "AccessKeyId") else { throw ServiceFailure(message: "no key") }
            made.append(key)
        }
        keys = made
        if role {
            try await succeed(
                "remediation", "access", account, "--role", "arn:aws:iam::\(account):role/\(Self.role)")
        }
    }

    /// What a program needs to take a stand-in for AWS.
    static func environment(_ endpoint: String) -> [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDTEST",
            "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    /// Runs a command of the CLI that has to succeed, and returns what it printed.
    @discardableResult
    func succeed(_ arguments: String...) async throws -> String {
        let outcome = try await run(
            Programs.client, arguments + ["--server", service.server, "--pki", service.pki.path])
        guard outcome.status == 0 else {
            throw ServiceFailure(message: "\(arguments.joined(separator: " ")): \(outcome.errors)")
        }
        return outcome.text
    }

    /// Lets the key's deactivation go as far as `mode`.
    func enable(_ mode: String, _ options: String...) async throws {
        let arguments = ["remediation", "enable", account, "deactivate-access-key", "--mode", mode, "--yes"] + options
        let outcome = try await run(
            Programs.client, arguments + ["--server", service.server, "--pki", service.pki.path])
        guard outcome.status == 0 else { throw ServiceFailure(message: outcome.errors) }
    }

    /// The stolen key stops the trail: an alert of high severity.
    func attack(historical: Bool = false) async throws {
        let client = try service.connect()
        let stream = try await client.bidirectional(IngestService.submitEvents)
        try await stream.requests.write(
            SubmitEventsRequest(
                sequence: 1, source: "test", payload: .records(RecordBatch(records: [Bytes(record())])),
                historical: historical))
        try await stream.requests.finish()
        for try await answer in stream.responses where answer.accepted != 1 {
            throw ServiceFailure(message: "the record was not accepted: \(answer)")
        }
        await client.close()
    }

    /// StopLogging with the stolen key, now.
    func record() -> [UInt8] {
        let time = SyntheticTrail.timestamp(Int64(Date().timeIntervalSince1970))
        return Array(
            """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":\
            "arn:aws:iam::\(account):user/\(user)","accountId":"\(account)","accessKeyId":"\(keys[0])","userName":\
            "\(user)"},"eventTime":"\(time)","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging",\
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
