// SPDX-License-Identifier: Apache-2.0

/// The services that Trailhound calls. The raw value is the service's name in signatures and in IAM policies.
package enum Service: String, Sendable, Hashable, CaseIterable {
    case cloudtrail
    case iam
    case kms
    case organizations
    case s3
    case sqs
    case sts

    /// The suffix of the environment variable that names this service's endpoint.
    var variable: String { rawValue.uppercased() }
}

/// Where a service is, and with what its requests are signed.
package struct Endpoint: Sendable, Hashable {
    /// `https` but for endpoints that the operator set.
    package let scheme: String
    /// The host, with a port where it is not the scheme's own.
    package let host: String
    /// What comes before the path of every request: empty, or `/…` without a slash at its end.
    package let basePath: String
    /// The region in the signature's scope.
    package let signingRegion: String
    /// Whether the operator set it. Such an endpoint takes S3's buckets in the path.
    package let isCustom: Bool
}

/// Finds endpoints, by AWS's rules or as the operator says.
///
/// Sources: "Service endpoints and quotas" in the AWS general reference; "Service-specific endpoints" and "Dual-stack
/// and FIPS endpoints" in the AWS SDKs and tools reference.
package struct EndpointResolver: Sendable, Hashable {
    /// Prefer endpoints whose cryptography is validated to FIPS 140.
    package var usesFIPS: Bool
    /// Endpoints of single services.
    package var overrides: [Service: String]
    /// The endpoint of every other service.
    package var override: String?

    /// Takes the operator's choices.
    package init(usesFIPS: Bool = false, override: String? = nil, overrides: [Service: String] = [:]) {
        self.usesFIPS = usesFIPS
        self.override = override
        self.overrides = overrides
    }

    /// Reads AWS_USE_FIPS_ENDPOINT, AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_S3 and its like.
    package init(environment: [String: String]) {
        self.init(usesFIPS: environment["AWS_USE_FIPS_ENDPOINT"]?.lowercased() == "true")
        guard environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() != "true" else { return }
        override = environment["AWS_ENDPOINT_URL"].flatMap { $0.isEmpty ? nil : $0 }
        for service in Service.allCases {
            guard let url = environment["AWS_ENDPOINT_URL_" + service.variable], !url.isEmpty else { continue }
            overrides[service] = url
        }
    }

    /// The endpoint of `service` for `region`. Throws when the region or an operator's address is none.
    package func endpoint(_ service: Service, region: String) throws(EndpointError) -> Endpoint {
        if let url = overrides[service] ?? override {
            guard Self.isRegion(region) else { throw EndpointError("'\(region)' is no AWS region") }
            // An endpoint of the operator's own may be no AWS, with regions of other forms.
            let partition = Partition(region: region)
            return try custom(url, signingRegion: Self.signingRegion(service, region: region, in: partition))
        }
        let partition = try Partition.of(region: region)
        let signingRegion = Self.signingRegion(service, region: region, in: partition)
        return Endpoint(
            scheme: "https", host: host(service, region: region, in: partition), basePath: "",
            signingRegion: signingRegion, isCustom: false)
    }

    /// Tells whether the operator set the endpoint of a service.
    package func isCustom(_ service: Service) -> Bool { (overrides[service] ?? override) != nil }

    private static func signingRegion(_ service: Service, region: String, in partition: Partition?) -> String {
        switch service {
        case .iam: partition?.globalRegion ?? region
        case .organizations: partition?.organizationsRegion ?? region
        case .cloudtrail, .kms, .s3, .sqs, .sts: region
        }
    }

    private func host(_ service: Service, region: String, in partition: Partition) -> String {
        switch (service, partition) {
        // IAM is one endpoint a partition.
        case (.iam, .china): return "iam.cn-north-1.amazonaws.com.cn"
        case (.iam, .government): return "iam.us-gov.amazonaws.com"
        case (.iam, .standard): return usesFIPS ? "iam-fips.amazonaws.com" : "iam.amazonaws.com"
        case (.iam, _): return "iam.\(partition.globalRegion).\(partition.domain)"
        // Organizations is one endpoint a partition, too, under the name of its region.
        case (.organizations, _):
            let suffix = usesFIPS && partition == .standard ? "-fips" : ""
            return "organizations\(suffix).\(partition.organizationsRegion).\(partition.domain)"
        // In GovCloud the plain endpoints of these are the validated ones, and there are no others.
        case (.sts, .government), (.sqs, .government), (.cloudtrail, .government):
            return "\(service.rawValue).\(region).amazonaws.com"
        default:
            // China has no FIPS endpoints.
            let suffix = usesFIPS && partition != .china ? "-fips" : ""
            return "\(service.rawValue)\(suffix).\(region).\(partition.domain)"
        }
    }

    private func custom(_ url: String, signingRegion: String) throws(EndpointError) -> Endpoint {
        let scheme: String
        if url.hasPrefix("https://") {
            scheme = "https"
        } else if url.hasPrefix("http://") {
            scheme = "http"
        } else {
            throw EndpointError("the endpoint '\(url)' does not begin with http:// or https://")
        }
        let rest = url.dropFirst(scheme.count + 3)
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty, rest.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "?" && $0 != "#" && $0 != "@" })
        else { throw EndpointError("the endpoint '\(url)' is no plain address") }
        var path = String(rest.dropFirst(host.count))
        while path.hasSuffix("/") { path.removeLast() }
        return Endpoint(
            scheme: scheme, host: String(host), basePath: path, signingRegion: signingRegion, isCustom: true)
    }

    /// Whether a text can be a region's name: it becomes part of a host's name.
    package static func isRegion(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        return allowed && (3...32).contains(text.utf8.count) && !text.hasPrefix("-")
    }
}

/// Why there is no endpoint.
package struct EndpointError: Error, Sendable, Hashable {
    /// What to tell a person.
    package let message: String

    init(_ message: String) { self.message = message }
}
