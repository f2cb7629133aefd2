// SPDX-License-Identifier: Apache-2.0

import JSON

/// The slots of what every record is asked for, resolved once. They share one pass with the fields that rules read.
///
/// A class, since every record hands them on several times: a copy of two dozen numbers each time shows in a profile.
package final class EnvelopeFields: Sendable {
    let eventID: Slot
    let eventTime: Slot
    let eventSource: Slot
    let eventName: Slot
    let region: Slot
    let errorCode: Slot
    let sourceIP: Slot
    let userAgent: Slot
    let recipientAccountID: Slot
    let type: Slot
    let arn: Slot
    let principalID: Slot
    let accountID: Slot
    let accessKeyID: Slot
    let userName: Slot
    let invokedBy: Slot
    let identityProvider: Slot
    let issuerType: Slot
    let issuerARN: Slot
    let issuerAccountID: Slot
    let sourceIdentity: Slot
    let onBehalfOfUserID: Slot
    let issuedAccessKeyID: Slot
    let issuedRoleID: Slot
    let issuedRoleARN: Slot
    let issuedSourceIdentity: Slot
    let requestedSourceIdentity: Slot
    let switchFrom: Slot
    /// The fields whose values lead to the record.
    let tokens: [Slot]

    /// Adds the fields to a set that is not compiled yet.
    package init(adding fields: inout FieldSet) throws(FieldSet.PathError) {
        let identity = "userIdentity."
        let issuer = "userIdentity.sessionContext.sessionIssuer."
        eventID = try fields.insert("eventID")
        eventTime = try fields.insert("eventTime")
        eventSource = try fields.insert("eventSource")
        eventName = try fields.insert("eventName")
        region = try fields.insert("awsRegion")
        errorCode = try fields.insert("errorCode")
        sourceIP = try fields.insert("sourceIPAddress")
        userAgent = try fields.insert("userAgent")
        recipientAccountID = try fields.insert("recipientAccountId")
        type = try fields.insert(identity + "type")
        arn = try fields.insert(identity + "arn")
        principalID = try fields.insert(identity + "principalId")
        accountID = try fields.insert(identity + "accountId")
        accessKeyID = try fields.insert(identity + "accessKeyId")
        userName = try fields.insert(identity + "userName")
        invokedBy = try fields.insert(identity + "invokedBy")
        identityProvider = try fields.insert(identity + "identityProvider")
        issuerType = try fields.insert(issuer + "type")
        issuerARN = try fields.insert(issuer + "arn")
        issuerAccountID = try fields.insert(issuer + "accountId")
        sourceIdentity = try fields.insert(identity + "sessionContext.sourceIdentity")
        onBehalfOfUserID = try fields.insert(identity + "onBehalfOf.userId")
        issuedAccessKeyID = try fields.insert("responseElements.credentials.accessKeyId")
        issuedRoleID = try fields.insert("responseElements.assumedRoleUser.assumedRoleId")
        issuedRoleARN = try fields.insert("responseElements.assumedRoleUser.arn")
        issuedSourceIdentity = try fields.insert("responseElements.sourceIdentity")
        requestedSourceIdentity = try fields.insert("requestParameters.sourceIdentity")
        switchFrom = try fields.insert("additionalEventData.SwitchFrom")
        var tokens: [Slot] = []
        for path in Self.tokenPaths { tokens.append(try fields.insert(path)) }
        self.tokens = tokens
    }

    /// What a record can be looked up by, beside its eventID: who, with which key, from where, did what, to what, and
    /// the identities that the call made, which lead from a session back to who started it.
    package static let tokenPaths: [String] =
        [
            "eventName", "sourceIPAddress", "vpcEndpointId", "resources.ARN", "userIdentity.arn",
            "userIdentity.principalId", "userIdentity.userName", "userIdentity.accessKeyId", "userIdentity.invokedBy",
            "userIdentity.sessionContext.sessionIssuer.arn", "userIdentity.sessionContext.sessionIssuer.principalId",
            "userIdentity.sessionContext.sourceIdentity", "userIdentity.onBehalfOf.userId",
        ]
        + [
            "accessKeyId", "bucketName", "clusterIdentifier", "clusterName", "dBInstanceIdentifier",
            "dBSnapshotIdentifier", "functionName", "groupName", "imageId", "instanceId",
            "instancesSet.items.instanceId", "keyId", "policyArn", "resourceArn", "roleArn", "roleName", "secretId",
            "snapshotId", "userName", "volumeId",
        ].map { "requestParameters." + $0 }
        + [
            "accessKey.accessKeyId", "assumedRoleUser.arn", "assumedRoleUser.assumedRoleId",
            "credentials.accessKeyId", "federatedUser.arn", "instancesSet.items.instanceId", "role.arn", "snapshotId",
            "user.arn", "user.userId",
        ].map { "responseElements." + $0 }
}
