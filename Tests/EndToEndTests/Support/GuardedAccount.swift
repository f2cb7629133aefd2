// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Onboard

/// An account of a moto in which policies hold, with what an account has before it is onboarded: a trail that logs into
/// a bucket, encrypted by a key and told to a queue, with two hours of signed digests, and the user that the service
/// runs as, who may do nothing yet.
struct GuardedAccount {
    static let id = "123456789012"
    static let user = "trailhound"
    static let bucket = "trail"
    static let queue = "https://sqs.us-east-1.amazonaws.com/\(id)/trail"

    let moto: MotoServer
    let stage: MotoStage
    let delivery: TrailDelivery
    let keyARN: String
    private let proxies: FaultProxy
    /// What the service's calls go through.
    let proxy: FaultProxy.Channel
    private let key: String

    init() async throws {
        moto = try MotoServer(isGuarded: true)
        proxies = try FaultProxy(before: moto.url)
        proxy = proxies.channel()
        stage = MotoStage(moto.client())
        keyARN = try await stage.makeKey()
        try await stage.put(Self.bucket)
        try await stage.makeTrail("main", bucket: Self.bucket)
        try await stage.change("UpdateTrail", ["Name": "main", "KmsKeyId": keyARN])
        let selectors: [[String: Any]] = [["ReadWriteType": "All", "IncludeManagementEvents": true]]
        try await stage.change("PutEventSelectors", ["TrailName": "main", "EventSelectors": selectors])
        try await stage.change("StartLogging", ["Name": "main"])
        _ = try await stage.makeQueue("trail")
        delivery = TrailDelivery(stage: stage, bucket: Self.bucket, keyARN: keyARN)
        let forge = try DigestForge()
        try await stage.publish(forge, in: moto)
        let now = Milliseconds(Date().timeIntervalSince1970) * 1_000
        let hours = try await delivery.putHours(
            2, from: now - 2 * 3_600_000 - 60_000, account: Self.id, trail: "main", signedBy: forge)
        try await stage.sendMessage(Self.queue, try delivery.message(hours.map(\.logFile), .storage))
        key = try await stage.makeUser(Self.user, keys: 1)[0].accessKeyID
    }

    /// What a program that runs as the service's user needs.
    func environment(_ endpoint: String) -> [String: String] {
        TestCaller.service.environment(endpoint).merging(["AWS_ACCESS_KEY_ID": key]) { $1 }
    }

    /// Onboards the account in the service, and has the roles to make written into a folder.
    func onboard(_ service: Service, to folder: URL) async throws {
        try await service.client(
            "account", "onboard", Self.id, "--bucket", Self.bucket, "--queue", Self.queue, "--key-arn", keyARN,
            "--trusted",
            "arn:aws:iam::\(Self.id):user/\(Self.user)", "--out", folder.path
        ).check()
    }

    /// Makes the roles that onboarding wrote into a folder, and gives the service's user what `account policy --service`
    /// prints.
    func makeRoles(_ service: Service, from folder: URL) async throws {
        let iam = IAM(moto.client())
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        func text(_ file: String) throws -> String {
            try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        }
        // TrailhoundRead.trust.json, and TrailhoundRead.Read.json.
        for file in files where file.hasSuffix(".trust.json") {
            let role = String(file.dropLast(".trust.json".count))
            try await stage.makeRole(role, trust: try text(file))
            for policy in files where policy.hasPrefix(role + ".") && policy != file {
                let name = policy.dropFirst(role.count + 1).dropLast(".json".count)
                try await iam.putRolePolicy(role, named: String(name), document: try text(policy))
            }
        }
        let own = try await service.client("account", "policy", Self.id, "--service")
        try own.check()
        try await iam.putUserPolicy(Self.user, named: "Trailhound", document: own.text)
    }

    /// What `account verify` says, by the names of the checks, and how it ends.
    func verify(_ service: Service) async throws -> (status: Int32, checks: [String: (status: String, detail: String)])
    {
        let outcome = try await service.client("account", "verify", Self.id, "-o", "json")
        guard let checks = try JSONSerialization.jsonObject(with: outcome.output) as? [[String: String]] else {
            throw ServiceFailure(message: outcome.errors)
        }
        let pairs = checks.map { ($0["name"] ?? "", (status: $0["status"] ?? "", detail: $0["detail"] ?? "")) }
        return (outcome.status, Dictionary(pairs) { first, _ in first })
    }
}
