// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Onboard
import Synchronization

/// Answers some calls itself and sends the others to moto.
final class Overlay: HTTPTransport {
    private struct State {
        var isOpen = false
        var isDown = false
        var refusesRole = false
        var denied: Set<String> = []
        var decision = "allowed"
        var simulated: Set<String> = []
        var status: Data
        var keys = "{}"
    }

    private let state: Mutex<State>

    init() {
        let now = Int(Date().timeIntervalSince1970)
        let status: [String: Any] = [
            "IsLogging": true, "LatestDeliveryTime": now - 60, "StartLoggingTime": now - 86_400,
            "LatestDigestDeliveryTime": now - 600,
        ]
        state = Mutex(State(status: (try? JSONSerialization.data(withJSONObject: status)) ?? Data()))
    }

    /// Anybody may take the role on.
    var isOpen: Bool {
        get { state.withLock { $0.isOpen } }
        set { state.withLock { $0.isOpen = newValue } }
    }

    /// CloudTrail gives no answers but to DescribeTrails.
    var isDown: Bool {
        get { state.withLock { $0.isDown } }
        set { state.withLock { $0.isDown = newValue } }
    }

    /// Nobody may take the role on.
    var refusesRole: Bool {
        get { state.withLock { $0.refusesRole } }
        set { state.withLock { $0.refusesRole = newValue } }
    }

    /// Operations that are refused.
    var denied: Set<String> {
        get { state.withLock { $0.denied } }
        set { state.withLock { $0.denied = newValue } }
    }

    /// IAM's decision on every action.
    var decision: String {
        get { state.withLock { $0.decision } }
        set { state.withLock { $0.decision = newValue } }
    }

    /// Whose permissions IAM was asked for.
    var simulated: Set<String> { state.withLock { $0.simulated } }

    /// What GetTrailStatus answers.
    var status: [String: Any] {
        get { [:] }
        set { state.withLock { $0.status = (try? JSONSerialization.data(withJSONObject: newValue)) ?? Data() } }
    }

