// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Respond
import Synchronization
import Testing

/// All actions over AWS's real wire protocols.
// Skipped where moto is not installed in the repository's .venv.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct MotoRemediationTests {
    @Test(arguments: Example.all)
    func thereAndBack(example: Example) async throws {
        let scene = try await MotoScene(example)
        let quarantine = #"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#
        let quarantineName = "AWSCompromisedKeyQuarantineV3"
        if !scene.keys.isEmpty {
            try await scene.iam.putUserPolicy(scene.name, named: quarantineName, document: quarantine)
        }
        #expect(try await scene.look() == .asBefore)
        let done = try await scene.run()
        #expect(done.outcome == .succeeded && scene.scene.alerts.isEmpty)
        #expect(try await scene.look() == .inEffect)
        #expect(try await scene.writes() == [example.write])
        let back = try await scene.rollback()
        if example.rollbackEffect == nil {
            #expect(back?.history.last?.kind == .rollbackRefused)
            #expect(try await scene.look() == .inEffect)
        } else {
            #expect(back?.outcome == .rolledBack)
            #expect(try await scene.look() == .asBefore)
            #expect(try await scene.writes().count == 2)
        }
        // AWS's own quarantine stays as it is.
        if !scene.keys.isEmpty {
            #expect(try await scene.iam.userPolicy(scene.name, named: quarantineName) == quarantine)
        }
        // The permissions that the action tells are all that was used.
        let told = Set(example.action.permissions.map { $0.action.split(separator: ":").last.map(String.init) ?? "" })
        let seen = Set(try await scene.channel.calls().seen).subtracting(["AssumeRole"])
        #expect(seen.isSubset(of: told))
    }

    @Test(arguments: Example.all)
    func aRehearsalMakesNoWritingCall(example: Example) async throws {
        let scene = try await MotoScene(example, policy: RemediationPolicy(mode: .dryRun))
        #expect(try await scene.run().outcome == .rehearsed)
        #expect(try await scene.writes().isEmpty)
        #expect(try await scene.look() == .asBefore)
        let seen = try await scene.channel.calls().seen
        #expect(!seen.isEmpty && !seen.contains(example.write))
    }

    @Test(arguments: Example.all)
    func aBackfilledEventMakesNoCall(example: Example) async throws {
        let scene = try await MotoScene(example)
        let trigger = RemediationTrigger.alert(
            alertID: "a", detectionID: "d", severity: .critical, isHistorical: true)
        #expect(try await scene.run(trigger: trigger).outcome == .refused(.historical, pattern: nil))
        #expect(try await scene.channel.calls().seen.isEmpty)
    }

    /// Lists of paths and tags have the user looked up, with the permissions that are there for it.
    @Test(arguments: Example.all.filter { $0.action.permissions.contains { $0.isForLists } })
    func usersAreLookedUpForPathsAndTagsOfLists(example: Example) async throws {
        let never = try ["path/break-glass/*", "tag/tier=production"].map { try #require(TargetPattern($0)) }
        let scene = try await MotoScene(example, policy: RemediationPolicy(mode: .auto, never: never))
        try await scene.stage.query(
            .iam, "TagUser",
            [
                QueryItem("UserName", scene.name), QueryItem("Tags.member.1.Key", "tier"),
                QueryItem("Tags.member.1.Value", "production"),
            ])
        #expect(try await scene.run().outcome == .refused(.neverListed, pattern: never[1].text))
        #expect(try await scene.writes().isEmpty)
        let seen = try await scene.channel.calls().seen
        for permission in example.action.permissions where permission.isForLists {
            #expect(seen.contains { permission.action == "iam:" + $0 }, "\(permission.action)")
        }
    }

    /// Names that AWS does not know: nothing to do, but for a trail, whose absence is the harm.
    @Test(arguments: Example.all)
    func whatAWSDoesNotKnow(example: Example) async throws {
        let scene = try await MotoScene(example)
        let subject: RemediationTarget.Subject =
            switch example.subject {
            case .accessKey: .accessKey("AKIAUNKNOWN", userName: nil)
            case .user: .user("nobody-of-that-name")
            case .role: .role("no-role-of-that-name")
            case .trail: .trail("no-trail-of-that-name", region: "us-east-1")
            }
        let done = try await scene.scene.remediator(service: scene.service).start(
            example.action, RemediationTarget(accountID: "123456789012", subject: subject), trigger: Scene.alert,
            id: "r1")
        let isHarm = example.action == .restoreLogging
        #expect(done.outcome?.name == (isHarm ? "failed" : "gone"))
        #expect(scene.scene.alerts == (isHarm ? [.failed] : []))
        #expect(try await scene.writes().isEmpty)
    }

    @Test func aRolesTagsAndPathAreRead() async throws {
        let scene = try await MotoScene(.role)
        #expect(try await scene.service.perform(.getRole(roleName: scene.name)) != .done)
        let role = try await scene.iam.getRole(scene.name)
        #expect(role.tags == ["team": "x"] && role.path == "/")
    }

    /// Prints how long it takes from the decision to an inactive key, verified. Nothing is asserted about time.
    @Test func latencyIsPrinted() async throws {
        let runs = 200
        var times: [Duration] = []
        let stage = try await MotoScene(.key)
        let direct = AWSActionService(MotoScene.client(try MotoServer.shared.get().url, impatientAt: nil))
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
            let machine = try? await scene.remediator(service: direct).start(
                .deactivateAccessKey, stage.target, trigger: Scene.alert, id: "latency-\(index)")
            #expect(machine == nil)
            #expect(try await scene.store.load("latency-\(index)")?.outcome == .succeeded)
            times.append(try #require(inactive.withLock { $0 }))
            try await stage.iam.updateAccessKey(stage.keys[0], userName: stage.name, status: .active)
        }
        times.sort()
        print("deactivation over moto, \(runs) runs: p50 \(times[runs / 2]), p99 \(times[runs * 99 / 100])")
    }
}
