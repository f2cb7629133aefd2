// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Testing

@Suite struct PartitionTests {
    @Test(arguments: [
        ("us-east-1", "sqs.us-east-1.amazonaws.com", "iam.amazonaws.com", "us-east-1", "aws"),
        ("mx-central-1", "sqs.mx-central-1.amazonaws.com", "iam.amazonaws.com", "us-east-1", "aws"),
        (
            "cn-northwest-1", "sqs.cn-northwest-1.amazonaws.com.cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1",
            "aws-cn"
        ),
        ("us-gov-east-1", "sqs.us-gov-east-1.amazonaws.com", "iam.us-gov.amazonaws.com", "us-gov-west-1", "aws-us-gov"),
        ("us-iso-west-1", "sqs.us-iso-west-1.c2s.ic.gov", "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", "aws-iso"),
        (
            "us-isob-east-1", "sqs.us-isob-east-1.sc2s.sgov.gov", "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1",
            "aws-iso-b"
        ),
        (
            "eu-isoe-west-1", "sqs.eu-isoe-west-1.cloud.adc-e.uk", "iam.eu-isoe-west-1.cloud.adc-e.uk",
            "eu-isoe-west-1", "aws-iso-e"
        ),
        (
            "us-isof-east-1", "sqs.us-isof-east-1.csp.hci.ic.gov", "iam.us-isof-south-1.csp.hci.ic.gov",
            "us-isof-south-1", "aws-iso-f"
        ),
        (
            "eusc-de-east-1", "sqs.eusc-de-east-1.amazonaws.eu", "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1",
            "aws-eusc"
        ),
    ])
    func everyPartitionHasItsHosts(region: String, queue: String, iam: String, signing: String, name: String) throws {
        let resolver = EndpointResolver()
        #expect(try resolver.endpoint(.sqs, region: region).host == queue)
        #expect(try resolver.endpoint(.sqs, region: region).signingRegion == region)
        #expect(try resolver.endpoint(.iam, region: region).host == iam)
        #expect(try resolver.endpoint(.iam, region: region).signingRegion == signing)
        #expect(Partition(region: region)?.rawValue == name)
    }

    @Test(arguments: ["xx-north-1", "us-isox-east-1", "us-east", "us-east-1a", "east-1", "us--1", "eusc-east-1"])
    func anUnknownPartitionIsAnErrorThatNamesTheRegion(region: String) throws {
        let error = try #require(throws: EndpointError.self) { try EndpointResolver().endpoint(.sqs, region: region) }
        #expect(error.message.contains(region))
        // An endpoint of the operator's own may have regions of any form.
        let own = EndpointResolver(override: "http://127.0.0.1:1")
        #expect(try own.endpoint(.iam, region: region).signingRegion == region)
    }
}

@Suite struct QueueAddressTests {
    private static let path = "/111122223333/trail"

