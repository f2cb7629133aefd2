// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Respond
import Serve
import TestKit
import Testing

/// Generated attackers who try to have an innocent's key, password or role switched off by records that name it. Under the
/// most willing policy none succeeds without a person.
@Suite struct InnocentTargetsTests {
    private static let account = "111122223333"
    private static let other = "444455556666"
    private static let now: Milliseconds = 1_800_000_000_000
    private static let policy = RemediationPolicy(mode: .auto, minimumSeverity: .informational, hourlyCap: 1_000)

    /// What an attacker makes of a record that names an innocent.
    enum Trick: CaseIterable {
        case failedSignIn, signInWithoutProof, wrongSignature, refusedWithoutKey, aged, replayedLater, future,
            backfilled
        case crossAccount, sharedAddress, ownersDuet
    }

    /// A record as a detection sees it, and how it reached the service.
    private struct Forgery {
        var actor: Actor
        var account = AccountID(InnocentTargetsTests.account) ?? .zero
        var time = InnocentTargetsTests.now - 60_000
        var receivedAt = InnocentTargetsTests.now
        var source = "iam.amazonaws.com"
        var name = "CreateAccessKey"
        var error = ""
        var isHistorical = false
        var isOfOneActor = true
        var audience = Audience.analyst

        var alert: Alert? {
            let event = MatchedEvent(
                reference: EventReference(time: time, text: "e"), accountID: account, actor: actor, region: "us-east-1",
                eventSource: source, eventName: name, errorCode: error)
            var merger = AlertMerger()
            let detection = Detection(id: "d", title: "t", severity: .critical, audience: audience)
            merger.add(
                Match(
                    detection: detection, event: event,
                    evidence: [Evidence(name: "requestParameters.name", value: "main")]), historical: isHistorical,
                now: receivedAt)
            return merger.takeChanges().first
        }

        mutating func play(_ trick: Trick, _ random: inout some RandomNumberGenerator) {
            let hours = Milliseconds.random(in: 3...50 * 365 * 24, using: &random) * 3_600_000
            switch trick {
            case .failedSignIn: (source, name, error) = ("signin.amazonaws.com", "ConsoleLogin", "unproved")
            case .signInWithoutProof:
                source = "signin.amazonaws.com"
                name =
                    ["CheckMfa", "PasswordRecoveryRequested", "CredentialChallenge"].randomElement(using: &random) ?? ""
            case .wrongSignature:
                error =
                    ["SignatureDoesNotMatch", "InvalidClientTokenId", "AuthFailure", "ExpiredToken"]
                    .randomElement(using: &random) ?? ""
            case .refusedWithoutKey: (error, actor.accessKeyID) = ("AccessDenied", "")
            case .aged: time = now - hours
            case .replayedLater: receivedAt = now - hours
            case .future: time = now + hours
            case .backfilled: isHistorical = true
            case .crossAccount: account = AccountID(other) ?? .zero
            case .sharedAddress: isOfOneActor = false
            case .ownersDuet: audience = .owner
            }
        }
    }

    private static func innocent(_ random: inout some RandomNumberGenerator) -> Actor {
        let name = ["ceo", "alice", "Deploy"].randomElement(using: &random) ?? ""
        let isRole = Bool.random(using: &random)
        return Actor(
            principal: "arn:aws:iam::\(account):\(isRole ? "role" : "user")/\(name)",
            type: isRole ? "AssumedRole" : ["IAMUser", "FederatedUser"].randomElement(using: &random) ?? "",
            arn: isRole ? "arn:aws:sts::\(account):assumed-role/\(name)/s" : "",
            accessKeyID: isRole ? "ASIAIOSFODNN7EXAMPLE" : "AKIAIOSFODNN7EXAMPLE", accountID: account,
            sourceIP: "203.0.113.\(UInt8.random(in: 0...255, using: &random))")
    }

    /// Whether the most willing policy acts by itself on what the alert names.
    private static func acts(_ forgery: Forgery, _ action: RemediationAction) throws -> Bool {
        let alert = try #require(forgery.alert)
        guard let target = TargetFinder.target(action, of: alert) else { return false }
        let trigger = RemediationTrigger(
            alert, for: target, by: action, isOfOneActor: forgery.isOfOneActor, now: now)
        let facts = TargetFacts(
            accessKeyIDs: ["AKIAIOSFODNN7EXAMPLE"], userName: "x", roleName: "x", path: "/", tags: [:])
        return policy.decide(trigger, on: facts, in: RemediationSituation()) == .run(isAutomatic: true)
    }

    @Test(arguments: Trick.allCases)
    func noTrickSwitchesAnInnocentOff(trick: Trick) throws {
        var random = Generator(seed: 20_261_201)
        var wouldHaveActed = 0
        for _ in 0..<200 {
            var forgery = Forgery(actor: Self.innocent(&random))
            for action in RemediationAction.allCases where action != .restoreLogging {
                wouldHaveActed += try Self.acts(forgery, action) ? 1 : 0
            }
            forgery.play(trick, &random)
            // A second trick on top must not undo the first.
            if Bool.random(using: &random) {
                forgery.play(Trick.allCases.randomElement(using: &random) ?? trick, &random)
            }
            forgery.play(trick, &random)
            for action in RemediationAction.allCases where action != .restoreLogging {
                #expect(try !Self.acts(forgery, action), "\(trick) \(action) \(forgery)")
            }
        }
        #expect(wouldHaveActed > 200, "without the trick the policy acts")
    }

    @Test func theTableOfEvidenceIsWhole() {
        for action in RemediationAction.allCases {
            #expect(action.effect(of: .named) == .never)
            #expect(EvidenceKind.allCases.filter { action.effect(of: $0) == .acts }.count == 1)
        }
    }
}

/// Sebastiano Vigna's SplitMix64: the same numbers from the same seed.
private struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
