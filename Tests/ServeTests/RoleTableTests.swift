// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC
import Serve
import Testing

/// Every role against every RPC, from outside: over TLS, with a certificate of each role. What is expected stands here
/// as it should be, not as the service's own table has it.
@Suite(.serialized) struct RoleTableTests {
    /// A plus where the role may call.
    private static let expected = """
        RPC                                                    admin analyst collector subscriber executor
        trailhound.v1.IngestService/SubmitEvents               +     -       +         -          -
        trailhound.v1.IngestService/ReportLogFindings          +     -       +         -          -
        trailhound.v1.AlertService/SubscribeAlerts             +     +       -         +          -
        trailhound.v1.AlertService/ListAlerts                  +     +       -         +          -
        trailhound.v1.AlertService/GetAlert                    +     +       -         +          -
        trailhound.v1.AlertService/UpdateAlert                 +     +       -         -          -
        trailhound.v1.AlertService/AnswerDuet                  +     +       -         +          -
        trailhound.v1.AccountService/OnboardAccount            +     -       -         -          -
        trailhound.v1.AccountService/ListAccounts              +     +       +         -          -
        trailhound.v1.AccountService/GetAccount                +     +       +         -          -
        trailhound.v1.AccountService/UpdateAccount             +     -       -         -          -
        trailhound.v1.AccountService/OffboardAccount           +     -       -         -          -
        trailhound.v1.AccountService/VerifyAccount             +     +       -         -          -
        trailhound.v1.AuditService/TailAudit                   +     -       -         -          -
        trailhound.v1.DetectionService/ListDetections          +     +       -         -          -
        trailhound.v1.DetectionService/GetDetection            +     +       -         -          -
        trailhound.v1.DetectionService/SetDetectionState       +     -       -         -          -
        trailhound.v1.DetectionService/TuneDetection           +     -       -         -          -
        trailhound.v1.DetectionService/CreateDetectionException       + - - - -
        trailhound.v1.DetectionService/ListDetectionExceptions        + + - - -
        trailhound.v1.DetectionService/DeleteDetectionException       + - - - -
        trailhound.v1.DetectionService/ReloadRules             +     -       -         -          -
        trailhound.v1.DetectionService/ValidateRules           +     +       -         -          -
        trailhound.v1.DetectionService/ExplainDetection        +     +       -         -          -
        trailhound.v1.InvestigationService/GetTimeline         +     +       -         -          -
        trailhound.v1.InvestigationService/GetLineage          +     +       -         -          -
        trailhound.v1.InvestigationService/GetStatus           +     +       +         +          -
        trailhound.v1.RemediationService/SendCommands          +     +       -         -          -
        trailhound.v1.RemediationService/ServeExecutor         -     -       -         -          +
        trailhound.v1.RemediationService/GetPolicy             +     +       -         -          -
        trailhound.v1.RemediationService/SetPolicy             +     -       -         -          -
        trailhound.v1.RemediationService/ApproveRemediation    +     +       -         -          -
        trailhound.v1.RemediationService/RollbackRemediation   +     +       -         -          -
        trailhound.v1.RemediationService/GetRemediation        +     +       -         -          -
        trailhound.v1.RemediationService/ListRemediations      +     +       -         -          -
        trailhound.v1.RemediationService/GetFreeze             +     +       -         -          -
        trailhound.v1.RemediationService/SetFreeze             +     +       -         -          -
        trailhound.v1.DeadLetterService/ListDeadLetters        +     +       -         -          -
        trailhound.v1.DeadLetterService/GetDeadLetter          +     +       -         -          -
        trailhound.v1.DeadLetterService/ResubmitDeadLetters    +     -       -         -          -
        trailhound.v1.DeadLetterService/PurgeDeadLetters       +     -       -         -          -
        grpc.health.v1.Health/Check                            +     +       +         +          +
        grpc.health.v1.Health/Watch                            +     +       +         +          +
        grpc.reflection.v1.ServerReflection/ServerReflectionInfo      + + + + +
        grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo + + + + +
        """

    private static let roles: [Role] = [.admin, .analyst, .collector, .subscriber, .executor]

    /// The rows by path, each with the roles that have a plus.
    private static let rows: [String: Set<Role>] = {
        var rows: [String: Set<Role>] = [:]
        for line in expected.split(separator: "\n").dropFirst() {
            let words = line.split(separator: " ")
            rows["/\(words[0])"] = Set(zip(roles, words.dropFirst()).filter { $0.1 == "+" }.map(\.0))
        }
        return rows
    }()

    @Test(.timeLimit(.minutes(2)))
    func everyRoleAgainstEveryRPC() async throws {
        #expect(Role.allCases.count == Self.roles.count)
        try await ServiceRig.run { rig in
            try await rig.seed()
            let pipeline = rig.service.pipeline
            let methods = Service.router(
                pipeline, rig.service.desk, AccessControl(isPlaintext: false), Health()
            ).methods
            #expect(Set(methods.map(\.path)) == Set(Self.rows.keys), "an RPC that is missing here, or is no more")
            for role in Self.roles {
                let certificate = try rig.issue("role-\(role.rawValue)", role)
                try await rig.withClient(certificate) { client in
                    for method in methods {
                        let verdict = await Self.call(method, client)
                        let isExpected = Self.rows[method.path]?.contains(role) ?? false
                        #expect(
                            (verdict != .permissionDenied) == isExpected,
                            "\(role.rawValue) \(method.path): \(verdict)")
                        #expect(verdict != .unauthenticated && verdict != .unimplemented && verdict != .unavailable)
                    }
                }
            }
            // What was refused is in the audit log, and nothing of it was done.
            let log = try await rig.auditLog()
            #expect(log.contains { $0.outcome == "PERMISSION_DENIED" && $0.role == "executor" })
            #expect(!log.contains { $0.outcome == "OK" && $0.role == "executor" })
        }
    }

    /// Calls with an empty request, and returns the status that is known first: OK with the first response.
    private static func call(_ method: MethodDescriptor, _ client: Client) async -> StatusCode {
        let raw = RPC.Method<[UInt8], [UInt8]>(
            path: method.path, shape: method.shape, request: .bytes, response: .bytes)
        do {
            switch method.shape {
            case .unary: _ = try await client.unary(raw, [])
            case .serverStreaming:
                let stream = try await client.serverStreaming(raw, [])
                _ = try await stream.next()
                stream.cancel()
            case .clientStreaming, .bidirectional:
                let stream = try await client.bidirectional(raw)
                try await stream.requests.finish()
                _ = try await stream.responses.next()
                stream.cancel()
            }
            return .ok
        } catch {
            return RPCError.from(error).code
        }
    }
}
