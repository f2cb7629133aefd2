// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Respond
import Testing

/// Something in moto for an action to work on, apart from that of other tests: a user with a password and two keys, a
/// role, a trail that does not log. Trailhound's own calls go through a channel of the fault proxy and are made with a
/// role's session, as in life; the stage itself is set and looked at directly.
struct MotoScene: Sendable {
    let scene: Scene
    let channel: FaultProxy.Channel
    let client: AWSClient
    let service: AWSActionService
    let action: RemediationAction
    let target: RemediationTarget
    let name: String
    let keys: [String]
    let iam: IAM
    let trails: Trails
    let stage: MotoStage

    /// The secret of the key that the role is taken on with.
    static let secret = "base-secret-of-the-service"

    /// - Parameter impatientAt: The operation whose answers are waited for half a second only; the others for as long
    ///   as in life.
    init(
        _ example: Example, policy: RemediationPolicy = RemediationPolicy(mode: .auto), impatientAt: String? = nil
    ) async throws {
        let moto = try MotoServer.shared.get()
        channel = try FaultProxy.shared.get().channel()
        stage = MotoStage(moto.client())
        iam = IAM(moto.client())
        trails = Trails(moto.client())
        scene = Scene(policy: policy, time: Milliseconds(Date().timeIntervalSince1970 * 1_000))
        scene.skipsWatch.withLock { $0 = true }
        action = example.action
        name = "m" + UUID().uuidString.lowercased().prefix(13)
        keys = try await Self.set(stage, example.action, name)
        let subject: RemediationTarget.Subject =
            switch example.subject {
            case .accessKey: .accessKey(keys[0], userName: name)
            case .user: .user(name)
            case .role: .role(name)
            case .trail: .trail(name, region: "us-east-1")
            }
        target = RemediationTarget(accountID: "123456789012", subject: subject, principal: .user)
        client = Self.client(channel.url, impatientAt: impatientAt)
        service = AWSActionService(client)
    }

    /// A client that takes on the account's role, with a clock for which sleeping is moving. It gives up sooner than in
    /// life, so that the machine's own retries have something to do.
    static func client(_ url: String, impatientAt: String?) -> AWSClient {
        AWSClient(
            credentials: StaticCredentials(
                Credentials(accessKeyID: TestCaller.service.rawValue, secretAccessKey: secret)),
            region: "us-east-1", endpoints: EndpointResolver(override: url),
            transport: Impatient(operation: impatientAt), backoff: Backoff(attempts: 2),
            clock: ManualClock(Date()).clock()
        ).assuming(
            STS.RoleRequest(
                roleARN: "arn:aws:iam::123456789012:role/TrailhoundRemediation", sessionName: "trailhound",
                externalID: "ext"))
    }

    private static func set(_ stage: MotoStage, _ action: RemediationAction, _ name: String) async throws -> [String] {
        let user = [QueryItem("UserName", name)]
        switch action {
        case .deactivateAccessKey, .denyUser, .disableConsoleLogin:
            try await stage.query(.iam, "CreateUser", user)
            try await stage.query(.iam, "CreateLoginProfile", user + [QueryItem("Password", "x")])
            var keys: [String] = []
            for _ in 0..<2 {
                let made = try await stage.query(.iam, "CreateAccessKey", user)
                keys.append(try #require(made.value("AccessKey", "AccessKeyId")))
            }
            return keys
        case .revokeRoleSessions:
            try await stage.query(
                .iam, "CreateRole",
                [
                    QueryItem("RoleName", name), QueryItem("AssumeRolePolicyDocument", #"{"Version":"2012-10-17"}"#),
                    QueryItem("Tags.member.1.Key", "team"), QueryItem("Tags.member.1.Value", "x"),
                ])
        case .restoreLogging:
            try await stage.put(name)
            try await stage.makeTrail(name, bucket: name)
        }
        return []
    }

    func run(trigger: RemediationTrigger = Scene.alert) async throws -> Remediation {
        try await scene.remediator(service: service).start(action, target, trigger: trigger, id: "r1")
    }

    func rollback() async throws -> Remediation? {
        try await scene.remediator(service: service).rollback("r1", by: "eve")
    }

    /// How it looks in AWS itself.
    enum Look: Sendable, Hashable {
        case asBefore
        /// The action is in effect, and nothing else has changed.
        case inEffect
        /// Something that the action has no business with has changed.
        case damaged
    }

    func look() async throws -> Look {
        guard try await isRestUntouched() else { return .damaged }
        return try await isInEffect() ? .inEffect : .asBefore
    }

    private func isInEffect() async throws -> Bool {
        switch action {
        case .deactivateAccessKey: try await status(keys[0]) == .inactive
        case .revokeRoleSessions: try await iam.rolePolicy(name, named: "TrailhoundRevokeSessions") != nil
        case .denyUser: try await iam.userPolicy(name, named: "TrailhoundDenyUser") != nil
        case .disableConsoleLogin: try await iam.userPolicy(name, named: "TrailhoundDenyConsole") != nil
        case .restoreLogging: try await trails.status(of: name).isLogging
        }
    }

    private func isRestUntouched() async throws -> Bool {
        guard !keys.isEmpty else { return true }
        let isFirstActive = try await status(keys[0]) == .active
        guard try await status(keys[1]) == .active, try await iam.loginProfile(name) != nil else { return false }
        return action == .deactivateAccessKey || isFirstActive
    }

    private func status(_ key: String) async throws -> IAM.KeyStatus? {
        try await iam.listAccessKeys(userName: name).first { $0.accessKeyID == key }?.status
    }

    /// The writes that moto has answered.
    func writes() async throws -> [String] {
        try await channel.calls().passed.filter {
            !$0.hasPrefix("Get") && !$0.hasPrefix("List") && !$0.hasPrefix("Assume")
        }
    }
}

/// Sockets where the answers of one operation have to come sooner than in life.
private struct Impatient: HTTPTransport {
    let operation: String?

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        if request.operation == operation { request.timeout = .milliseconds(500) }
        return try await SocketTransport.shared.send(request)
    }
}
