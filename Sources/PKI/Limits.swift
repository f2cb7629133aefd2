// SPDX-License-Identifier: Apache-2.0

/// The numbers of the PKI.
package enum PKILimits {
    /// How long a development CA is valid, in days.
    package static let authorityDays = 3_650
    /// How long a server's or a client's certificate is valid, in days, unless told otherwise.
    package static let leafDays = 365
    /// The longest validity that is granted to a server's or a client's certificate, in days.
    package static let leafDaysMost = 3_650
    /// A development certificate that ends within so many days is minted anew.
    package static let renewalDays = 30
    /// New certificates are valid from so many seconds ago, so that a peer whose clock is late takes them.
    package static let backdatingSeconds: Int64 = 300
    /// Accounts that one certificate may name.
    package static let accounts = 512
    /// The length of a PEM file that is read.
    package static let fileBytes = 1 << 20
    /// The length of a store's file: some hundred thousand certificates.
    package static let storeBytes = 64 << 20
    /// The length of a common name, X.509's own bound.
    package static let commonNameLetters = 64
}
