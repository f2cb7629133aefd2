// SPDX-License-Identifier: Apache-2.0

import Detect
import GeoIP
import Logging

extension Geography {
    /// Opens and checks the databases that are configured.
    ///
    /// - Parameters:
    ///   - city: the file that tells where addresses are; nil for none.
    ///   - network: the file that tells whose they are.
    init(city: String?, network: String?, _ log: Logger) throws {
        func open(_ path: String?, _ kind: GeoDatabase.Kind, _ option: String) throws -> GeoDatabase? {
            guard let path else { return nil }
            do throws(GeoDatabase.Failure) {
                let database = try GeoDatabase(path: path, kind: kind)
                log.info("\(option): \(path) is \(database.type)")
                return database
            } catch { throw ConfigurationError("\(option): \(error)") }
        }
        let places = try open(city, .city, "--geoip-city")
        let networks = try open(network, .network, "--geoip-asn")
        var place: (@Sendable (String) -> Place?)?
        if let places { place = { address in places.location(of: address).map(Place.init) } }
        var number: (@Sendable (String) -> UInt32?)?
        if let networks { number = { address in networks.autonomousSystem(of: address) } }
        self.init(places: place, networks: number)
    }
}

extension Geography.Place {
    fileprivate init(_ location: GeoDatabase.Location) {
        self.init(
            latitude: location.latitude, longitude: location.longitude, radius: location.radius, name: location.name)
    }
}
