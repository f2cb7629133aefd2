// SPDX-License-Identifier: Apache-2.0

/// Every limit of databases of addresses.
package enum GeoLimits {
    /// The largest database, in bytes: a city database of the whole world has some 130 million.
    package static let databaseBytes = 2 << 30
    /// How deep the values of one entry may nest. Real ones have five levels.
    package static let depth = 32
    /// The most values of one entry, those that it refers to included. Real ones have some two hundred.
    package static let entryValues = 20_000
    /// The longest name of a city or country, in bytes.
    package static let nameBytes = 256
}
