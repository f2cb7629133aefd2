// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The calls to AWS CloudTrail.
package struct Trails: Sendable {
    private let client: AWSClient

    /// Calls with `client`, in its region unless a call names another.
    package init(_ client: AWSClient) { self.client = client }

    /// A trail's settings.
    package struct Trail: Sendable, Hashable, Decodable {
        package let name: String
        package let arn: String
        /// Where the trail was made; its settings and status are read there.
        package let homeRegion: String
        package let bucket: String
        package let keyPrefix: String?
        package let snsTopicARN: String?
        package let kmsKeyID: String?
        package let includesGlobalServiceEvents: Bool
        package let isMultiRegion: Bool
        package let isOrganization: Bool
        package let validatesLogFiles: Bool

        private enum CodingKeys: String, CodingKey {
            case name = "Name"
            case arn = "TrailARN"
            case homeRegion = "HomeRegion"
            case bucket = "S3BucketName"
            case keyPrefix = "S3KeyPrefix"
            case snsTopicARN = "SnsTopicARN"
            case kmsKeyID = "KmsKeyId"
            case includesGlobalServiceEvents = "IncludeGlobalServiceEvents"
            case isMultiRegion = "IsMultiRegionTrail"
            case isOrganization = "IsOrganizationTrail"
            case validatesLogFiles = "LogFileValidationEnabled"
        }

        package init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            name = try fields.decode(String.self, forKey: .name)
            arn = try fields.decode(String.self, forKey: .arn)
            homeRegion = try fields.decodeIfPresent(String.self, forKey: .homeRegion) ?? ""
            bucket = try fields.decodeIfPresent(String.self, forKey: .bucket) ?? ""
            keyPrefix = try fields.decodeIfPresent(String.self, forKey: .keyPrefix)
            snsTopicARN = try fields.decodeIfPresent(String.self, forKey: .snsTopicARN)
            kmsKeyID = try fields.decodeIfPresent(String.self, forKey: .kmsKeyID)
            let flag = { (key: CodingKeys) in try fields.decodeIfPresent(Bool.self, forKey: key) ?? false }
            includesGlobalServiceEvents = try flag(.includesGlobalServiceEvents)
            isMultiRegion = try flag(.isMultiRegion)
            isOrganization = try flag(.isOrganization)
            validatesLogFiles = try flag(.validatesLogFiles)
        }
    }

    /// How a trail does.
    package struct Status: Sendable, Hashable, Decodable {
        package let isLogging: Bool
        /// Seconds since 1970, as all times here.
        package let latestDeliveryTime: Double?
        /// S3's error code of the last delivery, if it failed.
        package let latestDeliveryError: String?
        package let latestNotificationError: String?
        package let latestDigestDeliveryTime: Double?
        package let latestDigestDeliveryError: String?
        package let startLoggingTime: Double?
        package let stopLoggingTime: Double?

        private enum CodingKeys: String, CodingKey {
            case isLogging = "IsLogging"
            case latestDeliveryTime = "LatestDeliveryTime"
            case latestDeliveryError = "LatestDeliveryError"
            case latestNotificationError = "LatestNotificationError"
            case latestDigestDeliveryTime = "LatestDigestDeliveryTime"
            case latestDigestDeliveryError = "LatestDigestDeliveryError"
            case startLoggingTime = "StartLoggingTime"
            case stopLoggingTime = "StopLoggingTime"
        }
    }

    /// One condition of an advanced event selector.
    package struct FieldSelector: Sendable, Hashable, Decodable {
        package let field: String
        package let equals: [String]?
        package let notEquals: [String]?
        package let startsWith: [String]?
        package let notStartsWith: [String]?
        package let endsWith: [String]?
        package let notEndsWith: [String]?

        private enum CodingKeys: String, CodingKey {
            case field = "Field"
            case equals = "Equals"
            case notEquals = "NotEquals"
            case startsWith = "StartsWith"
            case notStartsWith = "NotStartsWith"
            case endsWith = "EndsWith"
            case notEndsWith = "NotEndsWith"
        }
    }

    /// Which events a trail takes, in either of the two forms.
    package struct EventSelectors: Sendable, Hashable, Decodable {
        /// A selector of the older form.
        package struct Basic: Sendable, Hashable, Decodable {
            /// A kind of data events and the resources that they are taken of.
            package struct DataResource: Sendable, Hashable, Decodable {
                package let type: String
                package let values: [String]?

                private enum CodingKeys: String, CodingKey {
                    case type = "Type"
                    case values = "Values"
                }
            }
            /// ReadOnly, WriteOnly or All.
            package let readWriteType: String?
            package let includesManagementEvents: Bool?
            package let dataResources: [DataResource]?
            package let excludedManagementEventSources: [String]?

            private enum CodingKeys: String, CodingKey {
                case readWriteType = "ReadWriteType"
                case includesManagementEvents = "IncludeManagementEvents"
                case dataResources = "DataResources"
                case excludedManagementEventSources = "ExcludeManagementEventSources"
            }
        }

        /// A selector of the newer form: all its conditions have to hold.
        package struct Advanced: Sendable, Hashable, Decodable {
            package let name: String?
            package let fields: [FieldSelector]

            private enum CodingKeys: String, CodingKey {
                case name = "Name"
                case fields = "FieldSelectors"
            }
        }

        package let basic: [Basic]?
        package let advanced: [Advanced]?

        private enum CodingKeys: String, CodingKey {
            case basic = "EventSelectors"
            case advanced = "AdvancedEventSelectors"
        }
    }

    /// A key that digests are signed with.
    package struct PublicKey: Sendable, Hashable, Decodable {
        /// What a digest calls the key.
        package let fingerprint: String
        /// The key as PKCS#1 in DER.
        package let der: [UInt8]
        /// From when on it signs, in seconds since 1970.
        package let validFrom: Double
        /// Until when.
        package let validUntil: Double

        private enum CodingKeys: String, CodingKey {
            case fingerprint = "Fingerprint"
            case value = "Value"
            case validFrom = "ValidityStartTime"
            case validUntil = "ValidityEndTime"
        }

        package init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            fingerprint = try fields.decode(String.self, forKey: .fingerprint)
            der = Array(try fields.decode(Data.self, forKey: .value))
            validFrom = try fields.decodeIfPresent(Double.self, forKey: .validFrom) ?? 0
            validUntil = try fields.decodeIfPresent(Double.self, forKey: .validUntil) ?? .infinity
        }
    }

    /// An event of the last 90 days.
    package struct FoundEvent: Sendable, Hashable, Decodable {
        package let eventID: String
        /// The whole record as JSON.
        package let record: String

        private enum CodingKeys: String, CodingKey {
            case eventID = "EventId"
            case record = "CloudTrailEvent"
        }
    }

    /// All trails that take the region's events; shadow trails are those made in other regions or by the organisation.
    package func describeTrails(includingShadowTrails: Bool = true, region: String? = nil) async throws -> [Trail] {
        struct Output: Decodable { let trailList: [Trail]? }
        let input = ["includeShadowTrails": includingShadowTrails]
        return try await call("DescribeTrails", input, region: region, as: Output.self).trailList ?? []
    }

    /// How a trail does. Another account's or region's trail is named by its ARN.
    package func status(of trail: String, region: String? = nil) async throws -> Status {
        try await call("GetTrailStatus", ["Name": trail], region: region, as: Status.self)
    }

    /// Which events a trail takes.
    package func eventSelectors(of trail: String, region: String? = nil) async throws -> EventSelectors {
        try await call("GetEventSelectors", ["TrailName": trail], region: region, as: EventSelectors.self)
    }

    /// Makes a stopped trail go on.
    package func startLogging(_ trail: String, region: String? = nil) async throws {
        _ = try await call("StartLogging", ["Name": trail], region: region, as: EmptyOutput.self)
    }

    /// The keys that signed a region's digests between two times. Each region has its own.
    package func publicKeys(from start: Date, until end: Date, region: String) async throws -> [PublicKey] {
        struct Input: Encodable {
            let StartTime: Double
            let EndTime: Double
            let NextToken: String?
        }
        struct Output: Decodable {
            let PublicKeyList: [PublicKey]?
            let NextToken: String?
        }
        return try await Paging.all("cloudtrail:ListPublicKeys") { token in
            let input = Input(
                StartTime: start.timeIntervalSince1970, EndTime: end.timeIntervalSince1970, NextToken: token)
            let output = try await call("ListPublicKeys", input, region: region, as: Output.self)
            return (output.PublicKeyList ?? [], output.NextToken)
        }
    }

    /// One page of a region's management events between two times, newest first, and the token of the next.
    package func lookupEvents(
        from start: Date, until end: Date, region: String? = nil, token: String? = nil
    ) async throws -> (events: [FoundEvent], next: String?) {
        struct Input: Encodable {
            let StartTime: Double
            let EndTime: Double
            let NextToken: String?
            let MaxResults = 50
        }
        struct Output: Decodable {
            let Events: [FoundEvent]?
            let NextToken: String?
        }
        let input = Input(StartTime: start.timeIntervalSince1970, EndTime: end.timeIntervalSince1970, NextToken: token)
        let output = try await call("LookupEvents", input, region: region, as: Output.self)
        return (output.Events ?? [], output.NextToken)
    }

    private func call<Output: Decodable>(
        _ operation: String, _ input: some Encodable, region: String?, as output: Output.Type
    ) async throws -> Output {
        try await client.json(
            .cloudtrail, operation,
            target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." + operation, version: "1.1", input,
            region: region, as: output)
    }
}
