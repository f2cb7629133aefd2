// SPDX-License-Identifier: Apache-2.0

import CloudTrail

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An inline policy that Trailhound puts on a user or role: one statement that denies everything under a condition.
///
/// The conditions look at `aws:TokenIssueTime`, which only requests with temporary credentials carry. Requests with a
/// long-term key don't have it, so that a deny leaves them alone.
///
/// - The sessions of a role: those issued before a time, as AWS's own "Revoke active sessions" does it. That time lies
///   a little ahead, for sessions that are taken on while the policy spreads.
/// - The temporary credentials of a user: all of them, from GetSessionToken, GetFederationToken and the console. A time
///   would let in whoever still holds a key or the password and takes new ones.
/// - The console: all temporary credentials of the user itself, whose principal type is `User`. A password can't be
///   switched off and on: DeleteLoginProfile and a reset by UpdateLoginProfile lose it, and both leave open sessions
///   alone. With this policy the person can still sign in, can do nothing there, sessions that are open end, and a
///   rollback gives back what was. IAM tells console sessions and those of GetSessionToken not apart, so it denies
///   both; federated sessions and long-term keys stay.
///
/// Sources: "Revoke IAM role temporary security credentials", "Disabling permissions for temporary security
/// credentials" and "AWS global condition context keys" in the IAM user guide.
package struct DenyPolicy: Sendable, Hashable {
    enum Condition: Sendable, Hashable {
        /// Sessions issued before a time, in whole seconds.
        case sessionsBefore(Milliseconds)
        case temporaryCredentials
        case console
    }

    let condition: Condition

    /// The names of all policies that Trailhound puts.
    package static let names = Set(RemediationAction.allCases.compactMap(\.policyName))

    init(_ condition: Condition) { self.condition = condition }

    /// The policy's name in IAM, and its statement's Sid.
    package var name: String {
        switch condition {
        case .sessionsBefore: "TrailhoundRevokeSessions"
        case .temporaryCredentials: "TrailhoundDenyUser"
        case .console: "TrailhoundDenyConsole"
        }
    }

    /// The policy as JSON.
    package var document: String {
        let text =
            switch condition {
            case .sessionsBefore(let time): #"{"DateLessThan":{"aws:TokenIssueTime":"\#(EventTime.format(time))"}}"#
            case .temporaryCredentials: #"{"Null":{"aws:TokenIssueTime":"false"}}"#
            case .console:
                #"{"Null":{"aws:TokenIssueTime":"false"},"StringEquals":{"aws:PrincipalType":"User"}}"#
            }
        return #"{"Version":"2012-10-17","Statement":[{"Sid":"\#(name)","Effect":"Deny","Action":"*","Resource":"*","#
            + #""Condition":\#(text)}]}"#
    }

    /// Reads a policy, or gives nil where it is not one of these to the letter, white space and order aside.
    package init?(_ document: String) {
        guard let found = JSONText(document), case .object(let top) = found,
            case .array(let statements)? = top["Statement"], case .object(let statement)? = statements.first,
            case .object(let conditions)? = statement["Condition"]
        else { return nil }
        var candidates: [Condition] = [.temporaryCredentials, .console]
        if case .object(let dates)? = conditions["DateLessThan"], case .string(let text)? = dates["aws:TokenIssueTime"],
            let time = EventTime.parse(text)
        {
            candidates = [.sessionsBefore(time)]
        }
        guard let known = candidates.first(where: { JSONText(DenyPolicy($0).document) == found }) else { return nil }
        condition = known
    }

    /// Whether this policy denies at least what `other` is to deny: for sessions, those until the moment at which
    /// `other` was made, without what it lies ahead. So ten alerts at once revoke a role's sessions once.
    func covers(_ other: DenyPolicy) -> Bool {
        if case (.sessionsBefore(let own), .sessionsBefore(let others)) = (condition, other.condition) {
            return own >= others - RespondLimits.revocationAhead
        }
        return self == other
    }
}

/// A JSON value, to compare two texts that may differ in order and white space. Numbers are not in policies of ours.
private enum JSONText: Hashable, Decodable {
    case string(String)
    case array([JSONText])
    case object([String: JSONText])

    init?(_ text: String) {
        guard let value = try? JSONDecoder().decode(JSONText.self, from: Data(text.utf8)) else { return nil }
        self = value
    }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let items = try? value.decode([JSONText].self) {
            self = .array(items)
        } else {
            self = .object(try value.decode([String: JSONText].self))
        }
    }
}
