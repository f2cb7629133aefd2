// SPDX-License-Identifier: Apache-2.0

import AWS
import Foundation

/// Calls that set the stage in moto, which Trailhound itself never makes.
package struct MotoStage: Sendable {
    private let client: AWSClient

    /// Sets the stage in the account and region of `client`.
    package init(_ client: AWSClient) { self.client = client }

    /// Calls an operation of STS or IAM and returns its result.
    @discardableResult
    package func query(_ service: Service, _ operation: String, _ parameters: [QueryItem]) async throws -> XMLElement {
        var call = APICall(service, operation, format: .xml)
        let version = service == .iam ? "2010-05-08" : "2011-06-15"
        call.headers = [Header("content-type", "application/x-www-form-urlencoded")]
        call.body = Array(
            CanonicalRequest.queryString(
                [QueryItem("Action", operation), QueryItem("Version", version)] + parameters
            ).utf8)
        let root = try XMLReader.read(try await client.send(call).body)
        return root.child(operation + "Result") ?? root
    }

    /// Makes a bucket, or writes an object into one, encrypted by a KMS key where one is given.
    package func put(
        _ bucket: String, _ key: String? = nil, _ body: [UInt8] = [], metadata: [String: String] = [:],
        keyARN: String? = nil
    ) async throws {
        var call = APICall(.s3, key == nil ? "CreateBucket" : "PutObject", format: .xml)
        call.method = "PUT"
        call.bucket = bucket
        call.path = "/" + PercentEncoding.encode(key ?? "", keepingSlashes: true)
        call.body = body
        call.headers = metadata.map { Header("x-amz-meta-" + $0.key, $0.value) }
        if let keyARN {
            call.headers += [
                Header("x-amz-server-side-encryption", "aws:kms"),
                Header("x-amz-server-side-encryption-aws-kms-key-id", keyARN),
            ]
        }
        _ = try await client.send(call)
    }

    /// Removes an object.
    package func delete(_ bucket: String, _ key: String) async throws {
        var call = APICall(.s3, "DeleteObject", format: .xml)
        call.method = "DELETE"
        call.bucket = bucket
        call.path = "/" + PercentEncoding.encode(key, keepingSlashes: true)
        _ = try await client.send(call)
    }

    /// Makes a queue and returns its URL.
    package func makeQueue(_ name: String, attributes: [String: String] = [:]) async throws -> String {
        let answer = try await json(
            .sqs, "AmazonSQS.CreateQueue", version: "1.0", ["QueueName": name, "Attributes": attributes])
        guard let url = answer["QueueUrl"] as? String else { throw MotoError("there is no queue URL") }
        return url
    }

    /// Puts a message into a queue.
    package func sendMessage(_ queueURL: String, _ body: String) async throws {
        _ = try await json(
            .sqs, "AmazonSQS.SendMessage", version: "1.0", ["QueueUrl": queueURL, "MessageBody": body])
    }

    /// Makes a multi-region trail with log file validation, which does not log yet.
    package func makeTrail(_ name: String, bucket: String) async throws {
        try await change(
            "CreateTrail",
            [
                "Name": name, "S3BucketName": bucket, "IsMultiRegionTrail": true, "EnableLogFileValidation": true,
            ])
    }

    /// Makes an organisation with so many members, `member 0` and on.
    package func makeOrganization(accounts: Int) async throws {
        let target = "AWSOrganizationsV20161128."
        _ = try await json(
            .organizations, target + "CreateOrganization", version: "1.1", ["FeatureSet": "ALL"])
        for index in 0..<accounts {
            let input = ["AccountName": "member \(index)", "Email": "member\(index)@example.com"]
            _ = try await json(.organizations, target + "CreateAccount", version: "1.1", input)
        }
    }

    /// Changes a trail's settings, or the events that it takes.
    package func change(_ operation: String, _ input: [String: Any]) async throws {
        _ = try await json(
            .cloudtrail, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." + operation, version: "1.1", input)
    }

    /// Makes a KMS key and returns its ARN.
    package func makeKey() async throws -> String {
        let answer = try await json(.kms, "TrentService.CreateKey", version: "1.1", [:])
        guard let key = answer["KeyMetadata"] as? [String: Any], let arn = key["Arn"] as? String else {
            throw MotoError("there is no key")
        }
        return arn
    }

    /// Makes a user with so many access keys, and returns the keys.
    package func makeUser(_ name: String, keys: Int) async throws -> [Credentials] {
        try await query(.iam, "CreateUser", [QueryItem("UserName", name)])
        var made: [Credentials] = []
        for _ in 0..<keys {
            let answer = try await query(.iam, "CreateAccessKey", [QueryItem("UserName", name)])
            guard let id = answer.value("AccessKey", "AccessKeyId"),
                let secret = answer.value("AccessKey", "SecretAccessKey")
            else { throw MotoError("there is no access key") }
            made.append(Credentials(accessKeyID: id, secretAccessKey: secret))
        }
        return made
    }

    /// Makes a role.
    package func makeRole(_ name: String, trust: String = #"{"Version":"2012-10-17"}"#) async throws {
        let items = [QueryItem("RoleName", name), QueryItem("AssumeRolePolicyDocument", trust)]
        try await query(.iam, "CreateRole", items)
    }

    /// Publishes the public key of digests, for ListPublicKeys.
    package func publish(_ forge: DigestForge, in server: MotoServer) async throws {
        let keys = [forge.fingerprint: Data(forge.publicKey).base64EncodedString()]
        let request = HTTPRequest(
            method: "PUT", url: server.url + "/stage/public-keys",
            body: Array(try JSONSerialization.data(withJSONObject: keys)))
        guard try await SocketTransport.shared.send(request).status == 200 else { throw MotoError("no public keys") }
    }

    /// From now on moto verifies signatures and evaluates policies, for every caller.
    package func enforceAuthorisation(of server: MotoServer) async throws {
        let request = HTTPRequest(method: "POST", url: server.url + "/moto-api/reset-auth", body: Array("0".utf8))
        guard try await SocketTransport.shared.send(request).status == 200 else { throw MotoError("no authorisation") }
    }

    private func json(
        _ service: Service, _ target: String, version: String, _ input: [String: Any]
    ) async throws -> [String: Any] {
        let name = target.split(separator: ".").last.map(String.init) ?? target
        var call = APICall(service, name, format: .json)
        call.headers = [
            Header("content-type", "application/x-amz-json-" + version), Header("x-amz-target", target),
        ]
        call.body = Array(try JSONSerialization.data(withJSONObject: input))
        let answer = try JSONSerialization.jsonObject(with: Data(try await client.send(call).body))
        return answer as? [String: Any] ?? [:]
    }
}
