// SPDX-License-Identifier: Apache-2.0

import JSON

/// The slots of what every record is asked for. They share one pass with the fields that rules read.
///
/// They are the first slots of a set and so constants, which the path of a record neither carries nor loads.
package struct EnvelopeFields: Sendable {
    var eventID: Slot { 0 }
    package var eventTime: Slot { 1 }
    var eventSource: Slot { 2 }
    var region: Slot { 3 }
    var errorCode: Slot { 4 }
    var userAgent: Slot { 5 }
    var recipientAccountID: Slot { 6 }
    var issuedSourceIdentity: Slot { 7 }
    var requestedSourceIdentity: Slot { 8 }
    var switchFrom: Slot { 9 }
    var type: Slot { 10 }
    var accountID: Slot { 11 }
    var identityProvider: Slot { 12 }
    var issuerType: Slot { 13 }
    var issuerAccountID: Slot { 14 }
    // From here on, the values lead to the record; first those of `userIdentity`.
    var arn: Slot { 15 }
    var principalID: Slot { 16 }
    var userName: Slot { 17 }
    var accessKeyID: Slot { 18 }
    var invokedBy: Slot { 19 }
    var issuerARN: Slot { 20 }
    var sourceIdentity: Slot { 21 }
    var onBehalfOfUserID: Slot { 22 }
    // Then those of the call.
    var eventName: Slot { 24 }
    var sourceIP: Slot { 25 }
    var issuedAccessKeyID: Slot { 26 }
    var issuedRoleID: Slot { 27 }
    var issuedRoleARN: Slot { 28 }

    /// The fields of `userIdentity` whose values lead to the record.
    var identityTokens: Range<Slot> { 15..<24 }
    /// The other fields whose values lead to the record.
    var callTokens: Range<Slot> { 24..<58 }

    // From here on, what records of other kinds have in place of a call's members.
    var category: Slot { 58 }
    var eventType: Slot { 59 }
    var aggregateID: Slot { 60 }
    var ownAccountID: Slot { 61 }
    var windowStart: Slot { 62 }
    var primaryDimension: Slot { 63 }
    var insightErrorCode: Slot { 64 }
    var lakeInsightErrorCode: Slot { 65 }
    // The values of these lead to the record.
    var sharedEventID: Slot { 66 }
    var insightEventName: Slot { 67 }
    var insightEventSource: Slot { 68 }
    var lakeInsightEventName: Slot { 69 }
    var lakeInsightEventSource: Slot { 70 }
    var primaryNames: Slot { 71 }
    /// The fields of records that are no calls, whose values lead to the record.
    var summaryTokens: Range<Slot> { 66..<77 }

    /// What matches show of a record beside its envelope; nil where it is absent or no string.
    package func sourceIP(of extractor: RecordExtractor) -> TextView? { extractor.text(sourceIP) }
    package func userAgent(of extractor: RecordExtractor) -> TextView? { extractor.text(userAgent) }
    package func errorCode(of extractor: RecordExtractor) -> TextView? {
        extractor.text(errorCode) ?? extractor.text(insightErrorCode) ?? extractor.text(lakeInsightErrorCode)
    }

    /// Takes an empty `errorCode` for none.
    @inline(__always)
    package func clearEmptyErrorCode(in extractor: RecordExtractor) { extractor.clearEmpty(errorCode) }

    /// True where the record that the extractor holds has the time that calls have.
    @inline(__always)
    package func hasEventTime(_ extractor: RecordExtractor) -> Bool { extractor.exists(eventTime) }

    /// The time of a record that need not be whole; nil where it tells none.
    package func time(of extractor: RecordExtractor) -> Milliseconds? {
        (extractor.text(eventTime) ?? extractor.text(windowStart)).flatMap { EventTime.parse($0) }
    }

    /// The member of a record that stands in record after record in the same bytes: who calls.
    package static let repeatedMember = "userIdentity"

    /// Makes the fields the first of a set, which has none yet.
    package init(adding fields: inout FieldSet) throws(FieldSet.PathError) {
        precondition(fields.paths.isEmpty, "the envelope's slots are constants")
        for path in Self.otherPaths + Self.tokenPaths + Self.summaryPaths { try fields.insert(path) }
        precondition(fields.paths.count == summaryTokens.upperBound, "the envelope's slots are constants")
    }

    private static let otherPaths =
        [
            "eventID", "eventTime", "eventSource", "awsRegion", "errorCode", "userAgent", "recipientAccountId",
            "responseElements.sourceIdentity", "requestParameters.sourceIdentity", "additionalEventData.SwitchFrom",
        ]
        + [
            "type", "accountId", "identityProvider", "sessionContext.sessionIssuer.type",
            "sessionContext.sessionIssuer.accountId",
        ].map { "userIdentity." + $0 }

    /// What a record can be looked up by, beside its eventID: who, with which key, from where, did what, to what, and
    /// the identities that the call made, which lead from a session back to who started it.
    package static let tokenPaths: [String] = identityTokenPaths + callTokenPaths

    private static let identityTokenPaths: [String] = [
        "arn", "principalId", "userName", "accessKeyId", "invokedBy", "sessionContext.sessionIssuer.arn",
        "sessionContext.sourceIdentity", "onBehalfOf.userId", "sessionContext.sessionIssuer.principalId",
    ].map { "userIdentity." + $0 }

    private static let callTokenPaths: [String] =
        [
            "eventName", "sourceIPAddress", "responseElements.credentials.accessKeyId",
            "responseElements.assumedRoleUser.assumedRoleId", "responseElements.assumedRoleUser.arn", "vpcEndpointId",
            "resources.ARN",
        ]
        + [
            "accessKeyId", "bucketName", "clusterIdentifier", "clusterName", "dBInstanceIdentifier",
            "dBSnapshotIdentifier", "functionName", "groupName", "imageId", "instanceId",
            "instancesSet.items.instanceId", "keyId", "policyArn", "resourceArn", "roleArn", "roleName", "secretId",
            "snapshotId", "userName", "volumeId",
        ].map { "requestParameters." + $0 }
        + [
            "accessKey.accessKeyId", "federatedUser.arn", "instancesSet.items.instanceId", "role.arn", "snapshotId",
            "user.arn", "user.userId",
        ].map { "responseElements." + $0 }

    /// Members of Insights events, as trails and as event data stores have them, and of aggregated events.
    /// Sources: "CloudTrail record contents for Insights events for trails", "… for event data stores" and "CloudTrail
    /// record contents for aggregated events" in the AWS CloudTrail user guide.
    private static let summaryPaths: [String] =
        [
            "eventCategory", "eventType", "eventId", "accountId", "timeWindow.windowStart",
            "summary.primaryDimension.dimension", "insightDetails.errorCode", "insightErrorCode", "sharedEventID",
            "insightDetails.eventName", "insightDetails.eventSource", "insightEventName", "insightEventSource",
            "summary.primaryDimension.statistics.name", "summary.details.statistics.name",
        ]
        + ["insightDetails.insightContext", "insightContext"].flatMap { context in
            ["insight", "baseline"].map { context + ".attributions." + $0 + ".value" }
        }
}
