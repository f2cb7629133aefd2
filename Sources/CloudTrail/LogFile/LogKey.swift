// SPDX-License-Identifier: Apache-2.0

/// A key of an outermost object that tells a record from the envelopes that AWS puts records into.
enum LogKey: Sendable {
    // Arrays of elements.

    /// `Records` of a log file.
    case records
    /// `Events` of LookupEvents (`events` in some SDKs, and of FilterLogEvents).
    case events
    /// `logEvents` of a CloudWatch Logs subscription.
    case logEvents
    /// `QueryResultRows` of CloudTrail Lake's GetQueryResults.
    case queryResultRows
    /// `records` of Firehose, entered where its first element is one of Firehose's.
    case firehoseRecords

    // Members with a record, as an object or as its text.

    /// `CloudTrailEvent` of an element of LookupEvents.
    case cloudTrailEvent
    /// `eventJson` of a row of CloudTrail Lake.
    case eventJSON
    /// `message` of a log event.
    case message
    /// `detail` of an EventBridge event, `Detail` of an entry of PutEvents.
    case detail

    // Members with log data in Base64.

    /// `awslogs` of a CloudWatch Logs subscription as Lambda gets it; the text is its `data`.
    case awslogs
    /// `kinesis` of a record of Kinesis as Lambda gets it; the text is its `data`.
    case kinesis
    /// `data` of a record of Firehose, `Data` of one of Kinesis as GetRecords has it.
    case data

    // Members that say what the object is.

    case detailType
    case messageType
    case eventVersion
    case eventName

    /// True for keys whose arrays are read element by element.
    var holdsElements: Bool {
        switch self {
        case .records, .events, .logEvents, .queryResultRows, .firehoseRecords: true
        default: false
        }
    }

    /// True for members with log data in Base64.
    var leadsToBase64: Bool {
        switch self {
        case .awslogs, .kinesis, .data: true
        default: false
        }
    }

    init?(_ key: UnsafeRawBufferPointer) {
        // A key with escapes is read as JSON reads it.
        if key.count > 5, key.count <= 90, key.contains("\\u") {
            var text: [UInt8] = []
            JSONText.unescape(key, into: &text)
            guard !text.contains(UInt8(ascii: "\\")) else { return nil }
            let found = text.withUnsafeBytes { LogKey($0) }
            guard let found else { return nil }
            self = found
            return
        }
        switch key.count {
        case 4 where key.equals("data") || key.equals("Data"): self = .data
        case 6 where key.equals("Events") || key.equals("events"): self = .events
        case 6 where key.equals("detail") || key.equals("Detail"): self = .detail
        case 7 where key.equals("Records"): self = .records
        case 7 where key.equals("message"): self = .message
        case 7 where key.equals("records"): self = .firehoseRecords
        case 7 where key.equals("kinesis"): self = .kinesis
        case 7 where key.equals("awslogs"): self = .awslogs
        case 9 where key.equals("eventName"): self = .eventName
        case 9 where key.equals("logEvents"): self = .logEvents
        case 9 where key.equals("eventJson") || key.equals("eventjson"): self = .eventJSON
        case 10 where key.equals("DetailType"), 11 where key.equals("detail-type"): self = .detailType
        case 11 where key.equals("messageType"): self = .messageType
        case 12 where key.equals("eventVersion"): self = .eventVersion
        case 15 where key.equals("CloudTrailEvent") || key.equals("cloudTrailEvent"): self = .cloudTrailEvent
        case 15 where key.equals("QueryResultRows") || key.equals("queryResultRows"): self = .queryResultRows
        default: return nil
        }
    }
}
