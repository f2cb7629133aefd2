// SPDX-License-Identifier: Apache-2.0

import JSON

extension Envelope {
    /// The account that a refused record claims, where it can be read: for who looks for it, never believed.
    package static func claimedAccount(_ extractor: RecordExtractor, _ fields: EnvelopeFields) -> AccountID? {
        let text =
            extractor.text(fields.recipientAccountID) ?? extractor.text(fields.accountID)
            // Aggregated events have one at the top.
            ?? extractor.text(fields.ownAccountID)
        return text.flatMap { AccountID($0) }
    }
}
