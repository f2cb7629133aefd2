// SPDX-License-Identifier: Apache-2.0

/// The fields of CloudTrail's records, for remarks on rules that ask for others.
///
/// Source: AWS CloudTrail user guide, "CloudTrail record contents for management, data, and network activity events",
/// "CloudTrail userIdentity element", "Insights events" and "CloudTrail record contents for aggregated events".
enum RecordFields {
    /// Every path that is specified; below one that ends in `.*` anything may stand.
    private static let specified = """
        eventVersion eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage \
        requestParameters.* responseElements.* additionalEventData.* requestID eventID eventType apiVersion \
        managementEvent readOnly recipientAccountId serviceEventDetails.* sharedEventID vpcEndpointId \
        vpcEndpointAccountId eventCategory edgeDeviceDetails.* sessionCredentialFromConsole \
        resources.ARN resources.accountId resources.type resources.ARNPrefix \
        addendum.reason addendum.updatedFields addendum.originalRequestID addendum.originalEventID \
        tlsDetails.tlsVersion tlsDetails.cipherSuite tlsDetails.clientProvidedHostHeader tlsDetails.keyExchange \
        eventContext.requestContext.* eventContext.tagContext.* \
        userIdentity.type userIdentity.userName userIdentity.principalId userIdentity.arn userIdentity.accountId \
        userIdentity.accessKeyId userIdentity.invokedBy userIdentity.identityProvider userIdentity.credentialId \
        userIdentity.userId userIdentity.identityStoreArn userIdentity.onBehalfOf.userId \
        userIdentity.onBehalfOf.identityStoreArn userIdentity.inScopeOf.sourceArn \
        userIdentity.inScopeOf.sourceAccount userIdentity.inScopeOf.issuerType \
        userIdentity.inScopeOf.credentialsIssuedTo userIdentity.invokedByDelegate.accountId \
        userIdentity.sessionContext.sourceIdentity userIdentity.sessionContext.assumedRoot \
        userIdentity.sessionContext.ec2RoleDelivery userIdentity.sessionContext.ec2IssuedInVpc \
        userIdentity.sessionContext.attributes.creationDate userIdentity.sessionContext.attributes.mfaAuthenticated \
        userIdentity.sessionContext.sessionIssuer.type userIdentity.sessionContext.sessionIssuer.userName \
        userIdentity.sessionContext.sessionIssuer.principalId userIdentity.sessionContext.sessionIssuer.arn \
        userIdentity.sessionContext.sessionIssuer.accountId \
        userIdentity.sessionContext.webIdFederationData.federatedProvider \
        userIdentity.sessionContext.webIdFederationData.attributes.* \
        insightDetails.state insightDetails.eventSource insightDetails.eventName insightDetails.insightType \
        insightDetails.errorCode insightDetails.insightContext.* insightDetails.sourceEventCategory \
        insightSource insightState insightEventSource insightEventName insightErrorCode insightType insightContext.* \
        eventId accountId timeWindow.windowStart timeWindow.windowEnd timeWindow.windowSize \
        summary.primaryDimension.* summary.details.* \
        eventData.*
        """

    /// The specified paths and all that lead to one.
    private static let known: (exact: Set<String>, open: [String]) = {
        var exact: Set<String> = []
        var open: [String] = []
        for path in specified.split(separator: " ") {
            var keys = path.split(separator: ".").map(String.init)
            if keys.last == "*" {
                keys.removeLast()
                open.append(keys.joined(separator: ".") + ".")
            }
            for count in 1...keys.count { exact.insert(keys.prefix(count).joined(separator: ".")) }
        }
        return (exact, open)
    }()

    /// Fields that hold one value at most in every record: asked for two different ones, a rule can't hold.
    static let single: Set<String> = [
        "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage",
        "eventType", "eventCategory", "readOnly", "managementEvent", "recipientAccountId", "vpcEndpointId",
        "userIdentity.type", "userIdentity.userName", "userIdentity.arn", "userIdentity.principalId",
        "userIdentity.accountId", "userIdentity.accessKeyId", "userIdentity.invokedBy",
    ]

    /// Whether a record can have a field.
    static func knows(_ path: String) -> Bool {
        known.exact.contains(path) || known.open.contains { path.hasPrefix($0) }
    }

    /// A sentence about a field that no record has.
    static func remark(on field: String) -> String {
        "CloudTrail has no field '\(field)'" + (similar(to: field).map { "; '\($0)' is one" } ?? "")
    }

    /// The field that somebody may have meant: the same but for the case of its letters, or one with the same end.
    static func similar(to path: String) -> String? {
        let lowered = path.lowercased()
        if let same = known.exact.sorted().first(where: { $0.lowercased() == lowered }) { return same }
        for open in known.open where lowered.hasPrefix(open.lowercased()) { return open + path.dropFirst(open.count) }
        return known.exact.sorted().first { $0.lowercased().hasSuffix("." + lowered) }
    }
}