    @Test(arguments: [
        ("https://sqs.eu-west-1.amazonaws.com\(path)", "https://sqs.eu-west-1.amazonaws.com/"),
        ("https://SQS.eu-west-1.amazonaws.com:443\(path)/", "https://sqs.eu-west-1.amazonaws.com/"),
        ("https://us-west-2.queue.amazonaws.com\(path)", "https://sqs.us-west-2.amazonaws.com/"),
        ("http://queue.amazonaws.com\(path)", "https://sqs.us-east-1.amazonaws.com/"),
        ("https://cn-north-1.queue.amazonaws.com.cn\(path)", "https://sqs.cn-north-1.amazonaws.com.cn/"),
        (
            "https://vpce-0a1-b2.sqs.eu-central-1.vpce.amazonaws.com\(path)",
            "https://vpce-0a1-b2.sqs.eu-central-1.vpce.amazonaws.com/"
        ),
        (
            "https://vpce-0a1-b2-us-gov-west-1a.sqs.us-gov-west-1.vpce.amazonaws.com\(path)",
            "https://vpce-0a1-b2-us-gov-west-1a.sqs.us-gov-west-1.vpce.amazonaws.com/"
        ),
        ("https://sqs.ap-south-1.api.aws\(path)", "https://sqs.ap-south-1.api.aws/"),
        ("https://sqs-fips.us-east-2.amazonaws.com\(path)", "https://sqs-fips.us-east-2.amazonaws.com/"),
        ("https://sqs.us-iso-east-1.c2s.ic.gov\(path)", "https://sqs.us-iso-east-1.c2s.ic.gov/"),
        ("https://sqs.us-isob-east-1.sc2s.sgov.gov\(path)", "https://sqs.us-isob-east-1.sc2s.sgov.gov/"),
        ("https://sqs.eusc-de-east-1.amazonaws.eu\(path)", "https://sqs.eusc-de-east-1.amazonaws.eu/"),
        ("arn:aws-cn:sqs:cn-north-1:111122223333:trail", "https://sqs.cn-north-1.amazonaws.com.cn/"),
        ("arn:aws:sqs:eu-north-1:111122223333:trail.fifo", "https://sqs.eu-north-1.amazonaws.com/"),
    ])
    func aQueueIsAskedWhereItsAddressSays(address: String, url: String) async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 200)])
        _ = try await SQS(Self.client(transport), queueURL: address).receiveMessages(wait: .zero)
        let request = try #require(transport.requests.first)
        #expect(transport.requests.count == 1 && request.url == url)
        // The signature's region is the queue's.
        let region = try #require(try QueueAddress(address).region)
        let signature = try #require(request.headers.first { $0.name == "authorization" }?.value)
        #expect(signature.contains("/\(region)/sqs/"), "\(signature)")
    }

    @Test(arguments: ["trail", "trail.fifo", "111122223333/trail"])
    func aBareNameIsAskedForOnce(name: String) async throws {
        let transport = ScriptedTransport([
            HTTPResponse(
                status: 200, body: Array(#"{"QueueUrl":"https://sqs.eu-west-3.amazonaws.com/1/trail"}"#.utf8)),
            HTTPResponse(status: 200),
        ])
        let queue = SQS(Self.client(transport), queueURL: name)
        for _ in 0..<2 { _ = try await queue.receiveMessages(wait: .zero) }
        #expect(transport.requests.map(\.operation) == ["GetQueueUrl", "ReceiveMessage", "ReceiveMessage"])
        #expect(Set(transport.requests.map(\.url)) == ["https://sqs.eu-west-3.amazonaws.com/"])
        let body = String(decoding: transport.requests[1].body, as: UTF8.self)
        #expect(body.contains("sqs.eu-west-3"), "\(body)")
    }

    @Test(arguments: [
        "", "two words", "a/b/c", "ftp://sqs.us-east-1.amazonaws.com\(path)",
        "https://s3.us-east-1.amazonaws.com\(path)",
        "https://sqs.us-east-1.amazonaws.com/trail", "https://sqs.us-east-1.amazonaws.com/1/2/trail",
        "https://sqs.us-east-1.amazonaws.com\(path)?x=1", "https://sqs.us-east-1.evil.example\(path)",
        "https://sqs.xx-east-1.amazonaws.com\(path)", "https://sqs.cn-north-1.amazonaws.com\(path)",
        "https://evil.example/#.sqs.us-east-1.amazonaws.com\(path)", "https://user@sqs.us-east-1.amazonaws.com\(path)",
        "http://localhost:4566\(path)", "arn:aws:sns:us-east-1:111122223333:trail",
        "arn:aws:sqs:cn-north-1:111122223333:trail", "arn:other:sqs:us-east-1:111122223333:trail",
    ])
    func whatIsNoQueueIsRefusedBeforeAnyCall(address: String) async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 200)])
        let error = try await #require(throws: AWSError.self) {
            try await SQS(Self.client(transport), queueURL: address).receiveMessages(wait: .zero)
        }
        #expect(error.kind == .request && error.code == AWSError.invalidQueueAddress)
        #expect(transport.requests.isEmpty)
    }

    @Test func anEndpointOfTheOperatorsOwnAnswersForAnyHost() async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 200)])
        let client = AWSClient(
            credentials: StaticCredentials(TestCaller.stage.credentials), region: "us-east-1",
            endpoints: EndpointResolver(override: "http://localhost:4566"), transport: transport)
        for address in ["http://elsewhere:9324/queue/trail", "https://sqs.eu-west-1.amazonaws.com\(Self.path)"] {
            _ = try await SQS(client, queueURL: address).receiveMessages(wait: .zero)
        }
        #expect(Set(transport.requests.map(\.url)) == ["http://localhost:4566/"])
    }

    private static func client(_ transport: ScriptedTransport) -> AWSClient {
        AWSClient(
            credentials: StaticCredentials(TestCaller.stage.credentials), region: "eu-west-3", transport: transport)
    }
}

