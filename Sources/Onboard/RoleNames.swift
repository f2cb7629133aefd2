// SPDX-License-Identifier: Apache-2.0

import Cryptography

/// The names of the roles that the printed policies make.
package enum RoleNames {
    /// What the service and its collectors read with.
    package static let read = "TrailhoundRead"
    /// What remediations act with.
    package static let respond = "TrailhoundRemediation"
    /// What analysts take on in the console.
    package static let analyst = "TrailhoundAnalyst"
    /// What lists an organisation's accounts.
    package static let organization = "TrailhoundOrganization"

    /// Whether IAM takes a text as a role's name: 1 to 64 letters, digits and `_+=,.@-`.
    package static func isName(_ text: String) -> Bool {
        OnboardLimits.roleNameBytes.contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_+=,.@-".utf8.contains(byte)
                }
            }
    }

    /// The ARN of a role in an account.
    package static func arn(_ name: String, account: String, partition: String = "aws") -> String {
        "arn:\(partition):iam::\(account):role/\(name)"
    }
}

/// The secret half of nothing: an external id tells one customer's roles from another's, so that no Trailhound can be
/// talked into using them for somebody else (the confused deputy). It is random, and nobody chooses it.
package enum ExternalID {
    /// A new one.
    package static func make() -> String {
        "trailhound-" + Hexadecimal.encode(SecureRandom.bytes(OnboardLimits.externalIDBytes))
    }
}
