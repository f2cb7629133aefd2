// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Respond
import Testing

/// The rows of the actions that put a policy, and of the trail.
@Suite struct DenyTests {
    private func role(_ name: String) -> RemediationTarget {
        RemediationTarget(accountID: "123456789012", subject: .role(name), principal: .role)
    }

    private func user(_ principal: PrincipalKind) -> RemediationTarget {
        RemediationTarget(accountID: "123456789012", subject: .user("alice"), principal: principal)
    }

    @Test func sessionsOfARoleUntilNowAreDenied() async throws {
        let scene = Scene(time: 1_700_000_000_500)
        let done = try await scene.run(.role)
        #expect(
            done.document
                == #"{"Version":"2012-10-17","Statement":[{"Sid":"TrailhoundRevokeSessions","Effect":"Deny","#
                + #""Action":"*","Resource":"*","Condition":{"DateLessThan":"#
                + #"{"aws:TokenIssueTime":"2023-11-14T22:13:50Z"}}}]}"#)
        #expect(scene.account.state.withLock { $0.policies } == ["TrailhoundRevokeSessions": done.document])
        #expect(done.snapshot?.principalID == "AROA1")
    }

    @Test func temporaryCredentialsOfAUserAreDeniedAndLongTermKeysAreNot() async throws {
        let scene = Scene()
        // A condition on a value that requests with a long-term key do not have: Null is false only where it is there.
        #expect(
            try await scene.run(.user).document
                == #"{"Version":"2012-10-17","Statement":[{"Sid":"TrailhoundDenyUser","Effect":"Deny","#
                + #""Action":"*","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"false"}}}]}"#)
        #expect(
            try await scene.run(.console, id: "r2").document
                == #"{"Version":"2012-10-17","Statement":[{"Sid":"TrailhoundDenyConsole","Effect":"Deny","#
                + #""Action":"*","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"false"},"#
                + #""StringEquals":{"aws:PrincipalType":"User"}}}]}"#)
        // Both stand beside each other, and each rollback takes its own.
        #expect(try await scene.remediator().rollback("r1", by: "eve")?.outcome == .rolledBack)
        #expect(scene.account.state.withLock { Set($0.policies.keys) } == ["TrailhoundDenyConsole"])
        #expect(scene.account.status("AKIA1") == .active)
    }

    @Test func rolesThatBelongToAWSAreRefused() async throws {
        let cases: [(String, String, RemediationRefusal, Bool)] = [
            ("AWSServiceRoleForSupport", "/", .serviceLinkedRole, true),
            ("AWSReservedSSO_Admin_0123", "/", .identityCenterRole, true),
            // The name tells nothing: IAM's path does.
            ("Quiet", "/aws-service-role/x.amazonaws.com/", .serviceLinkedRole, false),
            ("Quiet", "/aws-reserved/sso.amazonaws.com/eu-west-1/", .identityCenterRole, false),
        ]
        for (name, path, refusal, isByName) in cases {
            let scene = Scene()
            scene.account.state.withLock { $0.rolePath = path }
            let done = try await scene.run(.revokeRoleSessions, role(name))
            #expect(done.outcome == .refused(refusal, pattern: nil))
            #expect(scene.account.calls == (isByName ? [] : ["GetRole"]))
        }
        // A service's ordinary role is the customer's own.
        let scene = Scene()
        scene.account.state.withLock { $0.rolePath = "/service-role/" }
        #expect(try await scene.run(.revokeRoleSessions, role("lambda-x")).outcome == .succeeded)
    }

