// SPDX-License-Identifier: Apache-2.0

/// CloudTrail records of the project's own making for tests and benchmarks: any number of them, each a function of its
/// index alone, so that two runs, or two halves of one, make the same records.
///
/// Records are about 1.2 kB, as real ones are. Most are an ordinary account's: role sessions that describe, read and
/// write. Where asked, every so many is a step of an attack that the catalog detects.
package struct SyntheticTrail: Sendable {
    package let account: String
    /// Event time of record 0, in seconds since 1970.
    package let start: Int64
    /// Records of one second of event time.
    package let perSecond: Int
    /// Every so many records one is a step of an attack; 0 for never.
    package let attackEvery: Int
    /// Tells trails of the same account apart: eventIDs are a function of it and the index.
    package let seed: UInt64

    package init(
        account: String = "111122223333", start: Int64 = 1_790_000_000, perSecond: Int = 50, attackEvery: Int = 0,
        seed: UInt64 = 1
    ) {
        self.account = account
        self.start = start
        self.perSecond = perSecond
        self.attackEvery = attackEvery
        self.seed = seed
    }

    /// Whether the record is a step of an attack.
    package func isAttack(_ index: Int) -> Bool { attackEvery > 0 && index % attackEvery == attackEvery - 1 }

    /// The eventID of a record: a GUID.
    package func eventID(_ index: Int) -> String {
        let high = mix(seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index))
        let low = mix(high ^ 0xD1B5_4A32_D192_ED03)
        let digits = Array(hex(high) + hex(low))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    /// The record as JSON.
    package func record(_ index: Int) -> [UInt8] {
        let step = isAttack(index) ? Self.attack[(index / attackEvery) % Self.attack.count] : ordinary(index)
        let session = "session-\(index % 40)"
        let role = step.role
        let text = """
            {"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE\(role.utf8.count)\
            :\(session)","arn":"arn:aws:sts::\(account):assumed-role/\(role)/\(session)","accountId":"\(account)",\
            "accessKeyId":"ASIAEXAMPLE\(1000 + index % 40)","sessionContext":{"sessionIssuer":{"type":"Role",\
            "principalId":"AROAEXAMPLE\(role.utf8.count)","arn":"arn:aws:iam::\(account):role/\(role)","accountId":\
            "\(account)","userName":"\(role)"},"attributes":{"creationDate":"2026-09-21T08:00:00Z","mfaAuthenticated":\
            "false"}}},"eventTime":"\(Self.timestamp(start + Int64(index / perSecond)))","eventSource":\
            "\(step.source).amazonaws.com","eventName":"\(step.name)","awsRegion":"us-east-1","sourceIPAddress":\
            "10.\(index / 65_536 % 256).\(index / 256 % 256).\(index % 256)","userAgent":"aws-sdk-java/2.20.1 \
            Linux/5.10.184 OpenJDK_64-Bit_Server_VM/17.0.8+7-LTS Java/17.0.8","requestParameters":\(step.request),\
            "responseElements":\(step.response),"requestID":"\(eventID(index &+ 1 << 40))","eventID":\
            "\(eventID(index))","readOnly":\(step.readOnly),"eventType":"AwsApiCall","managementEvent":true,\
            "recipientAccountId":"\(account)","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",\
            "cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"\(step.source).us-east-1.amazonaws.com"}}
            """
        return Array(text.utf8)
    }

    /// Records as one log file, `{"Records":[…]}`.
    package func logFile(_ indices: Range<Int>) -> [UInt8] {
        var file = Array(#"{"Records":["#.utf8)
        for index in indices {
            if index > indices.lowerBound { file.append(UInt8(ascii: ",")) }
            file += record(index)
        }
        file += Array("]}".utf8)
        return file
    }

    private struct Step {
        let source: String
        let name: String
        let role: String
        let request: String
        var response = "null"
        var readOnly = false
    }

    private func ordinary(_ index: Int) -> Step {
        let number = mix(seed ^ UInt64(index)) % 10
        switch number {
        case 0...3:
            return Step(
                source: "ec2", name: "DescribeInstances", role: "fleet-manager",
                request: #"{"instancesSet":{"items":[{"instanceId":"i-0abc\#(1000 + index % 9000)"}]},"filterSet":{}}"#,
                readOnly: true)
        case 4...5:
            return Step(
                source: "s3", name: "GetObject", role: "report-reader",
                request: #"{"bucketName":"example-reports","Host":"example-reports.s3.amazonaws.com","key":"2026/\#(index).csv"}"#,
                readOnly: true)
        case 6...7:
            return Step(
                source: "kms", name: "Decrypt", role: "payment-service",
                request: #"{"encryptionContext":{"service":"payments"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#,
                readOnly: true)
        case 8:
            return Step(
                source: "logs", name: "CreateLogStream", role: "payment-service",
                request: #"{"logGroupName":"/ecs/payments","logStreamName":"task/\#(index)"}"#)
        default:
            return Step(
                source: "dynamodb", name: "DescribeTable", role: "report-reader",
                request: #"{"tableName":"orders"}"#, readOnly: true)
        }
    }

    private static let attack = [
        Step(
            source: "cloudtrail", name: "StopLogging", role: "stolen-deployer",
            request: #"{"name":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}"#),
        Step(
            source: "ec2", name: "ModifySnapshotAttribute", role: "stolen-deployer",
            request: """
                {"snapshotId":"snap-0123456789abcdef0","createVolumePermission":{"add":{"items":[{"group":"all"}]}},\
                "attributeType":"CREATE_VOLUME_PERMISSION"}
                """,
            response: #"{"requestId":"00000000-0000-4000-8000-000000000000","_return":true}"#),
        Step(
            source: "ec2", name: "DeleteFlowLogs", role: "stolen-admin",
            request: #"{"DeleteFlowLogsRequest":{"FlowLogId":{"tag":1,"content":"fl-0123456789abcdef0"}}}"#,
            response: #"{"DeleteFlowLogsResponse":{"unsuccessful":""}}"#),
    ]

    /// RFC 3339, in UTC, of seconds since 1970.
    package static func timestamp(_ seconds: Int64) -> String {
        let day = seconds / 86_400
        let second = seconds % 86_400
        // Days to a civil date, in the proleptic Gregorian calendar, from the era that starts on 0000-03-01.
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return "\(year)-\(two(month))-\(two(dayOfMonth))T\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60))Z"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// SplitMix64's output function.
    private func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
