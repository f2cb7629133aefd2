// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Messages
import TestKit
import Testing

/// Onboarding, verification and validation by the built programs over a bare moto, which has no ListPublicKeys, no
/// SimulatePrincipalPolicy and no digests: what rests on them is told as not found out, or failed.
/// `CollectedRemediationTests` has an account where all of it passes; OnboardTests test the checks one by one.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"), .timeLimit(.minutes(3)))
struct OnboardingTests {
    private static let account = "123456789012"

    private static func environment(_ aws: MotoServer) -> [String: String] {
        TestCaller.service.environment(aws.url)
    }

    private func onboarded(_ aws: MotoServer) async throws -> Service {
        let service = try await Service(environment: Self.environment(aws))
        let outcome = try await service.client(
            "account", "onboard", Self.account, "--bucket", "trail", "--role-arn",
            "arn:aws:iam::\(Self.account):role/TrailhoundRead")
        #expect(outcome.status == 0, "\(outcome.errors)")
        return service
    }

    private func object(_ outcome: Outcome) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any], "\(outcome.errors)")
    }

    @Test func onboardPrintsTheRolesToMake() async throws {
        let service = try await Service()
        let folder = try TemporaryFolder()
        let out = folder.url.appendingPathComponent("roles").path
        let trusted = "arn:aws:iam::444455556666:role/trailhound"
        let outcome = try await service.client(
            "account", "onboard", Self.account, "--bucket", "trail", "--prefix", "p", "--queue",
            "https://sqs.eu-west-1.amazonaws.com/\(Self.account)/trail", "--trusted", trusted, "--out", out)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: out))
        #expect(names.isSuperset(of: ["cloudformation.yaml", "terraform.tf", "TrailhoundRead.trust.json"]))
        let shown = try object(try await service.client("account", "show", Self.account, "-o", "json"))
        let externalID = try #require(shown["external_id"] as? String)
        #expect(externalID.hasPrefix("trailhound-"))
        #expect(shown["state"] as? String == "pending")
        let trust = try String(contentsOfFile: out + "/TrailhoundRead.trust.json", encoding: .utf8)
        #expect(trust.contains(externalID) && trust.contains(trusted))
        let read = try String(contentsOfFile: out + "/TrailhoundRead.Read.json", encoding: .utf8)
        #expect(read.contains("arn:aws:s3:::trail/p/AWSLogs/*"))
        #expect(read.contains("arn:aws:sqs:eu-west-1:\(Self.account):trail"))
        for form in ["json", "cloudformation", "terraform"] {
            let printed = try await service.client(
                "account", "policy", Self.account, "--trusted", trusted, "--as", form)
            #expect(printed.status == 0 && printed.text.contains(externalID), "\(form): \(printed.errors)")
        }
        let printed = try await service.client(
            "account", "policy", Self.account, "--trusted", trusted, "-o", "json")
        let roles = try #require(
            try JSONSerialization.jsonObject(with: printed.output) as? [[String: Any]])
        #expect(roles.count == 3)
        let written = try JSONSerialization.jsonObject(with: Data(trust.utf8)) as? NSDictionary
        #expect(roles.first { $0["name"] as? String == "TrailhoundRead" }?["trust"] as? NSDictionary == written)
        for role in roles {
            for policy in try #require(role["policies"] as? [[String: Any]]) {
                let file = "\(out)/\(role["name"] ?? "").\(policy["name"] ?? "").json"
                let written = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
                #expect(policy["document"] as? NSDictionary == written as? NSDictionary, "\(file)")
            }
        }
        // The id stays when the account goes and comes back.
        for verb in [["offboard", "--yes"], ["onboard"]] {
            let arguments = ["account"] + verb + [Self.account, "--server", service.server, "--pki", service.pki.path]
            #expect(try await run(Programs.client, arguments).status == 0)
        }
        let again = try object(try await service.client("account", "show", Self.account, "-o", "json"))
        #expect(again["external_id"] as? String == externalID)
        let refused = try await service.client(
            "account", "update", Self.account, "--role-arn", "arn:aws:iam::999988887777:role/r")
        #expect(refused.status == 1 && refused.errors.contains("is no role of account \(Self.account)"))
        try await service.stop()
    }

    @Test func theServiceVerifiesAndSoDoesThisMachine() async throws {
        let aws = try MotoServer()
        let service = try await onboarded(aws)
        let stage = MotoStage(aws.client())
        try await stage.put("trail")
        try await stage.makeTrail("trail", bucket: "trail")
        try await Self.encrypt("trail", with: try await stage.makeKey(), aws.client())
        let delivery = TrailDelivery(stage: stage, bucket: "trail")
        let now = Milliseconds(Date().timeIntervalSince1970 * 1_000)
        try await delivery.put(
            delivery.key(account: Self.account, time: now, suffix: "x"), Array(#"{"Records":[]}"#.utf8))
        let asked = try await service.client("account", "verify", Self.account, "-o", "json")
        let here = try await run(
            Programs.client,
            [
                "account", "verify", Self.account, "--offline", "--bucket", "trail", "-o", "json", "--role-arn",
                "arn:aws:iam::\(Self.account):role/TrailhoundRead", "--external-id", "x", "--respond-role",
                "arn:aws:iam::\(Self.account):role/TrailhoundRemediation",
            ], environment: Self.environment(aws))
        for outcome in [asked, here] {
            #expect(outcome.status == 3, "\(outcome.errors)")
            let checks = try #require(
                try JSONSerialization.jsonObject(with: outcome.output) as? [[String: String]], "\(outcome.errors)")
            let status = Dictionary(uniqueKeysWithValues: checks.map { ($0["name"] ?? "", $0["status"] ?? "") })
            for name in [
                "assume_role", "trail_found", "trail_multi_region", "trail_log_file_validation", "trail_destination",
                "bucket_listed", "newest_object_readable", "kms_key",
            ] { #expect(status[name] == "passed", "\(name)") }
            // The trail was made and not started.
            #expect(status["trail_logging"] == "failed")
            #expect(status["console_role"] == "failed")
            #expect(status["queue_receive"] == "unknown")
            for check in checks where check["status"] != "passed" {
                #expect(check["remedy"]?.isEmpty == false, "\(check)")
            }
        }
        let table = try await service.client("account", "verify", Self.account)
        #expect(table.text.contains("FAILED  trail_logging") && table.text.contains("what to do: aws cloudtrail start"))
        try await service.stop()
    }

    /// Gives a trail a KMS key.
    private static func encrypt(_ trail: String, with key: String, _ client: AWSClient) async throws {
        var call = APICall(.cloudtrail, "UpdateTrail", format: .json)
        call.headers = [
            Header("content-type", "application/x-amz-json-1.1"),
            Header("x-amz-target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.UpdateTrail"),
        ]
        call.body = Array(try JSONSerialization.data(withJSONObject: ["Name": trail, "KmsKeyId": key]))
        _ = try await client.send(call)
    }

    @Test func allAccountsOfAnOrganisationAreOnboardedAtOnce() async throws {
        let aws = try MotoServer()
        let stage = MotoStage(aws.client())
        try await stage.makeOrganization(accounts: 3)
        let service = try await Service(environment: Self.environment(aws))
        let arguments = [
            "account", "onboard-organization", "--role-arn",
            "arn:aws:iam::\(Self.account):role/TrailhoundOrganization", "--external-id", "x", "--organization-id",
            "o-abc1234567", "--bucket", "trail", "-o", "json",
            "--server", service.server, "--pki", service.pki.path,
        ]
        for expected in ["onboarded", "onboarded before"] {
            let outcome = try await run(Programs.client, arguments, environment: Self.environment(aws))
            #expect(outcome.status == 0, "\(outcome.errors)")
            let members = try #require(
                try JSONSerialization.jsonObject(with: outcome.output) as? [[String: Any]])
            #expect(members.count == 4)
            #expect(Set(members.map { $0["outcome"] as? String }) == [expected])
        }
        let outcome = try await service.client("account", "list", "-o", "json")
        let accounts = try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [[String: Any]])
        #expect(accounts.count == 4)
        for account in accounts {
            let connection = try #require(account["connection"] as? [String: Any])
            let id = account["account_id"] as? String ?? ""
            #expect(connection["role_arn"] as? String == "arn:aws:iam::\(id):role/TrailhoundRead")
        }
        #expect(Set(accounts.compactMap { $0["external_id"] as? String }).count == 4)
        try await Self.expectRespondRoleIsUsed(service, accounts, aws)
        // What was offboarded on purpose does not come back.
        let gone = try #require(accounts.first?["account_id"] as? String)
        try await service.client("account", "offboard", gone, "--yes").check()
        let again = try await run(Programs.client, arguments, environment: Self.environment(aws))
        let members = try #require(try JSONSerialization.jsonObject(with: again.output) as? [[String: Any]])
        let leftOut = members.filter { $0["outcome"] as? String == "left out: it was offboarded" }
        #expect(leftOut.map { $0["account_id"] as? String } == [gone])
        try await service.stop()
    }

    /// Each account's role to act with is recorded, and `enable` proves an action with it alone.
    private static func expectRespondRoleIsUsed(
        _ service: Service, _ accounts: [[String: Any]], _ aws: MotoServer
    ) async throws {
        let status = try await service.client("remediation", "status", "-o", "json")
        let listed = try #require(
            (try JSONSerialization.jsonObject(with: status.output) as? [String: Any])?["accounts"] as? [[String: Any]])
        #expect(listed.count == accounts.count)
        for account in listed {
            let id = account["account_id"] as? String ?? ""
            #expect(account["role_arn"] as? String == "arn:aws:iam::\(id):role/TrailhoundRemediation", "\(account)")
        }
        let id = try #require(accounts.first?["account_id"] as? String)
        let enabled = try await service.client(
            "remediation", "enable", id, "deactivate-access-key", "--mode", "dry-run")
        #expect(
            enabled.status == 0 && enabled.errors.contains("arn:aws:sts::\(id):assumed-role/TrailhoundRemediation"),
            "\(enabled.status): \(enabled.errors)")
    }

    @Test func withoutCredentialsNothingIsVerified() async throws {
        let outcome = try await run(
            Programs.client, ["account", "verify", Self.account, "--offline"],
            environment: ["AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"])
        #expect(outcome.status == 3, "\(outcome.errors)")
        #expect(outcome.text.contains("what to do: Give credentials"))
    }

    @Test func anAccountThatFallsSilentWhileItsTrailLogsIsDegradedAndAnAlert() async throws {
        let aws = try MotoServer()
        let stage = MotoStage(aws.client())
        try await stage.put("trail")
        try await stage.makeTrail("trail", bucket: "trail")
        try await stage.change("StartLogging", ["Name": "trail"])
        let service = try await Service(
            options: ["--degraded-after-minutes", "30"], environment: Self.environment(aws))
        try await service.client(
            "account", "onboard", Self.account, "--role-arn", "arn:aws:iam::\(Self.account):role/TrailhoundRead"
        ).check()
        // The last that was heard of it happened an hour ago. A start looks at once, and later every minute.
        let hourAgo = Int64(Date().timeIntervalSince1970) - 3_600
        let trail = SyntheticTrail(account: Self.account, start: hourAgo)
        _ = try await service.submit([.logFile(Bytes(trail.logFile(0..<1)))])
        try await service.restart()
        let heard = try await service.hear { $0.contains { $0.title.hasPrefix("Account degraded") } }
        let alert = try #require(heard.last)
        #expect(alert.severity == .high && alert.accountID == Self.account && alert.status == .open)
        let reason = try #require(alert.evidence.first { $0.name == "reason" }?.value)
        #expect(reason.hasPrefix("no events for 6") && reason.hasSuffix("minutes, though the trail logs"), "\(reason)")
        let shown = try object(try await service.client("account", "show", Self.account, "-o", "json"))
        #expect(shown["state"] as? String == "degraded" && shown["state_reason"] as? String == reason, "\(shown)")
        // It hears of it again, and all is well at the next look.
        _ = try await service.submit([
            .logFile(Bytes(SyntheticTrail(account: Self.account, start: hourAgo + 3_590).logFile(1..<2)))
        ])
        try await service.restart()
        let well = try await eventually { () -> Bool? in
            let shown = try object(try await service.client("account", "show", Self.account, "-o", "json"))
            return shown["state"] as? String == "learning" ? true : nil
        }
        #expect(well == true)
        #expect(try await service.alertLog().count { $0.alert?.title.hasPrefix("Account degraded") == true } == 1)
        try await service.stop()
    }

    @Test func aBucketWithoutDigestsIsAFindingAndAnAlert() async throws {
        let aws = try MotoServer()
        let service = try await onboarded(aws)
        let stage = MotoStage(aws.client())
        try await stage.put("trail")
        let delivery = TrailDelivery(stage: stage, bucket: "trail")
        let now = Milliseconds(Date().timeIntervalSince1970 * 1_000)
        try await delivery.put(
            delivery.key(account: Self.account, time: now, suffix: "x"), Array(#"{"Records":[]}"#.utf8))
        // moto has no ListPublicKeys, so this ends with AWS's own words.
        let outcome = try await run(
            Programs.client,
            [
                "collect", "validate", "--bucket", "trail", "--since", "3h", "--alert", "--server", service.server,
                "--pki", service.pki.path,
            ], environment: TestCaller.collector.environment(aws.url))
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("cloudtrail:ListPublicKeys"), "\(outcome.errors)")
        try await service.stop()
    }
}
