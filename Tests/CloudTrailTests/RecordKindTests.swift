// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Testing

/// Records that are no calls: their members, their names and their accounts.
@Suite struct RecordKindTests {
    private static let insight = """
        {"eventVersion":"1.09","eventTime":"2025-11-17T19:20:00Z","awsRegion":"eu-west-1","eventID":"i-1",\
        "eventType":"AwsCloudTrailInsight","recipientAccountId":"111122223333","sharedEventID":"shared-1",\
        "insightDetails":{"state":"Start","eventSource":"ec2.amazonaws.com","eventName":"RunInstances",\
        "insightType":"ApiErrorRateInsight","errorCode":"Client.RequestLimitExceeded","insightContext":{"attributions":\
        [{"attribute":"userIdentityArn","insight":[{"value":"arn:aws:iam::111122223333:user/eve","average":3.5}],\
        "baseline":[{"value":"AIDAEXAMPLE","average":0.1}]}]}},"eventCategory":"Insight"}
        """

    private static let lakeInsight = """
        {"eventVersion":"1.09","eventCategory":"Insight","eventType":"AwsCloudTrailInsight","eventID":"i-2",\
        "eventTime":"2025-11-17T19:20:00Z","awsRegion":"eu-west-1","recipientAccountId":"111122223333",\
        "insightState":"End","insightEventSource":"iam.amazonaws.com","insightEventName":"AttachRolePolicy",\
        "insightErrorCode":"AccessDenied","insightType":"ApiErrorRateInsight","insightContext":{"baselineAverage":0.2}}
        """

    private static func aggregated(_ dimension: String, _ names: [String], _ members: String = "") -> String {
        let statistics = names.map { #"{"name":"\#($0)","value":7}"# }.joined(separator: ",")
        return """
            {"eventVersion":"1.0","accountId":"111122223333","eventId":"62759c1a-6248-48e1-a6b3-d5fb7e6c4bc0",\
            "eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"us-west-2",\
            "eventSource":"s3.amazonaws.com","timeWindow":{"windowStart":"2025-11-17T19:20:00Z",\
            "windowEnd":"2025-11-17T19:25:00Z","windowSize":"PT5M"},"summary":{"primaryDimension":{"dimension":\
            "\(dimension)","statistics":[\(statistics)],"aggregationType":"Count"},"details":[{"dimension":\
            "sourceIPAddress","statistics":[{"name":"203.0.113.9","value":7}]}]}\(members)}
            """
    }

    @Test func anInsightStandsUnderTheCallThatItCounts() throws {
        for (json, name, source, error) in [
            (Self.insight, "RunInstances", "ec2.amazonaws.com", "Client.RequestLimitExceeded"),
            (Self.lakeInsight, "AttachRolePolicy", "iam.amazonaws.com", "AccessDenied"),
        ] {
            let event = try summary(json)
            #expect(event.eventName == name)
            #expect(event.eventSource == source)
            #expect(event.errorCode == error)
            #expect(event.reference.time == EventTime.parse("2025-11-17T19:20:00Z"))
            #expect(event.account.description == "111122223333")
        }
    }

    /// A refused one is looked for under the account that it names at its top.
    @Test func aRefusedAggregatedEventClaimsItsAccount() throws {
        for (json, account) in [
            (Self.aggregated("eventName", []).replacing("windowStart", with: "start"), "111122223333"),
            (Self.aggregated("eventName", []).replacing("111122223333", with: "x"), nil),
            (Self.insight, "111122223333"),
        ] {
            #expect(try claimed(json)?.description == account)
        }
    }

    private func claimed(_ json: String) throws -> AccountID? {
        var fields = FieldSet()
        let envelope = try EnvelopeFields(adding: &fields)
        let extractor = RecordExtractor(fields.compile())
        return try Array(json.utf8).withUnsafeBytes {
            try extractor.extract($0)
            return Envelope.claimedAccount(extractor, envelope)
        }
    }

    @Test func anAggregatedEventStandsAtTheStartOfItsWindow() throws {
        let event = try summary(Self.aggregated("eventName", ["PutObject"]))
        #expect(event.reference.text == "62759c1a-6248-48e1-a6b3-d5fb7e6c4bc0")
        #expect(event.reference.time == EventTime.parse("2025-11-17T19:20:00Z"))
        #expect(event.account.description == "111122223333")
        #expect(event.eventName == "PutObject")
        #expect(event.eventSource == "s3.amazonaws.com")
        #expect(
            try summary(Self.aggregated("eventName", ["GetObject", "PutObject"])).eventName == "AwsAggregatedEvent")
        #expect(try summary(Self.aggregated("resourceARN", ["arn:aws:s3:::one"])).eventName == "AwsAggregatedEvent")
    }

