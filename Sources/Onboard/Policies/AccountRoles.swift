// SPDX-License-Identifier: Apache-2.0

import AWS

/// What the policies of an account are made from.
package struct AccountFacts: Sendable, Hashable {
    /// Twelve digits.
    package var accountID: String
    /// What the trust policies ask for.
    package var externalID: String
    /// Who may take the roles on: the ARN of the role or user that the service runs as.
    package var trusted: String
    /// Who may take the analysts' role on; empty for whoever `trusted`'s account lets.
    package var analysts: [String] = []
    /// `aws`, `aws-cn` or `aws-us-gov`.
    package var partition = "aws"
    /// The trail's bucket; empty where this account's role does not read one.
    package var bucket = ""
    /// The trail's key prefix in it.
    package var keyPrefix = ""
    /// `o-…` for an organisation's trail.
    package var organizationID = ""
    /// The ARN of the queue; empty for none.
    package var queueARN = ""
    /// The ARN of the trail's KMS key; empty for none.
    package var keyARN = ""
    /// The name of the analysts' role; empty for `TrailhoundAnalyst`.
    package var consoleRole = ""
    /// The ARN of the role that remediations act with; empty for `TrailhoundRemediation`.
    package var respondRoleARN = ""

    package init(accountID: String, externalID: String, trusted: String) {
        self.accountID = accountID
        self.externalID = externalID
        self.trusted = trusted
    }

    /// The ARN of a queue by its address; nil where that leaves open whose queue it is, or where.
    package static func queueARN(url: String) -> String? {
        (try? QueueAddress(url))?.arn
    }
}

/// One role to be made: who may take it on, and what it may do.
package struct AccountRole: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// What it is for, in a sentence.
    package let purpose: String
    package let trust: PolicyDocument
    /// Its inline policies, by name.
    package let policies: [NamedPolicy]

    /// A policy and its name.
    package struct NamedPolicy: Sendable, Hashable {
        package let name: String
        package let document: PolicyDocument

        package init(_ name: String, _ document: PolicyDocument) {
            self.name = name
            self.document = document
        }
    }
}
