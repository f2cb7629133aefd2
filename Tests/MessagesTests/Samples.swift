// SPDX-License-Identifier: Apache-2.0

import Messages

/// One message of every kind of content, for tests that go over all types.
enum Samples {
    static let actor = Actor(
        principal: "arn:aws:iam::111122223333:user/maria", type: "IAMUser", arn: "arn:aws:iam::111122223333:user/maria",
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", accountID: "111122223333", sourceIP: "198.51.100.7",
        userAgent: "aws-cli/2.15", sourceIdentity: "maria@example.com")

    static let alert = Alert(
        alertID: "a-1", detectionID: "0f2b7c1e-0000-4000-8000-000000000001", title: "CloudTrail was stopped ⚠️",
        severity: .critical, status: .open, audience: .analyst, accountID: "111122223333", actor: actor,
        firstSeen: Timestamp(seconds: 1_688_987_000, nanos: 5), lastSeen: Timestamp(milliseconds: 1_688_990_000_123),
        createdAt: Timestamp(seconds: -1, nanos: 999_999_999), matchCount: .max, eventIDs: ["e1", "", "e3"],
        evidence: [Evidence(name: "requestParameters.name", value: "trail\u{0}one"), Evidence()],
        attackTechniques: ["T1562.008"], historical: true, revision: 3, description: "Why\nit matters",
        eventSource: "cloudtrail.amazonaws.com", eventName: "StopLogging", region: "us-east-1", mergedInto: "a-0",
        duetAnswer: .unrecognized(-7), note: "seen", runbook: "Start it again.")

    static let detection = Detection(
        detectionID: "d", title: "t", severity: .unrecognized(99), audience: .owner, enabled: true, status: "stable",
        tags: ["attack.t1562.008"], references: ["https://example.com"],
        yaml: String(repeating: "title: x\n", count: 40))

    static let entry = TimelineEntry(
        eventID: "e", eventTime: Timestamp(seconds: 1), record: Bytes("{\"eventName\":\"StopLogging\"}"))

    static let batch = SubmitEventsRequest(
        sequence: 300, source: "s3://trail/key",
        payload: .records(RecordBatch(records: [Bytes("{}"), Bytes(), Bytes(Array(repeating: 0xFF, count: 300))])))

    static let file = SubmitEventsRequest(sequence: 1, payload: .logFile([0x1F, 0x8B, 0x00]), historical: true)

    static let reflection = GrpcReflectionV1.ServerReflectionResponse(
        validHost: "h",
        originalRequest: .init(
            host: "h", messageRequest: .fileContainingExtension(.init(containingType: "x.Y", extensionNumber: -5))),
        messageResponse: .allExtensionNumbersResponse(.init(baseTypeName: "x.Y", extensionNumber: [1, -1, 1 << 20])))

    /// Every sample, with its type hidden.
    static let all: [any Message] = [
        actor, alert, detection, entry, batch, file, reflection,
        SubmitEventsResponse(
            sequence: 2, accepted: 1, duplicate: 2, rejected: 3,
            rejections: [Rejection(index: 4, reason: "not_json", detail: "at byte 9")]),
        SubmitEventsRequest(payload: .logFile(Bytes())), SubmitEventsRequest(payload: .records(RecordBatch())),
        SubscribeAlertsRequest(
            cursor: "latest", accountIDs: ["111122223333"], minSeverity: .high, detectionIDs: ["d"], audience: .owner,
            untilCaughtUp: true),
        SubscribeAlertsResponse(cursor: "c", alert: alert),
        ListAlertsResponse(alerts: [alert, Alert()], nextPageToken: "n"),
        GetTimelineResponse(entries: [entry, TimelineEntry(), entry]), ListDetectionsResponse(detections: [detection]),
        ValidateRulesRequest(files: [RuleFile(path: "a.yml", yaml: "title: a")]),
        Account(accountID: "111122223333", state: .active, onboardedAt: Timestamp(), eventCount: 1 << 60),
        GetStatusRequest(), GrpcHealthV1.HealthCheckResponse(status: .serviceUnknown),
        GoogleRpc.Status(
            code: 3, message: "no", details: [GoogleProtobuf.AnyMessage(typeURL: "t/x", value: [1, 2, 3])]),
        GoogleRpc.BadRequest(fieldViolations: [.init(field: "source", description: "too long")]),
        GrpcReflectionV1.ServerReflectionResponse(
            messageResponse: .fileDescriptorResponse(.init(fileDescriptorProto: [[1], [], [2, 3]]))),
    ]
}

extension Message {
    /// Reads bytes as a message of the same type.
    func decoded(_ bytes: [UInt8]) throws(MessageError) -> Self { try Self(decoding: bytes) }

    /// True where encoding and decoding gives the message again.
    func comesBack() throws -> Bool { try decoded(encodedBytes()) == self }
}

/// Wire format by hand, for what no encoder of ours would write.
enum Raw {
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func tag(_ field: UInt64, _ wireType: UInt64) -> [UInt8] { varint(field << 3 | wireType) }

    static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] { tag(field, 0) + varint(value) }

    static func counted(_ field: UInt64, _ content: [UInt8]) -> [UInt8] {
        tag(field, 2) + varint(UInt64(content.count)) + content
    }
}
