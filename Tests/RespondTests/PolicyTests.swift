// SPDX-License-Identifier: Apache-2.0

import Detect
import Foundation
import Respond
import Testing

@Suite struct TargetPatternTests {
    static let facts = TargetFacts(
        accessKeyIDs: ["AKIA1"], userName: "Alice", path: "/team/break-glass/", tags: ["owner": "sec", "tier": ""])

    @Test(arguments: [
        ("key/AKIA1", true), ("key/akia1", false), ("key/AKIA*", true), ("key/AKIA?", true), ("key/AKIA", false),
        ("user/alice", true), ("user/ALICE", true), ("user/al*e", true), ("user/bob", false),
        ("user/team/break-glass/alice", true), ("user/team/break-glass/*", true), ("user/team/*", true),
        ("user/break-glass/*", false), ("user/*/alice", true), ("role/alice", false), ("role/*", false),
        ("path/team/", true), ("path//team/break-glass/", true), ("path/team/break-glass", true), ("path/tea", false),
        ("path/other/", false), ("path/*break-glass/", true), ("tag/owner=sec", true), ("tag/owner", true),
        ("tag/owner=Sec", false), ("tag/own*=s?c", true), ("tag/tier=", true), ("tag/tier", true), ("tag/none", false),
    ])
    func matches(text: String, expected: Bool) throws {
        let pattern = try #require(TargetPattern(text))
        #expect(pattern.match(Self.facts) == (expected ? .yes : .no))
        #expect(pattern.text == text)
    }

