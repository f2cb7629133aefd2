// SPDX-License-Identifier: Apache-2.0

import AWS

/// Links into the AWS console: pure functions of what an alert says.
///
/// Sources: "Create a URL for switching to an IAM role" in the IAM user guide; the console's own addresses for the event
/// history of CloudTrail and for IAM's users and roles.
package struct ConsoleLinks: Sendable, Hashable {
    /// A page of the console.
    package struct Link: Sendable, Hashable {
        /// What is there: `switch_role`, `event`, `access_key`, `user`, `role`, `trail`.
        package let label: String
        package let url: String

        package init(_ label: String, _ url: String) {
            self.label = label
            self.url = url
        }
    }

    /// Twelve digits.
    package let accountID: String
    /// Where the events were; empty where that is not known.
    package let region: String
    /// The role that analysts take on; empty for `TrailhoundAnalyst`.
    package let role: String

    package init(accountID: String, region: String = "", role: String = "") {
        self.accountID = accountID
        self.region = region
        self.role = role.isEmpty ? RoleNames.analyst : role
    }

    /// The links for an alert: first the one that takes the role on in the account, then pages that show with it.
    ///
    /// - Parameters:
    ///   - eventID: The event that the alert began with; empty for none.
    ///   - accessKeyID: The actor's key; empty for none.
    ///   - arn: The actor's ARN; empty for none.
    /// - Returns: nothing for the isolated partitions, whose console's address is not public: no link beats a wrong one.
    package func links(eventID: String, accessKeyID: String = "", arn: String = "") -> [Link] {
        guard let switchRole = switchRole() else { return [] }
        let event = eventID.isEmpty ? nil : eventPage(eventID)
        var links = [Link("switch_role", switchRole)]
        if let event { links.append(Link("event", event)) }
        if !accessKeyID.isEmpty { links.append(Link("access_key", history("AccessKeyId", accessKeyID))) }
        if let page = identityPage(arn) { links.append(page) }
        return links
    }

    /// Takes the role on in the account; nil where the console's address is not public.
    package func switchRole() -> String? {
        guard let console else { return nil }
        let items = [
            QueryItem("account", accountID), QueryItem("roleName", role),
            QueryItem("displayName", "\(role)@\(accountID)"),
        ]
        return "https://\(console.signIn)/switchrole?" + query(items)
    }

    /// One event in the event history.
    package func eventPage(_ eventID: String) -> String {
        "\(regional("cloudtrailv2"))#/events/\(PercentEncoding.encode(eventID))"
    }

    /// What the event history has of an attribute's value.
    private func history(_ attribute: String, _ value: String) -> String {
        "\(regional("cloudtrailv2"))#/events?\(attribute)=\(PercentEncoding.encode(value))"
    }

    /// The trails of the region.
    package var trailsPage: String { "\(regional("cloudtrailv2"))#/trails" }

    /// The page of a user or role in IAM, which has no regions.
    private func identityPage(_ arn: String) -> Link? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[4] == accountID else { return nil }
        let names = parts[5].split(separator: "/")
        guard names.count >= 2, let last = names.last else { return nil }
        let iam = "https://\(globalRegion).\(console?.domain ?? "console")/iam/home#"
        switch (parts[2], names[0]) {
        case ("iam", "user"): return Link("user", "\(iam)/users/details/\(PercentEncoding.encode(String(last)))")
        case ("iam", "role"): return Link("role", "\(iam)/roles/details/\(PercentEncoding.encode(String(last)))")
        case ("sts", "assumed-role"):
            return Link("role", "\(iam)/roles/details/\(PercentEncoding.encode(String(names[1])))")
        default: return nil
        }
    }

    /// A service's page in the region.
    private func regional(_ service: String) -> String {
        "https://\(effectiveRegion).\(console?.domain ?? "console")/\(service)/home?region=\(effectiveRegion)"
    }

    /// An alert's text is no reason to fail: a region of no known form gets the links of the standard partition.
    private var partition: Partition { Partition(region: region) ?? .standard }
    private var globalRegion: String { partition.globalRegion }

    /// What is put into the host's name has to be a region's.
    private var effectiveRegion: String { Partition(region: region) == nil ? globalRegion : region }

    /// The console's host without its region, and the sign-in's.
    private var console: (domain: String, signIn: String)? {
        switch partition {
        case .standard: ("console.aws.amazon.com", "signin.aws.amazon.com")
        case .china: ("console.amazonaws.cn", "signin.amazonaws.cn")
        case .government: ("console.amazonaws-us-gov.com", "signin.amazonaws-us-gov.com")
        case .european: ("console.amazonaws-eusc.eu", "\(effectiveRegion).signin.amazonaws-eusc.eu")
        case .iso, .isoB, .isoE, .isoF: nil
        }
    }

    private func query(_ items: [QueryItem]) -> String {
        items.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
    }
}