    @Test(
        arguments: [
            (insight, ["RunInstances", "ec2.amazonaws.com", "shared-1", "AIDAEXAMPLE", "i-1"]),
            (lakeInsight, ["AttachRolePolicy", "iam.amazonaws.com"]),
            (insight, ["arn:aws:iam::111122223333:user/eve"]),
            (
                aggregated("eventName", ["PutObject"]),
                ["PutObject", "203.0.113.9", "AwsAggregatedEvent", "62759c1a-6248-48e1-a6b3-d5fb7e6c4bc0"]
            ),
            (aggregated("resourceARN", ["arn:aws:s3:::one"]), ["arn:aws:s3:::one", "AwsAggregatedEvent"]),
        ] as [(String, [String])])
    func itIsFoundByItsOwnNames(json: String, values: [String]) throws {
        let reader = try EventReader()
        let record = Array(json.utf8)
        let found = try #require(try tokens([json]).first)
        for value in values {
            let (carries, id) = try record.withUnsafeBytes { bytes in
                let event = try reader.read(bytes)
                return (reader.carries(value, bytes, event), event.reference.text)
            }
            #expect(carries, "\(value)")
            // An eventID is found by its identity.
            #expect(found.contains(LookupToken(value)) || value == id, "\(value)")
        }
    }

    @Test func itMakesNoSession() throws {
        let json = Self.insight.replacing("RunInstances", with: "SwitchRole")
            .replacing("ec2.amazonaws.com", with: "signin.amazonaws.com")
            .replacing(
                #""eventCategory""#,
                with: #""additionalEventData":{"SwitchFrom":"arn:aws:iam::111122223333:user/eve"},"eventCategory""#)
        let reader = try EventReader()
        let record = Array(json.utf8)
        try record.withUnsafeBytes { bytes in
            _ = try reader.read(bytes)
            #expect(reader.issuance(bytes) == nil)
        }
    }

    @Test(
        arguments: [
            (insight.replacing("\"eventName\":\"RunInstances\",", with: ""), "insightEventName is missing"),
            (insight.replacing("\"eventID\":\"i-1\",", with: ""), "eventID is missing"),
            (aggregated("eventName", []).replacing("\"eventId\"", with: "\"eventIdentity\""), "eventId is missing"),
            (aggregated("eventName", []).replacing("windowStart", with: "start"), "timeWindow.windowStart is missing"),
            (aggregated("eventName", []).replacing("19:20:00Z", with: "soon"), "timeWindow.windowStart is no RFC 3339"),
            (aggregated("eventName", []).replacing("111122223333", with: "1"), "accountId has to be twelve digits"),
            // A call without a name stays refused, whatever else it has.
            (
                insight.replacing("AwsCloudTrailInsight", with: "AwsApiCall").replacing(
                    "\"Insight\"", with: "\"Data\""),
                "eventName is missing"
            ),
        ] as [(String, String)])
    func aRefusalNamesItsOwnMember(json: String, detail: String) throws {
        #expect(try #require(try rejection(json)).detail.hasPrefix(detail))
    }

    @Test(
        arguments: [
            ("AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/22/x.json.gz", "111122223333"),
            (
                "s3://b/p/AWSLogs/o-abc123/111122223333/CloudTrail-Insight/us-east-1/2026/11/22/x.json.gz",
                "111122223333"
            ),
            ("111122223333_CloudTrail_us-east-1_20261122T0745Z_x.json.gz", "111122223333"),
            ("/tmp/a/111122223333_CloudTrail-Insight_us-east-1_20261122T0745Z_x.json", "111122223333"),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/111122223333_CloudTrail_eu-west-1_t_x.json.gz", "111122223333"),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/444455556666_CloudTrail_eu-west-1_t_x.json.gz", nil),
            ("AWSLogs/111122223333/vpcflowlogs/us-east-1/x.gz", nil), ("AWSLogs/111122223333", nil),
            ("", nil), ("x/", nil), ("111122223333.json", nil), ("111122223333_report_x.json", nil),
            ("11112222333_CloudTrail_us-east-1_x.json", nil), ("stdin", nil),
        ] as [(String, String?)])
    func theNameOfALogFileTellsTheAccount(name: String, account: String?) {
        #expect(AccountID(logFile: name)?.description == account)
    }
}
