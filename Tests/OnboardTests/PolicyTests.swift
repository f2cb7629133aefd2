// SPDX-License-Identifier: Apache-2.0

import Foundation
import Onboard
import Respond
import Testing
import Yams

@Suite struct PolicyTests {
    private static func facts() -> AccountFacts {
        var facts = AccountFacts(
            accountID: "111122223333", externalID: "trailhound-00ff",
            trusted: "arn:aws:iam::444455556666:role/trailhound")
        facts.bucket = "trail-logs"
        facts.keyPrefix = "p"
        facts.queueARN = "arn:aws:sqs:eu-west-1:111122223333:trail"
        facts.keyARN = "arn:aws:kms:eu-west-1:111122223333:key/k"
        return facts
    }

    private static func parse(_ json: String) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary)
    }

    private static func statements(_ document: PolicyDocument) throws -> [[String: Any]] {
        try #require(try parse(document.json)["Statement"] as? [[String: Any]])
    }

    @Test func onlyTheServiceWithTheExternalIDTakesRolesOn() throws {
        let policies = AccountPolicies(Self.facts())
        for role in [policies.read, policies.respond, policies.organization] {
            let statement = try #require(try Self.statements(role.trust).first)
            #expect(statement["Principal"] as? NSDictionary == ["AWS": "arn:aws:iam::444455556666:role/trailhound"])
            #expect(
                statement["Condition"] as? NSDictionary
                    == ["StringEquals": ["sts:ExternalId": "trailhound-00ff"]])
            #expect(statement["Action"] as? String == "sts:AssumeRole")
        }
    }

    @Test func readingIsBoundToBucketPrefixQueueAndKey() throws {
        let read = try #require(AccountPolicies(Self.facts()).read.policies.first?.document)
        let resources = Dictionary(uniqueKeysWithValues: read.statements.map { ($0.sid, $0.resources) })
        #expect(resources["LogFiles"] == ["arn:aws:s3:::trail-logs/p/AWSLogs/*"])
        #expect(resources["List"] == ["arn:aws:s3:::trail-logs"])
        #expect(resources["Queue"] == ["arn:aws:sqs:eu-west-1:111122223333:trail"])
        #expect(resources["Key"] == ["arn:aws:kms:eu-west-1:111122223333:key/k"])
        let list = try #require(try Self.statements(read).first { $0["Sid"] as? String == "List" })
        #expect(list["Condition"] as? NSDictionary == ["StringLike": ["s3:prefix": "p/AWSLogs/*"]])
        // Nothing writes, and nothing is allowed by a pattern.
        for action in read.actions {
            #expect(!action.contains("*"))
            let name = action.split(separator: ":").last ?? ""
            let harmless = ["Get", "List", "Describe", "Receive", "Decrypt", "Simulate"].contains { name.hasPrefix($0) }
            #expect(harmless || action.hasPrefix("sqs:"), "\(action)")
        }
    }

    @Test func whatAnAccountDoesNotHaveIsNotAskedFor() throws {
        var facts = Self.facts()
        (facts.bucket, facts.queueARN, facts.keyARN) = ("", "", "")
        let actions = AccountPolicies(facts).read.policies.flatMap(\.document.actions)
        #expect(!actions.contains { $0.hasPrefix("s3:") || $0.hasPrefix("sqs:") || $0.hasPrefix("kms:") })
    }

    @Test func everyRemediationIsAPolicyOfItsOwn() throws {
        let respond = AccountPolicies(Self.facts()).respond
        #expect(respond.policies.count == RemediationAction.allCases.count + 1)
        for (action, policy) in zip(RemediationAction.allCases, respond.policies) {
            #expect(Set(policy.document.actions) == Set(action.permissions.map(\.action)))
            let denied = policy.document.statements.filter { !$0.isAllowed }
            #expect(denied.isEmpty == (action == .restoreLogging))
            for statement in denied {
                #expect(statement.resources.allSatisfy { $0.contains("break-glass") })
            }
        }
    }

    @Test func templatesHoldTheSamePolicies() throws {
        let policies = AccountPolicies(Self.facts())
        let template = PolicyTemplate.cloudFormation(policies.roles, accountID: "111122223333")
        let parsed = try #require(try Yams.load(yaml: template.replacingOccurrences(of: "!GetAtt ", with: "")))
        let resources = try #require((parsed as? [String: Any])?["Resources"] as? [String: Any])
        #expect(Set(resources.keys) == Set(policies.roles.map(\.name)))
        let terraform = PolicyTemplate.terraform(policies.roles, accountID: "111122223333")
        for role in policies.roles {
            let properties = try #require((resources[role.name] as? [String: Any])?["Properties"] as? [String: Any])
            let trust = try #require(properties["AssumeRolePolicyDocument"] as? [String: Any])
            #expect(trust as NSDictionary == (try Self.parse(role.trust.json)))
            let inline = try #require(properties["Policies"] as? [[String: Any]])
            #expect(inline.map { $0["PolicyName"] as? String } == role.policies.map(\.name))
            for (made, policy) in zip(inline, role.policies) {
                #expect(made["PolicyDocument"] as? NSDictionary == (try Self.parse(policy.document.json)))
            }
            #expect(terraform.contains(#"name               = "\#(role.name)""#))
        }
        let heredocs = Self.heredocs(terraform)
        let documents = policies.roles.flatMap { [$0.trust] + $0.policies.map(\.document) }
        #expect(try heredocs.map(Self.parse) == (try documents.map { try Self.parse($0.json) }))
        #expect(Set(PolicyTemplate.files(policies.roles, accountID: "1").map(\.name)).count == documents.count + 2)
    }

    /// IAM takes signs in a role's name that neither tool takes in the names of its resources.
    @Test func rolesOfAnyNameAreResources() throws {
        let roles = ["Security-Audit@x", "0x10", "a,b=c+d.e"].map { name in
            var facts = Self.facts()
            facts.consoleRole = name
            return AccountPolicies(facts).analyst
        }
        let template = PolicyTemplate.cloudFormation(roles, accountID: "111122223333")
        let parsed = try #require(try Yams.load(yaml: template.replacingOccurrences(of: "!GetAtt ", with: "")))
        let root = try #require(parsed as? [String: Any])
        let resources = try #require(root["Resources"] as? [String: [String: Any]])
        let outputs = try #require(root["Outputs"] as? [String: Any])
        for id in Array(resources.keys) + Array(outputs.keys) {
            #expect(id.allSatisfy { $0.isLetter || $0.isNumber }, "\(id)")
        }
        let names = resources.values.map { ($0["Properties"] as? [String: Any])?["RoleName"] as? String }
        #expect(Set(names) == Set(roles.map(\.name)))
        let terraform = PolicyTemplate.terraform(roles, accountID: "111122223333")
        #expect(terraform.contains(#"resource "aws_iam_role" "security_audit_x" {"#))
        #expect(terraform.contains(#"resource "aws_iam_role" "_0x10" {"#))
        #expect(terraform.contains(#"resource "aws_iam_role" "a_b_c_d_e" {"#))
    }

    /// The texts between `<<-POLICY` and `POLICY`.
    private static func heredocs(_ text: String) -> [String] {
        text.components(separatedBy: "<<-POLICY\n").dropFirst().map {
            $0.components(separatedBy: "\n  POLICY").first ?? ""
        }
    }

    @Test func namesFromOutsideCannotLeaveTheirPlace() throws {
        var facts = Self.facts()
        facts.bucket = "b\",\n\"x\\"
        let read = AccountPolicies(facts).read.policies[0].document
        #expect(try Self.parse(read.json)["Version"] as? String == "2012-10-17")
        #expect(try Self.statements(read).count == read.statements.count)
    }

    @Test func externalIDsAreRandom() {
        let ids = Set((0..<100).map { _ in ExternalID.make() })
        #expect(ids.count == 100)
        #expect(ids.allSatisfy { $0.hasPrefix("trailhound-") && $0.utf8.count == 43 })
    }

    @Test(arguments: [
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/trail", "arn:aws:sqs:eu-west-1:111122223333:trail"),
        ("http://127.0.0.1:5000/111122223333/trail", nil), ("trail", nil),
    ])
    func queues(url: String, arn: String?) {
        #expect(AccountFacts.queueARN(url: url) == arn)
    }
}