    @Test func trailhoundsOwnRoleIsRefused() async throws {
        let own = [TargetPattern("role/Trailhound*")].compactMap { $0 }
        let scene = Scene(situation: RemediationSituation(ownIdentities: own))
        #expect(
            try await scene.run(.revokeRoleSessions, role("TrailhoundRemediation")).outcome
                == .refused(.ownIdentity, pattern: "role/Trailhound*"))
        #expect(scene.account.calls.isEmpty)
    }

    @Test(arguments: [RemediationAction.denyUser, .disableConsoleLogin])
    func rootIsRefused(action: RemediationAction) async throws {
        let scene = Scene()
        let done = try await scene.run(action, user(.root))
        #expect(done.outcome == .refused(.root, pattern: nil) && scene.account.calls.isEmpty)
        #expect(done.history.last?.detail.contains("sign in as root") == true)
    }

    @Test func aUserWithoutAPasswordHasNoConsoleToDisable() async throws {
        let scene = Scene()
        scene.account.state.withLock { $0.hasPassword = false }
        let done = try await scene.run(.console)
        #expect(done.outcome == .gone && scene.account.writes == 0 && scene.alerts.isEmpty)
    }

    @Test(arguments: [Example.role, .user, .console])
    func otherPoliciesAreLeftAlone(example: Example) async throws {
        let scene = Scene()
        let quarantine = #"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#
        let others = ["AWSCompromisedKeyQuarantineV3": quarantine, "AWSRevokeOlderSessions": "{}"]
        scene.account.state.withLock { $0.policies = others }
        #expect(try await scene.run(example).outcome == .succeeded)
        #expect(scene.account.state.withLock { $0.policies.count } == 3)
        #expect(try await scene.remediator().rollback("r1", by: "eve")?.outcome == .rolledBack)
        #expect(scene.account.state.withLock { $0.policies } == others)
    }

    /// A policy under Trailhound's name that it would not write is somebody's trap or work: not overwritten.
    @Test(arguments: [Example.role, .user, .console])
    func aPolicyThatIsNotOursIsNotOverwritten(example: Example) async throws {
        let name = example.action.policyName ?? ""
        let allow = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#
        for text in [allow, "", "no JSON", #"{"Statement":7}"#] {
            let scene = Scene()
            scene.account.state.withLock { $0.policies[name] = text }
            #expect(try await scene.run(example).outcome == .refused(.policyNameTaken, pattern: nil))
            #expect(scene.account.writes == 0)
        }
    }

    @Test(arguments: [Example.role, .user, .console])
    func aRollbackLeavesAChangedPolicyAlone(example: Example) async throws {
        let scene = Scene()
        try await scene.run(example)
        let name = example.action.policyName ?? ""
        scene.account.state.withLock {
            $0.policies[name] = $0.policies[name]?.replacing(#""Resource":"*""#, with: #""Resource":"arn:x""#)
        }
        let after = try await scene.remediator().rollback("r1", by: "eve")
        #expect(after?.outcome == .succeeded && after?.history.last?.kind == .rollbackRefused)
        #expect(scene.account.writes == 1 && scene.account.state.withLock { $0.policies[name] } != nil)
    }

    @Test func whiteSpaceAndOrderAreNoChange() async throws {
        let scene = Scene()
        try await scene.run(.role)
        scene.account.state.withLock {
            $0.policies["TrailhoundRevokeSessions"] = """
                { "Statement": [ { "Condition": { "DateLessThan": { "aws:TokenIssueTime": "2023-11-14T22:13:50Z" } },
                  "Action": "*", "Resource": "*", "Effect": "Deny", "Sid": "TrailhoundRevokeSessions" } ],
                  "Version": "2012-10-17" }
                """
        }
        #expect(try await scene.remediator().rollback("r1", by: "eve")?.outcome == .rolledBack)
        #expect(scene.account.state.withLock { $0.policies.isEmpty })
    }

    /// A second revocation of a role moves the time on; the rollbacks give back one after the other.
    @Test func aLaterRevocationStandsOnTheEarlier() async throws {
        let scene = Scene()
        let first = try await scene.run(.role)
        scene.time.withLock { $0 += 3_600_000 }
        let second = try await scene.run(.role, id: "r2")
        #expect(second.outcome == .succeeded && second.snapshot?.policy == first.document)
        #expect(second.document != first.document)
        let current = { scene.account.state.withLock { $0.policies["TrailhoundRevokeSessions"] } }
        #expect(current() == second.document)
        // The first can't take away what the second put.
        let refused = try await scene.remediator().rollback("r1", by: "eve")
        #expect(refused?.history.last?.kind == .rollbackRefused && current() == second.document)
        #expect(try await scene.remediator().rollback("r2", by: "eve")?.outcome == .rolledBack)
        #expect(current() == first.document)
        #expect(try await scene.remediator().rollback("r1", by: "eve")?.outcome == .rolledBack)
        #expect(current() == nil && scene.alerts.isEmpty)
    }

    @Test func aRevocationAMomentLaterHasNothingToDo() async throws {
        let scene = Scene()
        let first = try await scene.run(.role)
        scene.time.withLock { $0 = first.createdAt + RespondLimits.revocationAhead }
        #expect(try await scene.run(.role, id: "r2").outcome == .alreadyDone)
        scene.time.withLock { $0 = first.createdAt + RespondLimits.revocationAhead + 1_000 }
        #expect(try await scene.run(.role, id: "r3").outcome == .succeeded)
    }

    /// While one revocation is watched, a later one is no undo of it.
    @Test func aLaterRevocationIsNoUndo() async throws {
        let scene = Scene()
        scene.account.state.withLock { state in
            state.onCall = { state, operation, count in
                guard operation == "GetRolePolicy", count == 5 else { return }
                state.policies["TrailhoundRevokeSessions"] = state.policies["TrailhoundRevokeSessions"]?
                    .replacing("2023-11-14", with: "2023-11-15")
            }
        }
        #expect(try await scene.run(.role).outcome == .succeeded && scene.alerts.isEmpty)
    }

    @Test func aDeletedTrailIsAFailure() async throws {
        for call in Example.trail.calls {
            let scene = Scene()
            scene.account.state.withLock { $0.failures[call] = [CallFailure(.missing, "TrailNotFoundException")] }
            #expect(try await scene.run(.trail).outcome == .failed("TrailNotFoundException"))
            #expect(scene.alerts == [.failed])
        }
        let watched = Scene()
        watched.account.state.withLock { state in
            state.onCall = { state, operation, count in
                guard operation == "GetTrailStatus", count == 3 else { return }
                state.failures[operation] = [CallFailure(.missing, "TrailNotFoundException")]
            }
        }
        #expect(try await watched.run(.trail).outcome == .undone)
        #expect(watched.alerts == [.undone])
    }

    /// What a service that was taken over could ask an executor for.
    @Test func onlyOurOwnDeniesGoOut() async throws {
        let deny = try await Scene().run(.user).document ?? ""
        let allow = deny.replacing("Deny\",\"Action", with: "Allow\",\"Action")
        // Of a key that comes twice, two readers may each take another one.
        let twice = #"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}],"# + deny.dropFirst()
        let twiceTheOtherWay = deny.dropLast() + #","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#
        let bad: [ActionCall] = [
            .putUserPolicy(userName: "a", policyName: "TrailhoundDenyUser", document: allow),
            .putUserPolicy(userName: "a", policyName: "TrailhoundDenyUser", document: twice),
            .putUserPolicy(userName: "a", policyName: "TrailhoundDenyUser", document: String(twiceTheOtherWay)),
            .putRolePolicy(roleName: "a", policyName: "Other", document: deny),
            .putRolePolicy(roleName: "a", policyName: "TrailhoundDenyConsole", document: deny),
            .putUserPolicy(userName: "a", policyName: "TrailhoundDenyUser", document: ""),
            .deleteUserPolicy(userName: "a", policyName: "AWSCompromisedKeyQuarantineV3"),
            .deleteRolePolicy(roleName: "a", policyName: ""),
        ]
        for call in bad { #expect(call.violation != nil) }
        let good: [ActionCall] = [
            .putUserPolicy(userName: "a", policyName: "TrailhoundDenyUser", document: deny),
            .deleteRolePolicy(roleName: "a", policyName: "TrailhoundRevokeSessions"),
            .listAccessKeys(userName: "a"),
        ]
        for call in good { #expect(call.violation == nil) }
    }

    @Test func neverListsKnowTrails() async throws {
        let target = RemediationTarget(
            accountID: "1", subject: .trail("arn:aws:cloudtrail:eu-west-1:1:trail/main", region: "eu-west-1"))
        for (text, isListed) in [
            ("trail/main", true), ("trail/arn:*:trail/main", true), ("trail/*", true), ("trail/mai", false),
            ("user/main", false), ("key/*", false), ("path/x/", false), ("tag/x", false),
        ] {
            let never = [TargetPattern(text)].compactMap { $0 }
            let scene = Scene(policy: RemediationPolicy(mode: .auto, never: never))
            let done = try await scene.run(.restoreLogging, target)
            #expect(done.outcome == (isListed ? .refused(.neverListed, pattern: text) : .succeeded))
        }
    }
}
