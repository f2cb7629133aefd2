// SPDX-License-Identifier: Apache-2.0

/// The address of an SQS queue in any of the forms that people have: a URL of today's or of the legacy hosts, of a VPC,
/// dual-stack or FIPS endpoint, an ARN, or a bare name.
///
/// Source: "Amazon SQS queue and message identifiers" and "Amazon SQS endpoints and quotas" in the AWS documentation.
package struct QueueAddress: Sendable, Hashable {
    /// Who answers for the queue.
    package enum Host: Sendable, Hashable {
        /// The endpoint of the queue's region.
        case regional
        /// An endpoint of AWS's own that is asked itself: a VPC's, a dual-stack or a FIPS one.
        case endpoint(String)
        /// A host that is none of AWS's: a stand-in's. Only an endpoint that the operator set can answer for it.
        case foreign(String)
    }

    /// The region that the address names; nil where it names none.
    package let region: String?
    /// The owner's twelve digits; nil for a bare name.
    package let accountID: String?
    /// The queue's name.
    package let name: String
    /// Who is asked.
    package let host: Host
    /// The URL that calls name the queue by; nil where it has to be asked for by name.
    let url: String?

    /// Reads an address.
    ///
    /// - Throws: an error that names what is wrong with it: nothing that is no queue's address is ever called.
    package init(_ text: String) throws(EndpointError) {
        if text.hasPrefix("arn:") {
            try self.init(arn: text)
        } else if text.contains("://") {
            try self.init(url: text)
        } else {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 2, let name = parts.last, Self.isName(name),
                parts.count == 1 || Self.isAccount(parts[0])
            else { throw Self.wrong(text, "it is neither a URL nor an ARN, nor a queue's name") }
            self.init(
                region: nil, accountID: parts.count == 2 ? parts[0] : nil, name: name, host: .regional, url: nil)
        }
    }

    private init(region: String?, accountID: String?, name: String, host: Host, url: String?) {
        self.region = region
        self.accountID = accountID
        self.name = name
        self.host = host
        self.url = url
    }

    /// `arn:aws:sqs:eu-west-1:111122223333:trail`
    private init(arn: String) throws(EndpointError) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[2] == "sqs", Self.isAccount(parts[4]), Self.isName(parts[5]) else {
            throw Self.wrong(arn, "it is no ARN of an SQS queue")
        }
        guard let named = Partition(rawValue: parts[1]) else {
            throw Self.wrong(arn, "'\(parts[1])' is no AWS partition that is known here")
        }
        let partition = try Partition.of(region: parts[3])
        guard partition == named else {
            throw Self.wrong(arn, "the region \(parts[3]) is not in the partition \(parts[1])")
        }
        self.init(
            region: parts[3], accountID: parts[4], name: parts[5], host: .regional,
            url: "https://sqs.\(parts[3]).\(partition.domain)/\(parts[4])/\(parts[5])")
    }

    private init(url: String) throws(EndpointError) {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard scheme == "https" || scheme == "http", let start = url.firstRange(of: "://")?.upperBound else {
            throw Self.wrong(url, "it begins with neither https:// nor http://")
        }
        var parts = url[start...].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.last == "" { parts.removeLast() }
        guard let name = parts.last, parts.count >= 3, Self.isName(name) else {
            throw Self.wrong(url, "its path is not /ACCOUNT/NAME")
        }
        let (host, region) = try Self.host(parts[0].lowercased(), of: url)
        let account = parts[parts.count - 2]
        if case .foreign = host {
        } else if parts.count != 3 || account.isEmpty || !account.utf8.allSatisfy(Self.isDigit) {
            throw Self.wrong(url, "its path is not /ACCOUNT/NAME")
        }
        self.init(
            region: region, accountID: Self.isAccount(account) ? account : nil, name: name, host: host, url: url)
    }

    /// Recognises the hosts of SQS, and the region in each.
    private static func host(_ text: String, of url: String) throws(EndpointError) -> (Host, String?) {
        let text = text.hasSuffix(":443") ? String(text.dropLast(4)) : text
        for partition in Partition.allCases {
            let ends = [(partition.dualStackDomain, true), (partition.domain, false)]
            for (end, isDualStack) in ends where text.hasSuffix("." + end) {
                let labels = text.dropLast(end.utf8.count + 1).split(separator: ".", omittingEmptySubsequences: false)
                guard let (host, region) = read(labels.map(String.init), text, isDualStack: isDualStack) else {
                    throw wrong(url, "\(text) is no host of SQS")
                }
                let found = try Partition.of(region: region)
                guard found.domain == partition.domain else {
                    throw wrong(url, "the region \(region) has no hosts in \(end)")
                }
                return (host, region)
            }
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }) else {
            throw wrong(url, "it has no host")
        }
        let labels = text.split(separator: ".").map(String.init)
        let hasRegion = labels.count > 2 && labels[0] == "sqs" && Partition(region: labels[1]) != nil
        return (.foreign(text), hasRegion ? labels[1] : nil)
    }

    /// Reads what stands before a partition's domain.
    private static func read(_ labels: [String], _ host: String, isDualStack: Bool) -> (Host, String)? {
        switch labels.count {
        case 2 where labels[0] == "sqs" && !isDualStack: (.regional, labels[1])
        case 2 where labels[0] == "sqs" || labels[0] == "sqs-fips": (.endpoint(host), labels[1])
        case 4 where labels[0].hasPrefix("vpce-") && labels[1] == "sqs" && labels[3] == "vpce":
            (.endpoint(host), labels[2])
        case 2 where labels[1] == "queue" && !isDualStack: (.regional, labels[0])
        // The first region's hosts have no region in them.
        case 1 where labels[0] == "queue" && !isDualStack: (.regional, "us-east-1")
        default: nil
        }
    }

    /// The queue's ARN; nil where the address leaves open whose queue it is, or where.
    package var arn: String? {
        guard let region, let accountID, let partition = Partition(region: region) else { return nil }
        return "arn:\(partition.rawValue):sqs:\(region):\(accountID):\(name)"
    }

    /// Checks that calls for the queue have somewhere to go.
    ///
    /// - Throws: where its host is none of AWS's and the operator set no endpoint.
    package func check(_ endpoints: EndpointResolver) throws(EndpointError) {
        guard case .foreign(let host) = host, !endpoints.isCustom(.sqs) else { return }
        throw Self.wrong(
            url ?? name, "\(host) is no host of SQS; for an endpoint of your own set AWS_ENDPOINT_URL_SQS")
    }

    private static func wrong(_ text: String, _ reason: String) -> EndpointError {
        EndpointError("'\(text)' is no queue's address: \(reason)")
    }

    private static func isAccount(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Up to 80 letters, digits, hyphens and underscores; a FIFO queue's name ends in `.fifo`.
    private static func isName(_ text: String) -> Bool {
        let stem = text.hasSuffix(".fifo") ? text.dropLast(5) : text[...]
        return !stem.isEmpty && text.utf8.count <= AWSLimits.queueNameBytes
            && stem.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
