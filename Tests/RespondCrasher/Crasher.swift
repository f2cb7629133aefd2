// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Foundation
import Respond
import Synchronization

/// Carries one remediation out and kills itself at the instant it is told to, by SIGKILL: no `defer`, no `deinit`, no
/// exit handler runs. Started again without an instant it goes on with what is in its file.
///
///     respond-crasher ENDPOINT FILE JOB INSTANT
///
/// An instant is a count of the moments before and after each save; 0 and below is none. Time jumps where it would wait.
@main struct Crasher {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let instant = Int(arguments[4]) else {
            throw CallFailure(.permanent, "respond-crasher ENDPOINT FILE JOB INSTANT")
        }
        let job = try JSONDecoder().decode(Job.self, from: Data(arguments[3].utf8))
        let client = AWSClient(
            credentials: StaticCredentials(Credentials(accessKeyID: "AKIDSERVICE", secretAccessKey: "test-secret")),
            region: "us-east-1", endpoints: EndpointResolver(override: arguments[1])
        ).assuming(
            STS.RoleRequest(
                roleARN: "arn:aws:iam::123456789012:role/TrailhoundRemediation", sessionName: "trailhound",
                externalID: "ext"))
        let jumped = Mutex<Milliseconds>(0)
        let remediator = Remediator(
            store: FileStore(path: arguments[2], instant: instant), rules: AlwaysOn(),
            services: { _ in AWSActionService(client) }, progress: { _, _ in },
            now: { Milliseconds(Date().timeIntervalSince1970 * 1_000) + jumped.withLock { $0 } },
            sleep: { length in
                try Task.checkCancellation()
                // The first pause of the watch takes its whole time: what happens in it is tested elsewhere.
                let isWatch = length > RespondLimits.iamLag
                jumped.withLock { $0 += isWatch ? RespondLimits.watch : length }
            })
        if job.isRollback {
            try await remediator.resumeAll()
            try await remediator.rollback("r1", by: "eve")
        } else {
            try await remediator.start(
                job.action, job.target, trigger: .person(name: "eve", isDryRun: false), id: "r1")
        }
    }
}

/// What to do, as the test gives it in JSON.
struct Job: Codable {
    let action: RemediationAction
    let target: RemediationTarget
    let isRollback: Bool
}

struct AlwaysOn: RemediationRules {
    func rules(
        accountID: String, action: RemediationAction
    ) async throws -> (policy: RemediationPolicy, situation: RemediationSituation) {
        (RemediationPolicy(mode: .auto), RemediationSituation())
    }
}

/// One remediation in one file, which is replaced whole.
final class FileStore: RemediationStore {
    private let path: String
    private let left: Mutex<Int>

    init(path: String, instant: Int) {
        self.path = path
        left = Mutex(instant)
    }

    private func passInstant() {
        let isOver = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isOver { kill(getpid(), SIGKILL) }
    }

    func save(_ remediation: Remediation) async throws {
        passInstant()
        try JSONEncoder().encode(remediation).write(to: URL(filePath: path), options: .atomic)
        passInstant()
    }

    func load(_ id: String) async throws -> Remediation? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return try JSONDecoder().decode(Remediation.self, from: data)
    }

    func unfinished() async throws -> [Remediation] {
        try await [load("r1")].compactMap { $0 }.filter { !$0.isSettled }
    }

    func automaticRuns(
        accountID: String, action: RemediationAction, since time: Milliseconds
    ) async throws -> [Milliseconds] { [] }
}
