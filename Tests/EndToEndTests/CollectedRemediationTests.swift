// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Messages
import Onboard
import TestKit
import Testing

/// The whole way, with the built programs and with nothing but the printed roles and policies, which hold in this moto:
/// onboarding, verification, log files in S3, messages in SQS, collector, service, alert, IAM, and back.
@Suite(
    .serialized,
    .enabled(if: MotoServer.isInstalled && DigestForge.isAvailable, "needs moto[server] in .venv, and openssl"))
struct CollectedRemediationTests {
    private static let files = 200
    private static let recordsPerFile = 10
    /// The file that shows the stolen key at work.
    private static let theft = 137
    /// Files that come after the first collection.
    private static let late = 20

    @Test(.timeLimit(.minutes(4)))
    func fromOnboardingToTheDeactivatedKeyAndBack() async throws {
        let account = try await GuardedAccount()
        let service = try await Service(
            options: ["--workers", "1"], environment: account.environment(account.proxy.url))
        let roles = try TemporaryFolder()
        try await account.onboard(service, to: roles.url)
        let early = try await account.verify(service)
        #expect(early.status == 3 && early.checks["assume_role"]?.status == "failed", "\(early.checks)")
        try await account.makeRoles(service, from: roles.url)
        try await Self.everyCheckPasses(account, service)

        let stage = try await RemediationStage(
            account: GuardedAccount.id, service: service, proxy: account.proxy, owner: account.moto.client())
        try await stage.enable("auto", "--never", "user/break-glass")
        try await Self.everyCheckPasses(account, service)

        let done = try await Self.deliverAndCollect(account, stage)
        #expect(try await service.status().storedRecords == UInt64(Self.files * Self.recordsPerFile + 1))
        #expect(try await SQS(account.moto.client(), queueURL: GuardedAccount.queue).isEmpty())
        #expect(try await stage.statuses() == [.inactive, .active])
        #expect(try await stage.remediations().count == 1)
        #expect(try await stage.passed("UpdateAccessKey") == 1)
        try await Self.historyIsWhole(done, stage)
        try await stage.succeed("remediation", "rollback", done.remediationID, "--yes")
        #expect(try await stage.statuses() == [.active, .active])
        try await service.stop()
    }

    /// The README's chain as it stands there, over the sample data: nothing is said of the roles but what onboarding prints.
    @Test(.timeLimit(.minutes(4)))
    func theReadmesChainOverTheSampleData() async throws {
        let account = try await GuardedAccount()
        let service = try await Service(
            options: ["--workers", "1"], environment: account.environment(account.proxy.url))
        let roles = try TemporaryFolder()
        try await account.onboard(service, to: roles.url)
        func enable() async throws -> Outcome {
            try await service.client(
                "remediation", "enable", GuardedAccount.id, "deactivate-access-key", "--mode", "auto", "--yes")
        }
        // Before the roles are made nothing could act, and it is said with the remedy.
        let early = try await enable()
        #expect(early.status == 1 && early.errors.contains("account policy \(GuardedAccount.id)"), "\(early.errors)")
        try await account.makeRoles(service, from: roles.url)
        try await Self.everyCheckPasses(account, service)
        let enabled = try await enable()
        #expect(enabled.status == 0 && enabled.errors.contains("the simulation allows every call"), "\(enabled.errors)")

        let stolen = try await account.stage.makeUser("ci-publisher", keys: 1)[0].accessKeyID
        let sample = try TemporaryFolder()
        try await Self.writeSample(to: sample.url, account: GuardedAccount.id, stolenKey: stolen)
        try await service.client("submit", sample.url.path).check()
        let iam = IAM(account.moto.client())
        func status() async throws -> IAM.KeyStatus? {
            try await iam.listAccessKeys(userName: "ci-publisher").first { $0.accessKeyID == stolen }?.status
        }
        let isSwitchedOff = try await eventually { try await status() == .inactive ? true : nil }
        #expect(isSwitchedOff == true)
        let listed = try await service.client("remediation", "history", "-o", "jsonl")
        let lines = listed.text.split(separator: "\n").filter { $0.contains(stolen) }
        let line = try #require(lines.last, "\(listed.text)")
        let remediation = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let id = try #require(remediation["remediation_id"] as? String)
        let back = try await eventually { () -> Bool? in
            try await service.client("remediation", "rollback", id, "--yes").status == 0 ? true : nil
        }
        #expect(back == true)
        #expect(try await status() == .active)
        // A typo is no success.
        for target in ["AKIAIOSFODNN7NOBODYS", "ci-publisher"] {
            let typo = try await service.client(
                "remediation", "run", GuardedAccount.id, "deactivate-access-key", target, "--yes")
            #expect(typo.status == 1 && !typo.errors.isEmpty, "\(target): \(typo)")
        }
        try await service.stop()
    }

    /// Writes the sample's morning so that its attack is minutes old, for an account and a key of this test.
    private static func writeSample(to folder: URL, account: String, stolenKey: String) async throws {
        let start = SyntheticTrail.timestamp(Int64(Date().timeIntervalSince1970) - 160 * 60)
        let raw = try TemporaryFolder()
        let python = try #require(Programs.python)
        let generator = Programs.root.appendingPathComponent("Samples/generate.py").path
        try await run(python, [generator, "--output", raw.url.path, "--start", start]).check()
        let script = """
            import gzip, pathlib, sys
            for index, path in enumerate(sorted(pathlib.Path(sys.argv[1]).rglob("*.json.gz"), key=lambda p: p.name.split("_")[3])):
                text = gzip.decompress(path.read_bytes()).decode()
                text = text.replace("111122223333", sys.argv[3]).replace("AKIAIOSFODNN7EXAMPLE", sys.argv[4])
                name = path.name.replace("111122223333", sys.argv[3])
                (pathlib.Path(sys.argv[2]) / name).write_text(text)
            """
        try await run(python, ["-c", script, raw.url.path, folder.path, account, stolenKey]).check()
    }

