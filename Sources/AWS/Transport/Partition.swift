// SPDX-License-Identifier: Apache-2.0

/// AWS's separate worlds, each with accounts, IAM and names of its own.
///
/// Source: `partitions.json` of the AWS SDKs, as of botocore 1.44.
package enum Partition: String, Sendable, Hashable, CaseIterable {
    case standard = "aws"
    case china = "aws-cn"
    case government = "aws-us-gov"
    case iso = "aws-iso"
    case isoB = "aws-iso-b"
    case isoE = "aws-iso-e"
    case isoF = "aws-iso-f"
    case european = "aws-eusc"

    /// The partition of a region by the form of its name (`eusc-de-east-1`); nil for a form that no partition has.
    package init?(region: String) {
        let parts = region.split(separator: "-", omittingEmptySubsequences: false)
        guard EndpointResolver.isRegion(region), (3...4).contains(parts.count), let number = parts.last,
            !number.isEmpty, number.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            parts.allSatisfy({ !$0.isEmpty })
        else { return nil }
        switch (parts[0], parts.count == 4 ? parts[1] : "") {
        case ("us", "gov"): self = .government
        case ("us", "iso"): self = .iso
        case ("us", "isob"): self = .isoB
        case ("eu", "isoe"): self = .isoE
        case ("us", "isof"): self = .isoF
        case ("eusc", let country) where !country.isEmpty: self = .european
        case ("cn", ""): self = .china
        case ("us", ""), ("eu", ""), ("ap", ""), ("sa", ""), ("ca", ""), ("me", ""), ("af", ""), ("il", ""),
            ("mx", ""):
            self = .standard
        default: return nil
        }
    }

    /// The partition that an ARN names, or nil when it is none of these.
    package init?(arn: String) {
        let parts = arn.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "arn" else { return nil }
        self.init(rawValue: String(parts[1]))
    }

    /// The partition of a region.
    ///
    /// - Throws: an error that names the region, where no partition has its form.
    package static func of(region: String) throws(EndpointError) -> Partition {
        guard EndpointResolver.isRegion(region) else { throw EndpointError("'\(region)' is no AWS region") }
        guard let partition = Partition(region: region) else {
            throw EndpointError(
                "the region '\(region)' is in no AWS partition that is known here "
                    + "(\(allCases.map(\.rawValue).joined(separator: ", ")))")
        }
        return partition
    }

    /// The end of the hosts of the partition's endpoints.
    package var domain: String {
        switch self {
        case .standard, .government: "amazonaws.com"
        case .china: "amazonaws.com.cn"
        case .iso: "c2s.ic.gov"
        case .isoB: "sc2s.sgov.gov"
        case .isoE: "cloud.adc-e.uk"
        case .isoF: "csp.hci.ic.gov"
        case .european: "amazonaws.eu"
        }
    }

    /// The end of the hosts of the partition's endpoints that speak IPv6 as well.
    var dualStackDomain: String {
        switch self {
        case .standard, .government: "api.aws"
        case .china: "api.amazonwebservices.com.cn"
        case .iso: "api.aws.ic.gov"
        case .isoB: "api.aws.scloud"
        case .isoE: "api.cloud-aws.adc-e.uk"
        case .isoF: "api.aws.hci.ic.gov"
        case .european: "api.amazonwebservices.eu"
        }
    }

    /// The region where the partition's organisations are kept.
    var organizationsRegion: String { self == .china ? "cn-northwest-1" : globalRegion }

    /// The region that signs for the partition's global services.
    package var globalRegion: String {
        switch self {
        case .standard: "us-east-1"
        case .china: "cn-north-1"
        case .government: "us-gov-west-1"
        case .iso: "us-iso-east-1"
        case .isoB: "us-isob-east-1"
        case .isoE: "eu-isoe-west-1"
        case .isoF: "us-isof-south-1"
        case .european: "eusc-de-east-1"
        }
    }
}
