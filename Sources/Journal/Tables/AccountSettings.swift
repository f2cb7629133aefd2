// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What an account's row keeps beside its columns, as JSON: how the account is reached, and how it does.
package struct AccountSettings: Codable, Hashable, Sendable {
    /// What the trust policies of the account's roles ask for. Made once, and kept.
    package var externalID: String
    /// The role to read with; empty for the service's own credentials.
    package var roleARN: String
    /// The trail's home region; empty where none was named.
    package var region: String
    /// The trail's name or ARN; empty where none was named.
    package var trail: String
    /// The trail's bucket; empty where none was named.
    package var bucket: String
    /// The trail's key prefix.
    package var keyPrefix: String
    /// `o-…` for an organisation's trail.
    package var organizationID: String
    /// The queue that tells of new files; empty for none.
    package var queueURL: String
    /// The name of the analysts' role; empty for the usual one.
    package var consoleRole: String
    /// Since when the account is degraded, in milliseconds since 1970; nil while it is not.
    package var degradedSince: Int64?
    /// Why it is.
    package var degradedReason: String?

    /// Nothing is known.
    package init(
        externalID: String = "", roleARN: String = "", region: String = "", trail: String = "", bucket: String = "",
        keyPrefix: String = "", organizationID: String = "", queueURL: String = "", consoleRole: String = ""
    ) {
        self.externalID = externalID
        self.roleARN = roleARN
        self.region = region
        self.trail = trail
        self.bucket = bucket
        self.keyPrefix = keyPrefix
        self.organizationID = organizationID
        self.queueURL = queueURL
        self.consoleRole = consoleRole
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        // What an older version did not write is empty.
        let text = { (key: CodingKeys) in try fields.decodeIfPresent(String.self, forKey: key) ?? "" }
        externalID = try text(.externalID)
        roleARN = try text(.roleARN)
        region = try text(.region)
        trail = try text(.trail)
        bucket = try text(.bucket)
        keyPrefix = try text(.keyPrefix)
        organizationID = try text(.organizationID)
        queueURL = try text(.queueURL)
        consoleRole = try text(.consoleRole)
        degradedSince = try fields.decodeIfPresent(Int64.self, forKey: .degradedSince)
        degradedReason = try fields.decodeIfPresent(String.self, forKey: .degradedReason)
    }
}

extension AccountRow {
    /// What `extra` holds; nothing where it can't be read.
    package var settings: AccountSettings {
        get { (try? JSONDecoder().decode(AccountSettings.self, from: Data(extra.utf8))) ?? AccountSettings() }
        set {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            if let data = try? encoder.encode(newValue) { extra = String(decoding: data, as: UTF8.self) }
        }
    }

    /// Whether there are settings that can't be read: then nothing may be stored over them.
    package var hasDamagedSettings: Bool {
        !extra.isEmpty && (try? JSONDecoder().decode(AccountSettings.self, from: Data(extra.utf8))) == nil
    }

    /// What the trust policies of the account's roles ask for.
    package var externalID: String { settings.externalID }
}
