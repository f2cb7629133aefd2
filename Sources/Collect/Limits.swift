// SPDX-License-Identifier: Apache-2.0

/// Every limit on what a collector takes.
package enum CollectLimits {
    /// The largest message. SQS's own limit is 1 MiB.
    package static let messageBytes = 1 << 20

    /// How many SNS envelopes may be around a notification.
    package static let envelopes = 3

    /// The most objects that one message may name.
    package static let objectsPerMessage = 10_000
}
