// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Respond
import Synchronization
import Testing

/// Deactivation over IAM's real wire protocol, with faults between.
// Skipped where moto is not installed in the repository's .venv.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct MotoRemediationTests {
    private static let calls = ["GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey"]

    /// A user in moto with two keys, and a scene that works on the first.
    private struct Stage {
        let scene: Scene
        let faults = FaultTransport()
        let service: AWSActionService
        let iam: IAM
        let stage: MotoStage
        let user: String
        let target: RemediationTarget
        let key: String
        let other: String

        init(_ user: String, policy: RemediationPolicy = RemediationPolicy(mode: .auto)) async throws {
            let moto = try MotoServer.shared.get()
            // The account's role, as in life: temporary credentials, taken on again when they are refused.
            let role = STS.RoleRequest(
                roleARN: "arn:aws:iam::123456789012:role/TrailhoundRemediation", sessionName: "trailhound",
                externalID: "ext")
            let clock = ManualClock(Date()).clock()
            let account = moto.client(transport: faults, clock: clock).assuming(role)
            service = AWSActionService(account)
            iam = IAM(moto.client())
            stage = MotoStage(moto.client())
            self.user = user
            try await stage.query(.iam, "CreateUser", [QueryItem("UserName", user)])
            var keys: [String] = []
            for _ in 0..<2 {
                let made = try await stage.query(.iam, "CreateAccessKey", [QueryItem("UserName", user)])
                keys.append(try #require(made.value("AccessKey", "AccessKeyId")))
            }
            key = keys[0]
            target = RemediationTarget(
                accountID: "123456789012", subject: .accessKey(key, userName: user), principal: .user)
            other = keys[1]
            scene = Scene(policy: policy)
        }

        func run() async throws -> Remediation {
            try await scene.remediator(service: service).start(
                .deactivateAccessKey, target, trigger: Scene.alert, id: user)
        }

        /// The status of the target and of the user's other key.
        func statuses() async throws -> [IAM.KeyStatus?] {
            let keys = try await iam.listAccessKeys(userName: user)
            return [key, other].map { id in keys.first { $0.accessKeyID == id }?.status }
        }
    }

    @Test func thereAndBack() async throws {
        let stage = try await Stage("there-and-back")
        let quarantine = #"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#
        try await stage.iam.putUserPolicy(
            stage.user, named: "AWSCompromisedKeyQuarantineV3", document: quarantine)
        let done = try await stage.run()
        #expect(done.outcome == .succeeded)
        #expect(try await stage.statuses() == [.inactive, .active])
        #expect(stage.faults.passed.filter { $0 == "UpdateAccessKey" }.count == 1)
        // The permissions of the printed policy are all that was used.
        #expect(Set(stage.faults.seen) == Set(Self.calls + ["AssumeRole"]))
        // AWS's own quarantine stays as it is.
        #expect(
            try await stage.iam.userPolicy(stage.user, named: "AWSCompromisedKeyQuarantineV3") == quarantine)
        let back = try await stage.scene.remediator(service: stage.service).rollback(stage.user, by: "eve")
        #expect(back?.outcome == .rolledBack)
        #expect(try await stage.statuses() == [.active, .active])
    }

    @Test func aRehearsalMakesNoWritingCall() async throws {
        let stage = try await Stage("rehearsal", policy: RemediationPolicy(mode: .dryRun))
        #expect(try await stage.run().outcome == .rehearsed)
        #expect(!stage.faults.seen.contains("UpdateAccessKey"))
        #expect(try await stage.statuses() == [.active, .active])
    }

    @Test func aKeyThatIAMDoesNotKnow() async throws {
        let stage = try await Stage("unknown-key")
        let target = RemediationTarget(
            accountID: "123456789012", subject: .accessKey("AKIAUNKNOWN", userName: nil), principal: .user)
        let done = try await stage.scene.remediator(service: stage.service).start(
            .deactivateAccessKey, target, trigger: Scene.alert, id: "u")
        #expect(done.outcome == .gone && stage.scene.alerts.isEmpty)
    }

    /// One fault, three times in a row, at every call: it is retried where that helps, and takes effect once.
    @Test(arguments: FaultTransport.Fault.allCases, calls)
    func faults(fault: FaultTransport.Fault, call: String) async throws {
        let stage = try await Stage("fault-\(fault.rawValue)-\(call)".lowercased())
        stage.faults.inject(fault, into: call, times: fault == .clockSkew || fault == .expiredCredentials ? 1 : 3)
        let done = try await stage.run()
        let updates = stage.faults.passed.filter { $0 == "UpdateAccessKey" }.count
        switch fault {
        case .throttled, .serverError, .reset, .expiredCredentials, .clockSkew:
            #expect(done.outcome == .succeeded)
            #expect(updates == 1)
            #expect(try await stage.statuses() == [.inactive, .active])
            #expect(stage.scene.alerts.isEmpty)
        case .timeoutAfterEffect:
            #expect(done.outcome == .succeeded)
            #expect(try await stage.statuses() == [.inactive, .active])
            #expect(stage.scene.alerts.isEmpty)
        case .accessDenied, .garbage:
            guard case .failed(let reason) = done.outcome else {
                Issue.record("failed is expected, not \(String(describing: done.outcome))")
                return
            }
            #expect(reason.hasPrefix("iam:\(call): "))
            #expect(updates == 0)
            #expect(try await stage.statuses() == [.active, .active])
            #expect(stage.scene.alerts == [.failed])
        }
    }

    /// Faults that last: a defined end with a reason and an alert, and never a change that nobody knows of.
    @Test(arguments: [FaultTransport.Fault.throttled, .serverError, .reset, .expiredCredentials], calls)
    func lastingFaults(fault: FaultTransport.Fault, call: String) async throws {
        let stage = try await Stage("lasting-\(fault.rawValue)-\(call)".lowercased())
        stage.faults.inject(fault, into: call, times: .max)
        let done = try await stage.run()
        #expect(done.outcome?.name == "failed" && stage.scene.alerts == [.failed])
        #expect(try await stage.statuses() == [.active, .active])
        let reason = done.history.last?.detail ?? ""
        #expect(reason.hasPrefix("iam:\(call): "))
    }

    @Test func aRoleThatCannotBeTakenOnIsAnAlert() async throws {
        let stage = try await Stage("no-role")
        stage.faults.inject(.accessDenied, into: "AssumeRole", times: .max)
        let done = try await stage.run()
        #expect(done.outcome?.name == "failed" && stage.scene.alerts == [.failed])
        #expect(done.history.last?.detail.hasPrefix("sts:AssumeRole: AccessDenied") == true)
    }

    /// Prints how long it takes from the decision to an inactive key, verified. Nothing is asserted about time.
    @Test func latencyIsPrinted() async throws {
        let runs = 200
        var times: [Duration] = []
        let stage = try await Stage("latency")
        for index in 0..<runs {
            let scene = Scene(policy: RemediationPolicy(mode: .auto, hourlyCap: runs))
            let start = ContinuousClock.now
            let inactive = Mutex<Duration?>(nil)
            scene.onWait.withLock {
                $0 = { _ in
                    inactive.withLock { $0 = ContinuousClock.now - start }
                    throw Crash()
                }
            }
            // The first wait is that of the watch: by then the key is seen to be inactive. The watch is left out.
            let machine = try? await scene.remediator(service: stage.service).start(
                .deactivateAccessKey, stage.target, trigger: Scene.alert, id: "latency-\(index)")
            #expect(machine == nil)
            #expect(try await scene.store.load("latency-\(index)")?.outcome == .succeeded)
            times.append(try #require(inactive.withLock { $0 }))
            try await stage.iam.updateAccessKey(stage.key, userName: stage.user, status: .active)
        }
        times.sort()
        print("deactivation over moto, \(runs) runs: p50 \(times[runs / 2]), p99 \(times[runs * 99 / 100])")
    }
}
