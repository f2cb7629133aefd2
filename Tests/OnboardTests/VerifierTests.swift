// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Onboard
import Respond
import Testing

/// Verification over an account in moto, where every check passes and where each one fails.
///
/// Stand-ins for calls, in a transport before moto: AssumeRole without the external id, since moto looks at no trust
/// policy; GetTrailStatus, since moto's has no times of digests; ListPublicKeys and SimulatePrincipalPolicy, which moto
/// has not.
@Suite(
    .enabled(if: MotoServer.isInstalled && DigestForge.isAvailable, "needs moto[server] in .venv, and openssl"),
    .timeLimit(.minutes(3)))
struct VerifierTests {
    private typealias Name = Onboard.AccountCheck.Name

    @Test func everyCheckPasses() async throws {
        let rig = try await VerifyRig("verify-pass")
        let checks = await rig.verify()
        #expect(checks.map(\.name) == Name.allCases)
        for check in checks { #expect(check.status == .passed, "\(check.name.rawValue): \(check.detail)") }
        for check in checks { #expect(check.remedy.isEmpty && !check.detail.isEmpty, "\(check.name.rawValue)") }
    }

    /// What is changed, and the checks that fail then.
    private static let faults: [(String, [Name], @Sendable (VerifyRig) async throws -> Void)] = [
        (
            "the role is of another account", [.assumeRole],
            { $0.account { $0.roleARN = "arn:aws:iam::999988887777:role/r" } }
        ),
        ("the roles are open", [.externalIDRequired, .remediationExternalID], { $0.overlay.isOpen = true }),
        ("there is no such trail", [.trailFound], { $0.account { $0.trail = "other" } }),
        (
            "a poor trail",
            [.trailMultiRegion, .trailGlobalEvents, .trailOrganization, .trailValidation, .trailDigest, .digests],
            { rig in
                try await rig.updateTrail([
                    "IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": false, "EnableLogFileValidation": false,
                ])
                rig.account { $0.organizationID = "" }
                rig.account { $0.organizationID = "o-abc1234567" }
            }
        ),
        (
            "another prefix is set", [.trailDestination, .bucketListed, .digests],
            { $0.account { $0.keyPrefix = "other" } }
        ),
        (
            "the trail is stopped and late", [.trailLogging, .trailDelivery, .trailDigest],
            { rig in
                rig.overlay.status = [
                    "IsLogging": false, "StopLoggingTime": 1_700_000_000, "LatestDeliveryTime": 1_700_000_000,
                    "LatestDigestDeliveryTime": 1_700_000_000,
                ]
            }
        ),
        (
            "deliveries fail", [.trailDelivery, .trailNotification, .trailDigest],
            { rig in
                rig.overlay.status = [
                    "IsLogging": true, "LatestDeliveryError": "AccessDenied", "LatestNotificationError": "NotFound",
                    "LatestDigestDeliveryError": "AccessDenied",
                ]
            }
        ),
        (
            "write events alone", [.managementEvents],
            { rig in
                try await rig.stage(
                    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.PutEventSelectors",
                    [
                        "TrailName": rig.name,
                        "EventSelectors": [["ReadWriteType": "WriteOnly", "IncludeManagementEvents": true]],
                    ])
            }
        ),
        (
            "the bucket is empty", [.bucketListed, .digests],
            { rig in for key in rig.keys { try await MotoStage(rig.client).delete(rig.name, key) } }
        ),
        ("the newest file is no gzip", [.newestObject], { try await $0.spoil() }),
        (
            "the key is disabled", [.key],
            { rig in
                let key = try await MotoStage(rig.client).makeKey()
                let id = key.split(separator: "/").last.map(String.init) ?? ""
                try await rig.stage("TrentService.DisableKey", ["KeyId": id], service: .kms, version: "1.1")
                try await rig.updateTrail(["KmsKeyId": key])
            }
        ),
        ("the queue is gone", [.queueReceive, .queueDelete], { rig in rig.account { $0.queueURL += "x" } }),
        (
            "something else is in the queue", [.queueReceive],
            { rig in
                try await rig.stage("AmazonSQS.PurgeQueue", ["QueueUrl": rig.queue], service: .sqs, version: "1.0")
                try await MotoStage(rig.client).sendMessage(rig.queue, "hello")
            }
        ),
        ("the digest is altered", [.digests], { try await $0.alterDigest() }),
        (
            "the role to act with is of another account",
            [.remediationWay],
            { rig in
                rig.account {
                    ($0.respondRoleARN, $0.isRemediationEnabled) = ("arn:aws:iam::999988887777:role/r", true)
                }
            }
        ),
        (
            "remediations are not allowed",
            [.deactivateAccessKey, .revokeRoleSessions, .denyUser, .disableConsoleLogin, .restoreLogging],
            { $0.overlay.decision = "implicitDeny" }
        ),
        ("there is no role for the console", [.consoleRole], { $0.account { $0.consoleRole = "nobody" } }),
    ]

    @Test(arguments: faults.indices)
    func aFault(index: Int) async throws {
        let (what, expected, make) = Self.faults[index]
        let rig = try await VerifyRig("verify-\(index)")
        try await make(rig)
        let checks = await rig.verify()
        let failed = checks.filter { $0.status == .failed }
        #expect(failed.map(\.name) == expected, "\(what)")
        for check in failed { #expect(!check.remedy.isEmpty && !check.detail.isEmpty, "\(check.name.rawValue)") }
        #expect(checks.map(\.name) == Name.allCases || expected.first == .assumeRole, "\(what)")
    }

    @Test func everyCheckCanFail() {
        #expect(Set(Self.faults.flatMap(\.1)).union([.dataEvents, .networkEvents]) == Set(Name.allCases))
    }

    @Test func whatCannotBeFoundOutIsUnknown() async throws {
        let rig = try await VerifyRig("verify-unknown")
        rig.account { ($0.queueURL, $0.respondRoleARN) = ("", "") }
        rig.overlay.isDown = true
        var checks = await rig.verify()
        #expect(checks.filter { $0.status == .failed } == [])
        #expect(checks.first { $0.name == .trailLogging }?.status == .unknown)
        for name in [Name.queueReceive, .queueDelete, .denyUser] {
            #expect(checks.first { $0.name == name }?.status == .unknown)
        }
        // Without credentials one check says why, and the rest are not tried.
        rig.overlay.refusesRole = true
        checks = await rig.verify()
        #expect(checks.filter { $0.status == .failed }.map(\.name) == [.assumeRole])
        #expect(checks.filter { $0.status == .unknown }.count == Name.allCases.count - 2)
        #expect(Set(checks.map(\.name)) == Set(Name.allCases))
    }

    /// Nothing was asked of AWS: whether it can be reached is not the question.
    @Test func missingCredentialsAreAskedFor() async throws {
        struct NoCredentials: CredentialsProvider {
            func credentials() async throws -> Credentials {
                throw CredentialsError(.notConfigured, "none found")
            }
        }
        let nowhere = EndpointResolver(override: "http://127.0.0.1:1")
        let client = AWSClient(credentials: NoCredentials(), region: "us-east-1", endpoints: nowhere)
        for role in ["", "arn:aws:iam::\(VerifyRig.id):role/TrailhoundRead"] {
            var account = VerifiedAccount(accountID: VerifyRig.id)
            (account.roleARN, account.externalID) = (role, "x")
            let check = await AccountVerifier(account, base: client).run().first
            #expect(check?.status == .unknown && check?.remedy.hasPrefix("Give credentials") == true, "\(check as Any)")
        }
    }

    private static let remediations: [Name] = [
        .deactivateAccessKey, .revokeRoleSessions, .denyUser, .disableConsoleLogin, .restoreLogging,
    ]

    @Test func theRoleThatIsSetToActIsTheOneAskedFor() async throws {
        let rig = try await VerifyRig("verify-role")
        let role = "arn:aws:iam::\(VerifyRig.id):role/security/switch-off"
        rig.account { $0.respondRoleARN = role }
        for check in await rig.verify() where Self.remediations.contains(check.name) {
            #expect(check.status == .passed && check.detail.hasPrefix(role), "\(check.name.rawValue): \(check.detail)")
        }
        #expect(rig.overlay.simulated == [role])
    }

    @Test func anExecutorIsAskedForAndItsOwnPermissionsAreLookedAt() async throws {
        let rig = try await VerifyRig("verify-executor")
        rig.account { ($0.isActedByExecutor, $0.isRemediationEnabled) = (true, true) }
        let without = await rig.verify()
        #expect(without.filter { $0.status == .failed }.map(\.name) == [.remediationWay])
        for check in without where Self.remediations.contains(check.name) { #expect(check.status == .unknown) }
        #expect(rig.overlay.simulated.isEmpty)
        rig.account { $0.executors = ["arn:aws:sts::\(VerifyRig.id):assumed-role/inside/s"] }
        let checks = await rig.verify()
        for check in checks where Self.remediations.contains(check.name) { #expect(check.status == .passed) }
        #expect(checks.first { $0.name == .remediationWay }?.status == .passed)
        #expect(rig.overlay.simulated == ["arn:aws:iam::\(VerifyRig.id):role/inside"])
    }

    @Test func nothingIsPassedThatWasNotChecked() async throws {
        let rig = try await VerifyRig("verify-roleless", as: .collector)
        rig.account { ($0.roleARN, $0.respondRoleARN) = ("", "") }
        let checks = await rig.verify()
        for name in [Name.externalIDRequired, .remediationExternalID] {
            let check = checks.first { $0.name == name }
            #expect(check?.status == .unknown && check?.detail.hasPrefix("not checked") == true, "\(name.rawValue)")
        }
    }

    @Test func refusedCallsSayWhichPermissionIsMissing() async throws {
        let rig = try await VerifyRig("verify-denied")
        rig.overlay.denied = ["DescribeTrails"]
        let check = await rig.verify().first { $0.name == .trailFound }
        #expect(check?.status == .failed)
        #expect(check?.remedy.contains("cloudtrail:DescribeTrails") == true)
    }
}

@Suite struct EventCoverageTests {
    private func coverage(_ json: String) throws -> EventCoverage {
        EventCoverage(try JSONDecoder().decode(Trails.EventSelectors.self, from: Data(json.utf8)))
    }

    @Test func basicSelectors() throws {
        let all = try coverage(
            """
            {"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":\
            [{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}],"ExcludeManagementEventSources":[]}]}
            """)
        #expect(all.missing.isEmpty)
        #expect(all.data == ["AWS::S3::Object"])
        let halves = try coverage(
            #"{"EventSelectors":[{"ReadWriteType":"ReadOnly","IncludeManagementEvents":true},{"ReadWriteType":"WriteOnly"}]}"#
        )
        #expect(halves.missing.isEmpty)
        let kms = try coverage(
            #"{"EventSelectors":[{"ExcludeManagementEventSources":["kms.amazonaws.com"],"ReadWriteType":"ReadOnly"}]}"#)
        #expect(kms.missing == ["leaves out kms.amazonaws.com", "takes no management events that write"])
        #expect(try coverage("{}").missing == ["takes no management events"])
    }

    @Test func advancedSelectors() throws {
        let all = try coverage(
            """
            {"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},\
            {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":\
            ["AWS::Lambda::Function"]}]},{"FieldSelectors":[{"Field":"eventCategory","Equals":["NetworkActivity"]},\
            {"Field":"eventSource","Equals":["kms.amazonaws.com"]}]}]}
            """)
        #expect(all.missing.isEmpty)
        #expect(all.data == ["AWS::Lambda::Function"])
        #expect(all.network == ["kms.amazonaws.com"])
        let part = try coverage(
            """
            {"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},\
            {"Field":"readOnly","Equals":["false"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]}
            """)
        #expect(part.missing.count == 2)
    }
}
