// SPDX-License-Identifier: Apache-2.0

/// The forms that AWS gives the names of what remediations act on.
///
/// Sources: the patterns of `accessKeyIdType`, `existingUserNameType` and `roleNameType` in the IAM API reference, and of
/// trail names in the CloudTrail user guide.
extension RemediationTarget {
    /// A reason why the subject can be no target of its kind, or nil. It reads the text alone: no call is made.
    package var flaw: String? {
        switch subject {
        case .accessKey(let id, _): Self.flaw(ofKey: id)
        case .user(let name): Self.flaw(ofName: name, kind: "user")
        case .role(let name): Self.flaw(ofName: name, kind: "role")
        case .trail(let trail, _): Self.flaw(ofTrail: trail, accountID: accountID)
        }
    }

    private static func flaw(ofKey id: String) -> String? {
        let isKey =
            (id.hasPrefix("AKIA") || id.hasPrefix("ASIA")) && RespondLimits.accessKeyBytes.contains(id.utf8.count)
            && id.utf8.allSatisfy { isUppercase($0) || isDigit($0) }
        return isKey ? nil : "'\(id)' is no access key's id, which is AKIA and 16 letters and digits"
    }

    private static func flaw(ofName name: String, kind: String) -> String? {
        let isName =
            RespondLimits.principalNameBytes.contains(name.utf8.count)
            && name.utf8.allSatisfy { isUppercase($0) || isLowercase($0) || isDigit($0) || "_+=,.@-".utf8.contains($0) }
        guard !isName else { return nil }
        return "'\(name)' is no \(kind)'s name: give the name alone, without its path or ARN"
    }

    private static func flaw(ofTrail trail: String, accountID: String) -> String? {
        guard trail.hasPrefix("arn:") else { return isTrailName(trail) ? nil : "'\(trail)' is no trail's name or ARN" }
        let parts = trail.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "cloudtrail", parts[5].hasPrefix("trail/"),
            isTrailName(String(parts[5].dropFirst(6)))
        else { return "'\(trail)' is no trail's ARN" }
        return parts[4] == accountID ? nil : "the trail is of account \(parts[4]), not of \(accountID)"
    }

    private static func isTrailName(_ name: String) -> Bool {
        RespondLimits.trailNameBytes.contains(name.utf8.count)
            && name.utf8.allSatisfy { isUppercase($0) || isLowercase($0) || isDigit($0) || "._-".utf8.contains($0) }
    }

    private static func isUppercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    private static func isLowercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