@Suite struct ConsoleLinkTests {
    private func links(
        _ region: String, arn: String = "", role: String = "", key: String = ""
    ) -> [String: String] {
        let links = ConsoleLinks(accountID: "111122223333", region: region, role: role)
            .links(eventID: "a1b2 c3", accessKeyID: key, arn: arn)
        #expect(links.first?.label == "switch_role")
        return Dictionary(uniqueKeysWithValues: links.map { ($0.label, $0.url) })
    }

    @Test func accountRegionAndEvent() {
        let found = links("eu-west-1", key: "AKIAEXAMPLE")
        #expect(
            found["switch_role"]
                == "https://signin.aws.amazon.com/switchrole?account=111122223333&roleName=TrailhoundAnalyst"
                + "&displayName=TrailhoundAnalyst%40111122223333")
        #expect(
            found["event"]
                == "https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/a1b2%20c3")
        #expect(found["access_key"]?.hasSuffix("region=eu-west-1#/events?AccessKeyId=AKIAEXAMPLE") == true)
        #expect(links("eu-west-1", role: "watch & see")["switch_role"]?.contains("roleName=watch%20%26%20see") == true)
    }

    @Test func partitions() {
        #expect(links("cn-north-1")["switch_role"]?.hasPrefix("https://signin.amazonaws.cn/") == true)
        #expect(links("cn-north-1")["event"]?.hasPrefix("https://cn-north-1.console.amazonaws.cn/") == true)
        #expect(
            links("us-gov-west-1")["event"]?.hasPrefix("https://us-gov-west-1.console.amazonaws-us-gov.com/") == true)
    }

    @Test func identities() {
        let iam = "https://us-east-1.console.aws.amazon.com/iam/home#"
        let account = "111122223333"
        #expect(links("eu-west-1", arn: "arn:aws:iam::\(account):user/p/ann")["user"] == iam + "/users/details/ann")
        #expect(
            links("eu-west-1", arn: "arn:aws:sts::\(account):assumed-role/ops/me")["role"] == iam + "/roles/details/ops"
        )
        #expect(links("eu-west-1", arn: "arn:aws:iam::999988887777:user/x")["user"] == nil)
        #expect(links("eu-west-1", arn: "arn:aws:iam::\(account):root").count == 2)
    }

    @Test(arguments: ["", "evil.example/", "eu-west-1.evil.example", "EU", String(repeating: "a", count: 64), "é"])
    func aRegionOfTheEventsMakingIsNoHost(region: String) {
        #expect(
            links(region)["event"]?.hasPrefix("https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?") == true)
    }
}
