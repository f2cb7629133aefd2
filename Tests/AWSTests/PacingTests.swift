// SPDX-License-Identifier: Apache-2.0

import AWS
import Testing

@Suite struct PacingTests {
    @Test func aBucketFillsAtItsRateUpToItsBurst() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(rate: 2, burst: 3, now: start)
        #expect((0..<3).map { _ in bucket.take(now: start) } == [.zero, .zero, .zero])
        #expect(bucket.take(now: start) == .seconds(0.5))
        #expect(bucket.take(now: start) == .seconds(1))
        // Two waiters are served after a second; then it fills to its burst and no further.
        #expect(bucket.take(now: start + .seconds(1)) == .seconds(0.5))
        #expect((0..<3).map { _ in bucket.take(now: start + .seconds(1_000)) } == [.zero, .zero, .zero])
        #expect(bucket.take(now: start + .seconds(1_000)) == .seconds(0.5))
    }

    @Test func drainingTakesTheSavingsButNotTheDebt() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(rate: 1, burst: 10, now: start)
        bucket.drain(now: start)
        #expect(bucket.take(now: start) == .seconds(1))
        bucket.drain(now: start)
        #expect(bucket.take(now: start) == .seconds(2))
    }

    @Test func timeThatStandsOrFallsGivesNothing() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(rate: 1, burst: 1, now: start)
        #expect(bucket.take(now: start) == .zero)
        #expect(bucket.take(now: start - .seconds(100)) == .seconds(1))
    }

    @Test func scopesAndActionsAreApart() {
        let limiter = RateLimiter()
        let now = ContinuousClock.now
        let take = { (action: String, scope: String) in limiter.delay(action: action, scope: scope, now: now) }
        for _ in 0..<2 { #expect(take("cloudtrail:LookupEvents", "1 us-east-1") == .zero) }
        #expect(take("cloudtrail:LookupEvents", "1 us-east-1") == .seconds(0.5))
        #expect(take("cloudtrail:LookupEvents", "2 us-east-1") == .zero)
        #expect(take("cloudtrail:DescribeTrails", "1 us-east-1") == .zero)
        #expect(take("s3:GetObject", "1 us-east-1") == nil)
    }

    @Test func pausesDoubleUpToTheCap() {
        let backoff = Backoff(attempts: 10, base: .milliseconds(50), cap: .seconds(20))
        let pauses = (1...12).map { backoff.pause(after: $0, throttled: false, fraction: 1) }
        #expect(pauses.prefix(3) == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
        #expect(pauses.last == .seconds(20))
        #expect(backoff.pause(after: 5, throttled: false, fraction: 0) == .zero)
        #expect(backoff.pause(after: 1, throttled: true, fraction: 1) == .milliseconds(500))
        #expect(backoff.pause(after: 1, throttled: true, fraction: 0, retryAfter: .seconds(5)) == .seconds(5))
        #expect(backoff.pause(after: 1, throttled: true, fraction: 0, retryAfter: .seconds(500)) == .seconds(20))
        #expect(backoff.pause(after: .max, throttled: false, fraction: 1) == .seconds(20))
    }
}

@Suite struct EndpointTests {
    @Test(arguments: [
        (Service.sts, "us-east-1", false, "sts.us-east-1.amazonaws.com", "us-east-1"),
        (.sts, "us-west-2", true, "sts-fips.us-west-2.amazonaws.com", "us-west-2"),
        (.sts, "us-gov-west-1", true, "sts.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        (.iam, "eu-central-1", false, "iam.amazonaws.com", "us-east-1"),
        (.iam, "eu-central-1", true, "iam-fips.amazonaws.com", "us-east-1"),
        (.iam, "us-gov-east-1", true, "iam.us-gov.amazonaws.com", "us-gov-west-1"),
        (.iam, "cn-northwest-1", true, "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        (.s3, "cn-north-1", true, "s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        (.s3, "us-gov-west-1", true, "s3-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        (.s3, "us-east-1", false, "s3.us-east-1.amazonaws.com", "us-east-1"),
        (.sqs, "ap-southeast-2", false, "sqs.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
        (.kms, "us-east-2", true, "kms-fips.us-east-2.amazonaws.com", "us-east-2"),
        (.cloudtrail, "us-gov-west-1", false, "cloudtrail.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
    ])
    func awsOwn(service: Service, region: String, fips: Bool, host: String, signing: String) throws {
        let endpoint = try EndpointResolver(usesFIPS: fips).endpoint(service, region: region)
        #expect(endpoint.host == host)
        #expect(endpoint.signingRegion == signing)
        #expect(endpoint.scheme == "https")
    }

    @Test func theOperatorsOwn() throws {
        let resolver = EndpointResolver(environment: [
            "AWS_ENDPOINT_URL": "http://localhost:4566/base/", "AWS_ENDPOINT_URL_S3": "https://storage.example",
            "AWS_USE_FIPS_ENDPOINT": "true",
        ])
        let iam = try resolver.endpoint(.iam, region: "eu-west-1")
        #expect(
            [iam.scheme, iam.host, iam.basePath, iam.signingRegion] == ["http", "localhost:4566", "/base", "us-east-1"])
        let s3 = try resolver.endpoint(.s3, region: "eu-west-1")
        #expect([s3.scheme, s3.host, s3.basePath] == ["https", "storage.example", ""])
        #expect(s3.isCustom)
        let ignored = EndpointResolver(environment: [
            "AWS_ENDPOINT_URL": "http://localhost:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        ])
        #expect(try !ignored.endpoint(.iam, region: "eu-west-1").isCustom)
    }

    @Test(arguments: ["", "us east", "US-EAST-1", "evil.example/", "-us", "us-east-1.evil.example", "x\u{0}y"])
    func noRegions(region: String) {
        #expect(throws: EndpointError.self) { try EndpointResolver().endpoint(.sts, region: region) }
    }

    @Test(arguments: [
        "localhost:1", "ftp://x", "http://", "http://a b", "http://user@host", "https://x?y", "https://x#y",
    ])
    func noAddresses(url: String) {
        #expect(throws: EndpointError.self) {
            try EndpointResolver(override: url).endpoint(.sts, region: "us-east-1")
        }
    }

    @Test func queuesNameTheirRegion() {
        #expect(Partition(arn: "arn:aws-us-gov:iam::1:user/a") == .government)
        #expect(Partition(arn: "arn:other:iam::1:user/a") == nil)
        #expect(Partition(arn: "x") == nil)
    }
}