    private static func everyCheckPasses(_ account: GuardedAccount, _ service: Service) async throws {
        let (status, checks) = try await account.verify(service)
        #expect(status == 0)
        #expect(Set(checks.keys) == Set(AccountCheck.Name.allCases.map(\.rawValue)))
        for (name, check) in checks { #expect(check.status == "passed", "\(name): \(check.detail)") }
        // The newest log file was decrypted, and a digest was found true.
        #expect(checks["newest_object_readable"]?.detail.contains(account.keyARN) == true)
        #expect(checks["digests"]?.detail.hasPrefix("4 ") == true, "\(String(describing: checks["digests"]))")
    }

    /// Who, why, snapshot and verification.
    private static func historyIsWhole(_ done: Remediation, _ stage: RemediationStage) async throws {
        let (stolen, other) = (stage.keys[0], stage.keys[1])
        #expect(done.target?.accessKeyID == stolen && done.target?.userName == stage.user)
        #expect(!done.alertID.isEmpty && !done.detectionID.isEmpty && done.requestedBy.isEmpty)
        #expect(done.before.contains(Evidence(name: "key/\(stolen)", value: "Active")))
        #expect(done.before.contains(Evidence(name: "key/\(other)", value: "Active")))
        #expect(done.after.contains(Evidence(name: "key/\(stolen)", value: "Inactive")))
        let shown = try await stage.succeed("remediation", "show", done.remediationID)
        for word in [stage.user, done.alertID, done.detectionID, "key/\(stolen): Active", "key/\(stolen): Inactive"] {
            #expect(shown.contains(word), "\(word)")
        }
        for kind in ["started", "snapshot_taken", "other_keys", "executing", "in_effect"] {
            #expect(done.history.contains { $0.kind == kind } && shown.contains(kind), "\(kind)")
        }
    }

    // MARK: The trail's deliveries

    /// Delivers the files but the late ones and collects them until the key is inactive, then the rest; returns the
    /// remediation.
    private static func deliverAndCollect(
        _ account: GuardedAccount, _ stage: RemediationStage
    ) async throws -> Remediation {
        let trail = SyntheticTrail(account: stage.account)
        let delivery = account.delivery
        let now = Int64(Date().timeIntervalSince1970) * 1_000
        let keys = (0..<files).map { delivery.key(account: stage.account, time: now, suffix: "\($0)") }
        let order = (0..<files - late).shuffled()
        for index in order { try await delivery.put(keys[index], file(index, trail, stage)) }
        try await tell(order, keys, account)
        let state = try TemporaryFolder()
        try await collect(account, stage, state)
        let done = try await stage.remediation("in effect") { $0.outcome == "succeeded" }
        let rest = (files - late)..<files
        for index in rest { try await delivery.put(keys[index], file(index, trail, stage)) }
        // The late ones, and once more what was told before.
        try await tell(Array(rest) + order.prefix(30), keys, account)
        try await collect(account, stage, state)
        return done
    }

    private static func collect(
        _ account: GuardedAccount, _ stage: RemediationStage, _ state: TemporaryFolder
    ) async throws {
        let shown = try await stage.succeed("account", "show", stage.account, "-o", "json")
        let fields = try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any]
        let externalID = try #require(fields?["external_id"] as? String)
        let outcome = try await run(
            Programs.client,
            [
                "collect", "--queue", GuardedAccount.queue, "--bucket", GuardedAccount.bucket, "--once",
                "--no-validation", "--role-arn", RoleNames.arn(RoleNames.read, account: stage.account),
                "--external-id", externalID, "--state", state.url.path, "--server", stage.service.server, "--pki",
                stage.service.pki.path,
            ], environment: account.environment(account.moto.url))
        // The trail has records without an eventID in it, which are refused and told.
        #expect([0, 3].contains(outcome.status), "\(outcome.errors)")
    }

    private static func file(_ index: Int, _ trail: SyntheticTrail, _ stage: RemediationStage) -> [UInt8] {
        let records = index * recordsPerFile..<(index + 1) * recordsPerFile
        guard index == theft else { return trail.logFile(records) }
        var file = Array(trail.logFile(records).dropLast(2))
        file.append(UInt8(ascii: ","))
        file += stage.record()
        return file + Array("]}".utf8)
    }

    /// Sends a message for each file in an order of its own, some twice.
    private static func tell(_ indices: [Int], _ keys: [String], _ account: GuardedAccount) async throws {
        let forms = TrailDelivery.Envelope.allCases
        for index in indices.shuffled() {
            let message = try account.delivery.message([keys[index]], forms[index % forms.count])
            for _ in 0..<(index % 10 == 0 ? 2 : 1) {
                try await account.stage.sendMessage(GuardedAccount.queue, message)
            }
        }
    }
}

extension SQS {
    /// Whether no message is there, hidden or not.
    fileprivate func isEmpty() async throws -> Bool {
        let attributes = try await attributes()
        return ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"].allSatisfy {
            attributes[$0] == "0"
        }
    }
}
