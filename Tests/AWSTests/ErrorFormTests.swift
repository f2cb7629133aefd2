// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Testing

/// S3's errors, buckets of other regions, operations that moto does not have, and pages.
@Suite struct ErrorFormTests {
    private func client(_ transport: ScriptedTransport) -> AWSClient {
        AWSClient(
            credentials: StaticCredentials(Credentials(accessKeyID: "AKIA", secretAccessKey: "s")),
            region: "us-east-1", transport: transport, clock: ManualClock().clock())
    }

    @Test func storageErrors() async throws {
        let transport = ScriptedTransport([
            .xml("<Error><Code>NoSuchKey</Code><Message>no</Message><RequestId>R</RequestId></Error>", status: 404)
        ])
        let error = try await #require(throws: AWSError.self) {
            try await S3(client(transport)).getObject(bucket: "b-1", key: "k", limit: 1)
        }
        #expect(error.description == "s3:GetObject: NoSuchKey: no (HTTP 404, request id R)")
        #expect(transport.requests[0].url == "https://b-1.s3.us-east-1.amazonaws.com/k")
        _ = try? await S3(client(transport)).getObject(bucket: "b.1", key: "k", limit: 1)
        #expect(transport.requests[1].url == "https://s3.us-east-1.amazonaws.com/b.1/k")
    }

    @Test func bucketsAreFollowedToTheirRegionOnce() async throws {
        let moved = HTTPResponse(status: 301, headers: [Header("x-amz-bucket-region", "eu-north-1")])
        let transport = ScriptedTransport { _, index in index == 0 ? moved : HTTPResponse(status: 200, body: [7]) }
        let s3 = S3(client(transport))
        for _ in 0..<2 { #expect(try await s3.getObject(bucket: "bkt", key: "k", limit: 1).body == [7]) }
        let hosts = transport.requests.map { $0.url.split(separator: "/")[1] }
        #expect(
            hosts == [
                "bkt.s3.us-east-1.amazonaws.com", "bkt.s3.eu-north-1.amazonaws.com", "bkt.s3.eu-north-1.amazonaws.com",
            ])
        let authorization = transport.requests[1].headers.first { $0.name == "authorization" }
        #expect(authorization?.value.contains("/eu-north-1/s3/aws4_request") == true)
        let evil = ScriptedTransport([
            HTTPResponse(status: 301, headers: [Header("x-amz-bucket-region", "evil.example/")])
        ])
        await #expect(throws: AWSError.self) { try await S3(client(evil)).headObject(bucket: "bkt", key: "k") }
        #expect(evil.requests.count == 1)
    }

    @Test func publicKeysOfAllPages() async throws {
        let transport = ScriptedTransport([
            .xml(
                #"{"PublicKeyList":[{"Fingerprint":"f1","Value":"AQID","ValidityStartTime":1.0,"ValidityEndTime":2E9}],"NextToken":"n"}"#
            ),
            .xml(#"{"PublicKeyList":[{"Fingerprint":"f2","Value":"BA=="}]}"#),
        ])
        let now = ManualClock().now
        let keys = try await Trails(client(transport)).publicKeys(from: now, until: now, region: "eu-west-3")
        #expect(keys.map(\.fingerprint) == ["f1", "f2"] && keys.map(\.der) == [[1, 2, 3], [4]])
        #expect(keys[0].validUntil == 2e9)
        #expect(
            transport.requests.map(\.url) == Array(repeating: "https://cloudtrail.eu-west-3.amazonaws.com/", count: 2))
        #expect(String(decoding: transport.requests[1].body, as: UTF8.self).contains(#""NextToken":"n""#))
        let broken = ScriptedTransport([.xml(#"{"PublicKeyList":[{"Fingerprint":"f","Value":"%%%"}]}"#)])
        await #expect(throws: AWSError.self) {
            try await Trails(client(broken)).publicKeys(from: now, until: now, region: "eu-west-3")
        }
    }

    @Test func lookUps() async throws {
        let transport = ScriptedTransport([
            .xml(#"{"Events":[{"EventId":"e","CloudTrailEvent":"{\"a\":1}","EventTime":1.5}],"NextToken":"n"}"#)
        ])
        let now = ManualClock().now
        let page = try await Trails(client(transport)).lookupEvents(from: now, until: now, token: "t")
        #expect(page.events.map(\.record) == [#"{"a":1}"#] && page.next == "n")
        #expect(transport.requests[0].headers.contains(Header("content-type", "application/x-amz-json-1.1")))
    }

    @Test func selectorsOfBothForms() async throws {
        let transport = ScriptedTransport([
            .xml(
                """
                {"AdvancedEventSelectors":[{"Name":"n","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},\
                {"Field":"resources.ARN","NotStartsWith":["arn:"]}]}]}
                """),
            .xml(
                """
                {"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":\
                [{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}],"ExcludeManagementEventSources":["kms.amazonaws.com"]}]}
                """),
        ])
        let trails = Trails(client(transport))
        let advanced = try #require(try await trails.eventSelectors(of: "t").advanced?.first)
        #expect(advanced.fields.map(\.field) == ["eventCategory", "resources.ARN"])
        #expect(advanced.fields[1].notStartsWith == ["arn:"])
        let basic = try #require(try await trails.eventSelectors(of: "t").basic?.first)
        #expect(basic.readWriteType == "All" && basic.excludedManagementEventSources == ["kms.amazonaws.com"])
        #expect(basic.dataResources?.first?.type == "AWS::S3::Object")
    }

    @Test func simulatedDecisions() async throws {
        let item = { (action: String, decision: String) in
            "<member><EvalActionName>\(action)</EvalActionName><EvalDecision>\(decision)</EvalDecision></member>"
        }
        let page = { (items: String, rest: String) in
            HTTPResponse.xml(
                """
                <S><SimulatePrincipalPolicyResult><EvaluationResults>\(items)</EvaluationResults>\(rest)\
                </SimulatePrincipalPolicyResult></S>
                """)
        }
        let transport = ScriptedTransport([
            page(
                item("iam:A", "allowed") + item("iam:B", "allowed"), "<IsTruncated>true</IsTruncated><Marker>m</Marker>"
            ),
            page(item("iam:B", "explicitDeny") + item("iam:C", "implicitDeny") + item("iam:C", "allowed"), ""),
        ])
        let decisions = try await IAM(client(transport)).simulatePrincipalPolicy(
            principalARN: "arn:aws:iam::1:role/r", actions: ["iam:A", "iam:B", "iam:C"], resources: ["*"])
        #expect(decisions == ["iam:A": .allowed, "iam:B": .explicitDeny, "iam:C": .implicitDeny])
        let bodies = transport.requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies[0].contains("ActionNames.member.3=iam%3AC") && bodies[1].contains("Marker=m"))
    }

    @Test func pagesThatRepeatEnd() async throws {
        let page = HTTPResponse.xml(
            """
            <ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>\
            <Contents><Key>a+b%2Bc</Key></Contents><EncodingType>url</EncodingType></ListBucketResult>
            """)
        let transport = ScriptedTransport([page])
        var keys: [String] = []
        try await S3(client(transport)).forEachPage(bucket: "bkt", prefix: "") { keys += $0.map(\.key) }
        #expect(keys == ["a b+c", "a b+c"])
    }

    @Test func queuesNameTheirRegion() async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 200)])
        let queue = SQS(client(transport), queueURL: "https://sqs.eu-south-2.amazonaws.com/1/q")
        #expect(try await queue.receiveMessages(wait: .seconds(20)).isEmpty)
        #expect(transport.requests[0].url == "https://sqs.eu-south-2.amazonaws.com/")
        #expect(transport.requests[0].timeout == AWSLimits.attemptTimeout + .seconds(20))
        #expect(transport.requests[0].operation == "ReceiveMessage")
    }
}
