// SPDX-License-Identifier: Apache-2.0

/// Every limit of onboarding and verification.
package enum OnboardLimits {
    /// How old a trail's latest delivery may be. Deliveries come every five minutes or so where anything happens.
    package static let deliverySeconds = 3_600.0

    /// How old the latest digest may be. Digests come hourly, some minutes late.
    package static let digestSeconds = 3 * 3_600.0

    /// Hours of digests that verification validates.
    package static let digestHours = 3

    /// Days of a bucket's folders that are searched for the newest log file.
    package static let searchedDays = 3

    /// The largest log file that is read to see that it can be.
    package static let logFileBytes = 15 << 20

    /// Bytes of an external id. AWS takes 2 to 1,224 characters.
    package static let externalIDBytes = 16

    /// How long a role's name is in IAM.
    package static let roleNameBytes = 1...64
    /// Member accounts of one organisation.
    package static let memberAccounts = 10_000

    /// Findings that one check tells in its detail.
    package static let toldFindings = 3

    /// How many times a simulation of permissions is asked for before another proof has to do.
    package static let simulationAttempts = 2
}