    /// What ListPublicKeys answers.
    var keys: String {
        get { state.withLock { $0.keys } }
        set { state.withLock { $0.keys = newValue } }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = String(decoding: request.body, as: UTF8.self)
        let (answer, isDenied) = state.withLock { state -> (HTTPResponse?, Bool) in
            let operation = request.operation
            let isOfTrails = ["GetTrailStatus", "GetEventSelectors", "ListPublicKeys"].contains(operation)
            if state.isDown, isOfTrails { return (HTTPResponse(status: 500, body: Array("{}".utf8)), false) }
            switch operation {
            case "AssumeRole":
                let isWithout = !body.contains("ExternalId=")
                return (nil, state.refusesRole || (isWithout && !state.isOpen))
            case "GetTrailStatus" where !state.denied.contains(operation):
                return (HTTPResponse(status: 200, body: Array(state.status)), false)
            case "ListPublicKeys": return (HTTPResponse(status: 200, body: Array(state.keys.utf8)), false)
            case "SimulatePrincipalPolicy":
                state.simulated.formUnion(Self.values(of: "PolicySourceArn", in: body))
                return (Self.simulation(body, state.decision), false)
            default: return (nil, state.denied.contains(operation))
            }
        }
        if isDenied, request.operation == "AssumeRole" {
            return .queryError("AccessDenied", "not authorized", status: 403)
        }
        if isDenied {
            return HTTPResponse(
                status: 400, body: Array(#"{"__type":"AccessDeniedException","message":"not authorized"}"#.utf8))
        }
        if let answer {
            record(request)
            return answer
        }
        return try await SocketTransport.shared.send(request)
    }

    /// Writes down what moto does not see, for the test of the printed policies. Whatever is not called with the
    /// service's own key is called with the account's role.
    private func record(_ request: HTTPRequest) {
        let authorization = request.headers.first { $0.name == "authorization" }?.value ?? ""
        guard !authorization.contains(TestCaller.service.rawValue) else { return }
        let service = request.operation == "SimulatePrincipalPolicy" ? "iam" : "cloudtrail"
        let call = CallRecorder.Call(
            action: "\(service):\(request.operation)", caller: RoleNames.arn(RoleNames.read, account: VerifyRig.id),
            status: 200)
        let folder = CallRecorder.folder
        let file = folder.appending(path: "calls-overlay-\(ProcessInfo.processInfo.processIdentifier).jsonl")
        guard let line = try? JSONEncoder().encode(call) else { return }
        state.withLock { _ in
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let known = (try? Data(contentsOf: file)) ?? Data()
            try? (known + line + Data("\n".utf8)).write(to: file)
        }
    }

    /// The values of a form's fields whose names begin so.
    private static func values(of name: String, in form: String) -> [String] {
        form.split(separator: "&").filter { $0.hasPrefix(name) }
            .compactMap { $0.split(separator: "=").last?.removingPercentEncoding }
    }

    private static func simulation(_ body: String, _ decision: String) -> HTTPResponse {
        let members = values(of: "ActionNames.member.", in: body).map {
            "<member><EvalActionName>\($0)</EvalActionName><EvalDecision>\(decision)</EvalDecision></member>"
        }
        return .xml(
            """
            <SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>\
            <EvaluationResults>\(members.joined())</EvaluationResults></SimulatePrincipalPolicyResult>\
            </SimulatePrincipalPolicyResponse>
            """)
    }
}

/// An account in moto with a trail, a bucket with two hours of log files and digests, a queue and roles.
final class VerifyRig: Sendable {
    let name: String
    let overlay = Overlay()
    /// The stage's.
    let client: AWSClient
    /// The service's own, before it takes on a role.
    private let base: AWSClient
    let queue: String
    let keys: [String]
    private let forge: DigestForge
    private let delivery: TrailDelivery
    private let verified: Mutex<VerifiedAccount>
    /// moto's own account.
    static let id = "123456789012"

    /// - Parameter caller: whose credentials begin; one that takes on no role needs the policy to read itself.
    init(_ name: String, as caller: TestCaller = .service) async throws {
        self.name = name
        client = try MotoServer.shared.get().client()
        base = try MotoServer.shared.get().client(as: caller, transport: overlay)
        forge = try DigestForge()
        let stage = MotoStage(client)
        delivery = TrailDelivery(stage: stage, bucket: name)
        try await stage.put(name)
        try await stage.makeTrail(name, bucket: name)
        queue = try await stage.makeQueue(name)
        for role in ["TrailhoundRead", "TrailhoundAnalyst"] {
            // Other tests share the account: the role may be there.
            _ = try? await stage.makeRole(role)
        }
        let now = Milliseconds(Date().timeIntervalSince1970) * 1_000
        let hours = try await delivery.putHours(
            2, from: now - 2 * 3_600_000 - 60_000, account: Self.id, trail: name, signedBy: forge)
        keys = hours.flatMap { [$0.logFile, $0.digest] }
        try await stage.sendMessage(queue, try delivery.message(hours.suffix(1).map(\.logFile), .storage))
        var account = VerifiedAccount(accountID: Self.id)
        account.roleARN = RoleNames.arn(RoleNames.read, account: Self.id)
        account.externalID = "trailhound-test"
        account.trail = name
        account.queueURL = queue
        account.respondRoleARN = RoleNames.arn(RoleNames.respond, account: Self.id)
        verified = Mutex(account)
        let list = [
            "PublicKeyList": [
                ["Fingerprint": forge.fingerprint, "Value": Data(forge.publicKey).base64EncodedString()]
            ]
        ]
        overlay.keys = String(decoding: try JSONSerialization.data(withJSONObject: list), as: UTF8.self)
        try await stage.change(
            "PutEventSelectors",
            [
                "TrailName": name,
                "EventSelectors": [["ReadWriteType": "All", "IncludeManagementEvents": true]],
            ])
    }

    /// Changes what is verified.
    func account(_ change: (inout VerifiedAccount) -> Void) { verified.withLock { change(&$0) } }

    func verify() async -> [Onboard.AccountCheck] {
        await AccountVerifier(verified.withLock { $0 }, base: base).run()
    }

    /// Changes the trail's settings.
    func updateTrail(_ settings: [String: Any]) async throws {
        try await MotoStage(client).change("UpdateTrail", settings.merging(["Name": name]) { $1 })
    }

    /// The newest log file is something else now, under a digest that says so.
    func spoil() async throws {
        let now = Milliseconds(Date().timeIntervalSince1970 * 1_000)
        // A name of its own: no digest speaks of it yet.
        let key = delivery.key(account: Self.id, time: now, suffix: "spoilt")
        try await MotoStage(client).put(name, key, Array("neither gzip nor JSON".utf8))
    }

    /// The newest digest is not what was signed.
    func alterDigest() async throws {
        guard let key = keys.last else { return }
        try await MotoStage(client).put(name, key, TrailDelivery.gzip(Array("{}".utf8)))
    }

    /// Calls an operation that the project itself never makes.
    func stage(
        _ target: String, _ input: [String: Any], service: AWS.Service = .cloudtrail, version: String = "1.1"
    ) async throws {
        var call = APICall(service, target.split(separator: ".").last.map(String.init) ?? target, format: .json)
        call.headers = [Header("content-type", "application/x-amz-json-" + version), Header("x-amz-target", target)]
        call.body = Array(try JSONSerialization.data(withJSONObject: input))
        _ = try await client.send(call)
    }
}
