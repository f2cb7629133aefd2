// SPDX-License-Identifier: Apache-2.0

import Detect
import Foundation
import Testing

@Suite("What makes a rule useless")
struct CatalogLintTests {
    private func remarks(_ detection: String) -> [String] {
        let text = """
            title: T
            id: 53d40d92-f4ac-4b82-bdab-b2b26c8c42fb
            level: low
            logsource: {product: aws, service: cloudtrail}
            detection:
            \(detection.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
            """
        let catalog = catalog(text)
        #expect(catalog.isSound, "\(catalog.problems)")
        return CatalogLint(catalog).remarks(hasTests: nil).map { "\($0.line): \($0.message)" }
    }

    @Test(
        "conditions that no record meets",
        arguments: [
            ("s: {eventName: A}\nt: {eventName: [B, C]}\ncondition: s and t", "no value of 'eventName'"),
            ("s: {eventName: [A, B]}\nt: {eventName|startswith: C}\ncondition: s and t", "no value of 'eventName'"),
            ("s: {eventName: A}\ncondition: s and not s", "it excludes what it asks for (eventName: A)"),
            ("s: {eventName: A}\nf: {eventName: [a*, A]}\ncondition: s and not f", "it excludes what it asks for"),
            ("s: {errorCode: null}\nt: {errorCode: '*'}\ncondition: s and t", "can't be absent and have a value"),
            ("s: {eventName: A}\nt: {eventName: B}\ncondition: (s and t) or (t and s)", "no value of 'eventName'"),
        ])
    func unreachable(detection: String, message: String) {
        let found = remarks(detection)
        #expect(found.contains { $0.contains("the condition can't hold") && $0.contains(message) }, "\(found)")
    }

    @Test(
        "conditions that some record meets",
        arguments: [
            "s: {eventName: A}\nt: {eventName: [a, C]}\ncondition: s and t",
            "s: {eventName: [Delete, Get]}\nt: {eventName|startswith: Get}\ncondition: s and t",
            "s: {eventName: A}\nf: {eventName: A, errorCode: x}\ncondition: s and not f",
            "s: {requestParameters.a: x}\nt: {requestParameters.a: y}\ncondition: s and t",
            "s: {eventName: A}\nt: {eventName: B}\ncondition: s or t",
            "s: {errorCode: null}\nt: {errorCode: '*'}\ncondition: 1 of them",
            "s: {eventName|re: '^Get'}\nt: {eventName: PutX}\ncondition: s and t",
        ])
    func reachable(detection: String) { #expect(remarks(detection) == []) }

    @Test("fields that CloudTrail does not have")
    func fields() {
        #expect(
            remarks(
                "s: {eventname: A, src_ip: 1.2.3.4, userIdentity.sessionContext.sessionIssuer.arn: x}\ncondition: s")
                == [
                    "6: CloudTrail has no field 'eventname'; 'eventName' is one", "6: CloudTrail has no field 'src_ip'",
                ])
        #expect(
            remarks("s: {userName: A}\ncondition: s")
                == [
                    "6: CloudTrail has no field 'userName'; 'userIdentity.sessionContext.sessionIssuer.userName' is one"
                ])
        #expect(remarks("s: {requestParameters.any.thing: A, responseElements|contains: x}\ncondition: s") == [])
        #expect(remarks("s: {user.name: A, aws.cloudtrail.error_code: x}\ncondition: s") == [])
    }

    @Test(
        "events that their source does not have",
        arguments: [
            ("s: {eventSource: iam.amazonaws.com, eventName: CreateUsr}\ncondition: s", ["CreateUsr"]),
            (
                "s: {eventSource: iam.amazonaws.com, eventName: [CreateUser, RunInstances]}\ncondition: s",
                ["RunInstances"]
            ),
            ("s: {eventSource: [iam.amazonaws.com, ec2.amazonaws.com], eventName: RunInstances}\ncondition: s", []),
            ("s: {eventSource: lambda.amazonaws.com, eventName: UpdateFunctionCode20150331v2}\ncondition: s", []),
            ("s: {eventSource: lambda.amazonaws.com, eventName: DeleteFunction20150331}\ncondition: s", []),
            ("s: {eventSource: lambda.amazonaws.com, eventName: DeleteFunctions20150331}\ncondition: s", ["20150331"]),
            ("s: {eventSource: unheard-of.amazonaws.com, eventName: Nonsense}\ncondition: s", []),
            ("s: {eventName: Nonsense}\ncondition: s", []),
            ("s: {eventSource: signin.amazonaws.com, eventName: consolelogin}\ncondition: s", []),
            ("s: {event.provider: sts.amazonaws.com, event.action: AssumeRol}\ncondition: s", ["AssumeRol"]),
            (
                """
                s: {eventSource: iam.amazonaws.com, eventName: CreateUser}
                t: {eventSource: ec2.amazonaws.com, eventName: CreateUser}
                condition: s or t
                """, ["ec2.amazonaws.com has no event 'CreateUser'"]
            ),
        ])
    func eventNames(detection: String, expected: [String]) {
        let found = remarks(detection)
        #expect(found.count == expected.count, "\(found)")
        for (remark, part) in zip(found, expected) { #expect(remark.contains(part)) }
    }

    @Test("test events that are missing")
    func tests() {
        let catalog = catalog(rule(), rule(id: "63d40d92-f4ac-4b82-bdab-b2b26c8c42fb"))
        let found = CatalogLint(catalog).remarks { $0 == "0.yml" }
        #expect(found.map(\.description) == ["1.yml:1: warning: no test events stand beside this file"])
    }

    private static let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Rules").path

    @Test("the catalog itself gives no cause", .enabled(if: FileManager.default.fileExists(atPath: rules)))
    func ownRules() throws {
        let found = CatalogLint(try Catalog.load(folder: Self.rules)).remarks(folder: Self.rules)
        #expect(found == [])
    }

    @Test(
        "the public rules give the causes that are known",
        .enabled(if: Corpora.has("sigma/rules"), "the corpora are not on this machine"))
    func publicRules() throws {
        let found = CatalogLint(try Catalog.load(folder: Corpora.path("sigma/rules"))).remarks(hasTests: nil)
        // It asks one event for two names: a pair of events was meant, which only a correlation can ask for.
        let impossible = found.filter { $0.message.contains("can't hold") }
        #expect(impossible.map(\.file) == ["aws_ses_messaging_enabled.yml"])
        #expect(found.count < 20, "\(found.map(\.description).joined(separator: "\n"))")
    }
}
