// SPDX-License-Identifier: Apache-2.0

import Sigma

extension SigmaTaxonomy {
    /// Names of the Elastic Common Schema beside CloudTrail's own: rules in either taxonomy run on the same records.
    ///
    /// Sources: the CloudTrail pipeline of Elastic's AWS integration (elastic/integrations,
    /// `packages/aws/data_stream/cloudtrail`), and SigmaHQ's field mapping of CloudTrail for ECS (SigmaHQ/sigma,
    /// `tools/config/ecs-cloudtrail.yml`), whose `role.name` and `user_agent` the first does not have. None of the names
    /// is one of CloudTrail's.
    package static let cloudTrail = SigmaTaxonomy(
        names: ["sigma", "ecs"],
        paths: [
            "@timestamp": ["eventTime"],
            "event.created": ["eventTime"],
            "event.id": ["eventID"],
            "event.action": ["eventName"],
            "event.provider": ["eventSource"],
            "cloud.region": ["awsRegion"],
            "cloud.account.id": ["userIdentity.accountId"],
            "source.ip": ["sourceIPAddress"],
            "source.address": ["sourceIPAddress"],
            "user_agent": ["userAgent"],
            "user_agent.original": ["userAgent"],
            "user.id": ["userIdentity.principalId"],
            // A role's session has no user name; the pipeline puts the role's name there.
            "user.name": ["userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"],
            "role.name": ["userIdentity.sessionContext.sessionIssuer.userName"],
            "error.code": ["errorCode"],
            "error.message": ["errorMessage"],
            "tls.version_protocol": ["tlsDetails.tlsVersion"],
            "tls.cipher": ["tlsDetails.cipherSuite"],
            "tls.client.server_name": ["tlsDetails.clientProvidedHostHeader"],
            "aws.cloudtrail.request_id": ["requestID"],
            "aws.cloudtrail.shared_event_id": ["sharedEventID"],
            "aws.cloudtrail.resources.arn": ["resources.ARN"],
            "aws.cloudtrail.additional_eventdata": ["additionalEventData"],
            "aws.cloudtrail.user_identity.session_context.mfa_authenticated": [
                "userIdentity.sessionContext.attributes.mfaAuthenticated"
            ],
            "aws.cloudtrail.user_identity.session_context.creation_date": [
                "userIdentity.sessionContext.attributes.creationDate"
            ],
            "aws.cloudtrail.console_login.additional_eventdata.login_to": ["additionalEventData.LoginTo"],
            "aws.cloudtrail.console_login.additional_eventdata.mfa_used": ["additionalEventData.MFAUsed"],
            "aws.cloudtrail.console_login.additional_eventdata.mobile_version": ["additionalEventData.MobileVersion"],
        ],
        derived: [
            "event.outcome": ["failure": failure, "success": .not(failure)],
            "event.dataset": ["aws.cloudtrail": .all([])],
            "event.module": ["aws": .all([])],
            "event.kind": ["event": .all([])],
            "cloud.provider": ["aws": .all([])],
        ],
        pattern: path)

    /// A call failed: it has an error, or it is a sign-in that says so.
    private static let failure = SigmaExpression.any([
        .not(.match(SigmaMatch(field: "errorCode", test: .null))),
        .not(.match(SigmaMatch(field: "errorMessage", test: .null))),
        .match(
            SigmaMatch(
                field: "responseElements.ConsoleLogin",
                test: .text(SigmaPattern(literal: "Failure"), cased: false))),
    ])

    /// Parts of a record that the pipeline keeps as they are.
    private static let flattened = [
        "request_parameters": "requestParameters", "response_elements": "responseElements",
        "additional_eventdata": "additionalEventData", "service_event_details": "serviceEventDetails",
    ]

    /// `aws.cloudtrail.user_identity.access_key_id` is `userIdentity.accessKeyId`; below
    /// `aws.cloudtrail.flattened.request_parameters` the names are CloudTrail's own.
    @Sendable private static func path(_ name: String) -> String? {
        let prefix = "aws.cloudtrail."
        guard name.hasPrefix(prefix), name.count > prefix.count else { return nil }
        var keys = name.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        if keys.count > 1, keys[0] == "flattened" { keys.removeFirst() }
        guard let first = keys.first else { return nil }
        if let part = flattened[String(first)] {
            return ([part] + keys.dropFirst().map(String.init)).joined(separator: ".")
        }
        return keys.map(camelCased).joined(separator: ".")
    }

    private static func camelCased(_ key: Substring) -> String {
        let words = key.split(separator: "_")
        return (words.first.map(String.init) ?? "")
            + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
