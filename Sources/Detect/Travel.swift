// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Glibc
import Sigma

/// What `trailhound: impossible_travel` asks for: that an actor's successful calls came from places that lie further
/// apart than anybody travels in the time between them. The later event is the match.
package struct ImpossibleTravel: Hashable, Sendable {
    /// Kilometres an hour that nobody exceeds.
    package var speed: Double
    /// Kilometres below which no two places are looked at.
    package var distance: Double
    /// Networks whose addresses say nothing of where somebody is: VPNs and clouds.
    package var ignored: SigmaNetworkSet

    package init(
        speed: Double = DetectLimits.travelSpeed, distance: Double = DetectLimits.travelDistance,
        ignored: SigmaNetworkSet = SigmaNetworkSet()
    ) {
        self.speed = speed
        self.distance = distance
        self.ignored = ignored
    }

    /// The placeholders whose networks are passed over where the rule does not say which.
    package static let usuallyIgnored = ["vpn_networks", "cloud_networks"]

    /// How far back an event can make another one impossible: half the globe at the speed, in milliseconds.
    var reach: Milliseconds { Milliseconds(Geography.farthest / speed * 3_600_000) }

    /// Whether nobody was at both places at these times. The places' inaccuracy speaks for the traveller.
    func isImpossible(_ kilometres: Double, within time: Milliseconds) -> Bool {
        kilometres >= distance && kilometres > speed * Double(time) / 3_600_000
    }
}

/// Where addresses are. A value that asks whatever it was made of; the service gives it its databases.
package struct Geography: Sendable {
    /// Where an address is, about.
    package struct Place: Hashable, Sendable {
        /// In degrees.
        package let latitude: Double
        package let longitude: Double
        /// How far from there it may be, in kilometres.
        package let radius: Double
        /// For a person to read; may be empty.
        package let name: String

        package init(latitude: Double, longitude: Double, radius: Double = 0, name: String = "") {
            self.latitude = latitude
            self.longitude = longitude
            self.radius = radius
            self.name = name
        }
    }

    /// What of the world is known.
    package enum Knowledge: String, Sendable, CaseIterable {
        case city = "a city database (--geoip-city)"
        case network = "an ASN database (--geoip-asn)"
    }

    private let places: (@Sendable (String) -> Place?)?
    private let networks: (@Sendable (String) -> UInt32?)?

    /// - Parameters:
    ///   - places: gives an address its place, nil for one that is nowhere known; nil where there is no database.
    ///   - networks: gives an address its autonomous system's number.
    package init(
        places: (@Sendable (String) -> Place?)? = nil, networks: (@Sendable (String) -> UInt32?)? = nil
    ) {
        self.places = places
        self.networks = networks
    }

    /// Without any database.
    package static let none = Geography()

    package func has(_ knowledge: Knowledge) -> Bool {
        switch knowledge {
        case .city: places != nil
        case .network: networks != nil
        }
    }

    func place(of address: String) -> Place? { places?(address) }

    func network(of address: String) -> UInt32? { networks?(address) }

    /// Half of the Earth's circumference in kilometres, rounded up.
    static let farthest = 20_038.0
}

extension Geography.Place {
    /// Kilometres between two places at the least: on a sphere, less what both may be off. Never negative.
    func distance(to other: Self) -> Double {
        let radians = Double.pi / 180
        let (south, north) = (latitude * radians, other.latitude * radians)
        let (up, along) = ((north - south) / 2, (other.longitude - longitude) * radians / 2)
        let chord = sin(up) * sin(up) + cos(south) * cos(north) * sin(along) * sin(along)
        let arc = 2 * asin(min(1, chord.squareRoot()))
        return max(0, arc * 6_371 - radius - other.radius)
    }
}

/// A rule with `impossible_travel` held on a successful event whose source address has a place.
package struct TravelObservation: Sendable {
    /// The match that it is if the actor can't have travelled there.
    package let match: Match
    /// Whether the detection is on trial in the account: then the match is counted, and raises no alert.
    package let isOnTrial: Bool
    package let travel: ImpossibleTravel
    package let place: Geography.Place

    package init(match: Match, isOnTrial: Bool = false, travel: ImpossibleTravel, place: Geography.Place) {
        self.match = match
        self.isOnTrial = isOnTrial
        self.travel = travel
        self.place = place
    }
}