@Suite struct ProxySettingsTests {
    private func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        let authority = try #require(URLAuthority(url))
        return try ProxySettings(environment: environment).proxy(for: authority).map {
            "\($0.kind) \($0.user.map { $0 + "@" } ?? "")\($0.host):\($0.port)"
        }
    }

    private static let cases: [(url: String, environment: [String: String], expected: String?)] = [
        ("https://sqs.us-east-1.amazonaws.com/", ["HTTPS_PROXY": "http://proxy:3128"], "http proxy:3128"),
        ("https://x/", ["https_proxy": "lower:1", "HTTPS_PROXY": "upper:2"], "http lower:1"),
        ("https://x/", ["HTTP_PROXY": "proxy:1"], nil), ("http://x/", ["http_proxy": "proxy"], "http proxy:80"),
        ("https://x/", ["ALL_PROXY": "socks5://proxy"], "socks proxy:1080"),
        ("https://x/", ["HTTPS_PROXY": "http://me:p%40ss@proxy:8/"], "http me@proxy:8"),
        ("https://x/", ["HTTPS_PROXY": "http://[fd00::1]:8"], "http fd00::1:8"),
        ("https://x/", ["HTTPS_PROXY": ""], nil),
        ("https://a.internal/", ["HTTPS_PROXY": "proxy:1", "NO_PROXY": "b.internal, .internal"], nil),
        ("https://internal/", ["HTTPS_PROXY": "proxy:1", "no_proxy": ".internal"], nil),
        ("https://xinternal/", ["HTTPS_PROXY": "proxy:1", "NO_PROXY": "internal"], "http proxy:1"),
        ("https://x:8443/", ["HTTPS_PROXY": "proxy:1", "NO_PROXY": "x:443"], "http proxy:1"),
        ("https://x/", ["HTTPS_PROXY": "proxy:1", "NO_PROXY": "*"], nil),
        ("http://10.1.2.3/", ["HTTP_PROXY": "proxy:1", "NO_PROXY": "10.0.0.0/8"], nil),
        ("http://11.1.2.3/", ["HTTP_PROXY": "proxy:1", "NO_PROXY": "10.0.0.0/8"], "http proxy:1"),
        ("http://169.254.169.254/latest", ["HTTP_PROXY": "proxy:1"], nil),
    ]

    @Test(arguments: cases)
    func theEnvironmentsProxiesAreThoseOfCurl(item: (url: String, environment: [String: String], expected: String?))
        throws
    {
        #expect(try proxy(item.url, item.environment) == item.expected)
    }

    @Test(arguments: ["https://proxy:1", "proxy:port", "http://", "nonsense://x"])
    func aProxyThatCannotBeSpokenToIsAnError(text: String) {
        #expect(throws: TransportError.self) { try proxy("https://x/", ["HTTPS_PROXY": text]) }
    }
}