    @Test(arguments: ["", "alice", "user", "user/", "group/x", "USER/x", "/x", "user/a\nb"])
    func refuses(text: String) { #expect(TargetPattern(text) == nil) }

    @Test func tooLong() {
        let fitting = "user/" + String(repeating: "a", count: RespondLimits.patternBytes - 5)
        #expect(TargetPattern(fitting) != nil && TargetPattern(fitting + "a") == nil)
    }

    @Test func whatIsNotKnownIsSaid() throws {
        let facts = TargetFacts(accessKeyIDs: ["AKIA1"], userName: "alice")
        let match = { (text: String, facts: TargetFacts) in try #require(TargetPattern(text)).match(facts) }
        #expect(try match("user/team/*", facts) == .unknown(.path))
        #expect(try match("path/team/", facts) == .unknown(.path))
        #expect(try match("tag/x", facts) == .unknown(.tags))
        #expect(try match("user/alice", TargetFacts(accessKeyIDs: ["AKIA1"])) == .unknown(.owner))
        #expect(try match("user/alice", TargetFacts(roleName: "r")) == .no)
        #expect(try match("role/R*", TargetFacts(roleName: "role-x")) == .yes)
    }

    @Test func manyStarsEnd() {
        let pattern = TargetPattern("user/" + String(repeating: "a*", count: 200) + "b")
        #expect(pattern?.match(TargetFacts(userName: String(repeating: "a", count: 64))) == .no)
    }
}

@Suite struct RemediationPolicyTests {
    static let facts = TargetFacts(accessKeyIDs: ["AKIA1"], userName: "alice", path: "/", tags: [:])
    static let listed = [TargetPattern("user/alice")].compactMap { $0 }

    static func alert(_ severity: Severity = .high, historical: Bool = false) -> RemediationTrigger {
        .alert(alertID: "a", detectionID: "d", severity: severity, isHistorical: historical)
    }

    /// Never beats always beats policy: every combination of both lists with every mode.
    @Test(arguments: RemediationMode.allCases)
    func precedence(mode: RemediationMode) {
        let plain: RemediationDecision =
            switch mode {
            case .off: .refuse(.off, pattern: nil)
            case .dryRun: .rehearse
            case .approve: .askPerson(because: .mode)
            case .auto: .run(isAutomatic: true)
            }
        let never = RemediationDecision.refuse(.neverListed, pattern: "user/alice")
        let always = RemediationDecision.run(isAutomatic: true)
        let table: [(onNever: Bool, onAlways: Bool, expected: RemediationDecision)] = [
            (false, false, plain), (false, true, always), (true, false, never), (true, true, never),
        ]
        for row in table {
            let policy = RemediationPolicy(
                mode: mode, never: row.onNever ? Self.listed : [], always: row.onAlways ? Self.listed : [])
            #expect(policy.decide(Self.alert(), on: Self.facts, in: RemediationSituation()) == row.expected)
            // What stops everything stops it whatever the lists say.
            let stops: [(RemediationSituation, RemediationRefusal)] = [
                (RemediationSituation(isFrozen: true), .frozen),
                (RemediationSituation(isOnboarded: false), .accountNotOnboarded),
            ]
            for (situation, refusal) in stops {
                #expect(
                    policy.decide(Self.alert(), on: Self.facts, in: situation) == .refuse(refusal, pattern: nil))
            }
            #expect(
                policy.decide(Self.alert(historical: true), on: Self.facts, in: RemediationSituation())
                    == .refuse(.historical, pattern: nil))
            let own = RemediationSituation(ownIdentities: Self.listed)
            #expect(
                policy.decide(Self.alert(), on: Self.facts, in: own) == .refuse(.ownIdentity, pattern: "user/alice"))
        }
    }

    @Test func theDefaultIsOff() {
        #expect(
            RemediationPolicy().decide(Self.alert(.critical), on: Self.facts, in: RemediationSituation())
                == .refuse(.off, pattern: nil))
    }

    @Test func severityAndDetections() {
        var policy = RemediationPolicy(mode: .auto, minimumSeverity: .high)
        let decide = { (policy: RemediationPolicy, severity: Severity) in
            policy.decide(Self.alert(severity), on: Self.facts, in: RemediationSituation())
        }
        #expect(decide(policy, .medium) == .refuse(.belowSeverity, pattern: nil))
        #expect(decide(policy, .critical) == .run(isAutomatic: true))
        policy.detections = ["other"]
        #expect(decide(policy, .critical) == .refuse(.detectionNotListed, pattern: nil))
        policy.detections = ["other", "d"]
        #expect(decide(policy, .high) == .run(isAutomatic: true))
        policy.always = Self.listed
        policy.detections = ["other"]
        #expect(decide(policy, .low) == .run(isAutomatic: true))
    }

    @Test func theCapAsksAPerson() {
        let policy = RemediationPolicy(mode: .auto, always: Self.listed, hourlyCap: 2)
        let decide = { (runs: Int, approved: Bool) in
            policy.decide(
                Self.alert(), on: Self.facts, in: RemediationSituation(automaticRuns: runs), isApproved: approved)
        }
        #expect(decide(1, false) == .run(isAutomatic: true))
        #expect(decide(2, false) == .askPerson(because: .cap))
        #expect(decide(2, true) == .run(isAutomatic: false))
    }

    /// A record of one account may name any key of another one: such an alert never acts by itself.
    @Test func anotherAccountsAlertAsksAPerson() {
        let trigger = RemediationTrigger.alert(
            alertID: "a", detectionID: "d", severity: .critical, isHistorical: false, otherAccount: "444455556666")
        for policy in [RemediationPolicy(mode: .auto), RemediationPolicy(mode: .approve, always: Self.listed)] {
            let decide = { policy.decide(trigger, on: Self.facts, in: RemediationSituation(), isApproved: $0) }
            #expect(decide(false) == .askPerson(because: .otherAccount("444455556666")))
            #expect(decide(true) == .run(isAutomatic: false))
        }
        #expect(
            RemediationPolicy(mode: .dryRun).decide(trigger, on: Self.facts, in: RemediationSituation()) == .rehearse)
    }

    /// What an older version kept has no such account.
    @Test func triggersOfOlderVersionsAreRead() throws {
        let kept = #"{"alert":{"alertID":"a","detectionID":"d","severity":"high","isHistorical":false}}"#
        let severity = String(decoding: try JSONEncoder().encode(Severity.high), as: UTF8.self)
        let text = kept.replacingOccurrences(of: #""high""#, with: severity)
        #expect(try JSONDecoder().decode(RemediationTrigger.self, from: Data(text.utf8)) == Self.alert())
    }

    @Test func approvalDoesNotOverrideExclusions() {
        let policy = RemediationPolicy(mode: .approve, never: Self.listed)
        let decide = { (policy: RemediationPolicy, situation: RemediationSituation) in
            policy.decide(Self.alert(), on: Self.facts, in: situation, isApproved: true)
        }
        #expect(decide(policy, RemediationSituation()) == .refuse(.neverListed, pattern: "user/alice"))
        let open = RemediationPolicy(mode: .approve)
        #expect(decide(open, RemediationSituation(isFrozen: true)) == .refuse(.frozen, pattern: nil))
        #expect(decide(open, RemediationSituation()) == .run(isAutomatic: false))
    }

    @Test func peoplesCommands() {
        let decide = { (policy: RemediationPolicy, dry: Bool) in
            policy.decide(
                .person(name: "eve", isDryRun: dry), on: Self.facts, in: RemediationSituation(automaticRuns: 99))
        }
        #expect(decide(RemediationPolicy(), false) == .refuse(.off, pattern: nil))
        #expect(decide(RemediationPolicy(mode: .dryRun), false) == .rehearse)
        #expect(
            decide(RemediationPolicy(mode: .approve, minimumSeverity: .critical), false) == .run(isAutomatic: false))
        #expect(decide(RemediationPolicy(mode: .auto), true) == .rehearse)
        #expect(
            decide(RemediationPolicy(mode: .auto, never: Self.listed), false)
                == .refuse(.neverListed, pattern: "user/alice"))
    }

    @Test func whatListsNeedIsFoundOutBeforeAnythingRuns() {
        let path = [TargetPattern("path/break-glass/")].compactMap { $0 }
        let tag = [TargetPattern("tag/never")].compactMap { $0 }
        let facts = TargetFacts(accessKeyIDs: ["AKIA1"], userName: "alice")
        let decide = { (policy: RemediationPolicy) in
            policy.decide(Self.alert(), on: facts, in: RemediationSituation())
        }
        #expect(decide(RemediationPolicy(mode: .auto, never: path + tag)) == .findOut([.path, .tags]))
        #expect(decide(RemediationPolicy(mode: .auto, always: path)) == .findOut(.path))
        // A refusal that nothing could change needs no look at IAM; nor does an entry that is known to match.
        #expect(decide(RemediationPolicy(mode: .off, never: path)) == .refuse(.off, pattern: nil))
        #expect(
            decide(RemediationPolicy(mode: .auto, never: path + Self.listed))
                == .refuse(.neverListed, pattern: "user/alice"))
    }
}
